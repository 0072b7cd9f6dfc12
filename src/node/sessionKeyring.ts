import { dirname } from "node:path";
import { describeEntry, listEntries, readEntry, removeEntry, writeEntry } from "./keyringEntries.ts";
import { preparePrivateFolder } from "./privateFile.ts";
import { isSessionFileError, SessionFileError } from "./sessionFileError.ts";
import {
  type ServerEntry,
  type SessionFileContent,
  emptyEntry,
  formatSessionFile,
  isEmptyEntry,
  parseSessionFile,
} from "./sessionFileFormat.ts";
import type { SessionFilePlace } from "./sessionFilePath.ts";
import { lockSessions } from "./sessionLock.ts";
import type { SessionStore } from "./sessionStore.ts";

// No address holds this character, so what is kept beside is never taken for a server.
const BESIDE = "#";

/**
 * The system's keyring (Keychain, Credential Manager, Secret Service) in the place of the session file: an entry a server
 * address, under the service `stay-signed-in`. Processes still agree by a lock file, at `place`. The optional package
 * `@napi-rs/keyring` is loaded at the first use; without it, or without a keyring that is open, every call throws
 * `keyringUnavailable`. Nothing falls back to a file.
 */
export function createSessionKeyring(place: SessionFilePlace): SessionStore {
  function parse(address: string, text: string | null): ServerEntry {
    if (text === null) return emptyEntry;
    const content = parseSessionFile(text);
    const entry = describeEntry(address);
    if (content === "tooNew") {
      const message = `${entry} was written by a newer version of stay-signed-in. Update this program, or keep the session in a file.`;
      throw new SessionFileError("sessionFileTooNew", entry, message);
    }
    const own = content === "damaged" ? undefined : content[address];
    if (own === undefined) {
      const message = `${entry} is damaged: it holds no session data. It was left as it is; signing in anew replaces it and keeps it beside.`;
      throw new SessionFileError("sessionFileDamaged", entry, message);
    }
    return own;
  }

  async function readServer(address: string): Promise<ServerEntry> {
    return parse(address, await readEntry(address));
  }

  /** The entry, or with `replaceDamaged` an empty one and the damaged text that stands in its place. */
  async function readOver(
    address: string,
    replaceDamaged: boolean,
  ): Promise<{ before: ServerEntry; damaged: string | null }> {
    const text = await readEntry(address);
    try {
      return { before: parse(address, text), damaged: null };
    } catch (error) {
      if (!replaceDamaged || !isSessionFileError(error, "sessionFileDamaged")) throw error;
      return { before: emptyEntry, damaged: text };
    }
  }

  async function write(address: string, entry: ServerEntry): Promise<void> {
    if (isEmptyEntry(entry)) await removeEntry(address);
    else await writeEntry(address, formatSessionFile({ [address]: entry }));
  }

  return {
    readServer,

    async read(): Promise<SessionFileContent> {
      const addresses = (await listEntries()).filter((account) => !account.includes(BESIDE));
      return Object.fromEntries(
        await Promise.all(addresses.map(async (address) => [address, await readServer(address)] as const)),
      );
    },

    async updateServer(address, change, { replaceDamaged = false } = {}) {
      const held = await lockSessions(place);
      try {
        const { before, damaged } = await readOver(address, replaceDamaged);
        const after = change(before);
        if (after === before) return before;
        if (damaged !== null) await writeEntry(`${address}${BESIDE}corrupt-${new Date().toISOString()}`, damaged);
        await write(address, after);
        return after;
      } finally {
        await held.release();
      }
    },

    async assertWritable(address, { replaceDamaged = false } = {}) {
      await preparePrivateFolder(dirname(place.path), { own: place.ownFolder });
      await readOver(address, replaceDamaged);
      const probe = `${address}${BESIDE}probe-${process.pid}`;
      await writeEntry(probe, "{}");
      await removeEntry(probe);
    },
  };
}
