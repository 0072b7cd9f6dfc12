import { dirname } from "node:path";
import type { TabLock } from "../core/ports.ts";
import { takeFileLock } from "./fileLock.ts";
import { preparePrivateFolder } from "./privateFile.ts";

/** The core's lock over lock files; `pathOf` gives each name its file. Processes are not counted: they share a file, no channel. */
export function createFileTabLock({
  pathOf,
  ownFolder,
}: {
  pathOf: (name: string) => string;
  ownFolder: boolean;
}): TabLock {
  return {
    async request(name, signal, work) {
      const path = pathOf(name);
      await preparePrivateFolder(dirname(path), { own: ownFolder });
      const held = await takeFileLock(path, signal);
      try {
        return await work(held.waited);
      } finally {
        // Nobody waits for the file to be gone: who asks anew meanwhile must not be taken for a part of what is done.
        held.release().catch(() => undefined);
      }
    },
    announce: () => () => undefined,
    countSiblings: async () => 0,
  };
}
