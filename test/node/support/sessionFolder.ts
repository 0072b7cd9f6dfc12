import { createHash } from "node:crypto";
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createSessionFile } from "../../../src/node/sessionFile.ts";
import type { SessionStore } from "../../../src/node/sessionStore.ts";
import { makeTemporaryFolder } from "./temporaryFolder.ts";

export interface SessionFolder {
  folder: string;
  path: string;
  file: SessionStore;
  /** What stands in the file, byte for byte. */
  text(): Promise<string>;
  hash(): Promise<string>;
  mode(): Promise<string>;
  names(): Promise<string[]>;
}

export async function makeSessionFolder(): Promise<SessionFolder> {
  const folder = await makeTemporaryFolder();
  const path = join(folder, "sessions.json");
  return {
    folder,
    path,
    file: createSessionFile({ path, ownFolder: false }),
    text: () => readFile(path, "utf8"),
    hash: async () =>
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    mode: async () => ((await stat(path)).mode & 0o7777).toString(8),
    names: () => readdir(folder),
  };
}
