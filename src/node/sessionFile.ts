import { link } from "node:fs/promises";
import { dirname } from "node:path";
import { assertPrivateFileWritable, preparePrivateFolder, removeLeftovers, replacePrivateFile } from "./privateFile.ts";
import { readPrivateFile } from "./readPrivateFile.ts";
import { isSessionFileError, SessionFileError } from "./sessionFileError.ts";
import {
  type SessionFileContent,
  emptyEntry,
  formatSessionFile,
  isEmptyEntry,
  parseSessionFile,
} from "./sessionFileFormat.ts";
import { lockSessions } from "./sessionLock.ts";
import type { SessionStore } from "./sessionStore.ts";
import { describeSystemError } from "./systemError.ts";

// More than an entry with two long tokens takes.
const ROOM_BYTES = 16_384;

/**
 * The session file at `path`. Making it touches nothing. `ownFolder` says that the folder is for this file alone and may be
 * closed to others.
 */
export function createSessionFile({ path, ownFolder }: { path: string; ownFolder: boolean }): SessionStore {
  async function read(): Promise<SessionFileContent> {
    const text = await readPrivateFile(path);
    if (text === null) return {};
    const content = parseSessionFile(text);
    if (content === "damaged") {
      throw new SessionFileError(
        "sessionFileDamaged",
        path,
        `${path} is damaged: it holds no session data. It was left as it is; signing in anew replaces it and keeps it beside.`,
      );
    }
    if (content === "tooNew") {
      throw new SessionFileError(
        "sessionFileTooNew",
        path,
        `${path} was written by a newer version of stay-signed-in. Update this program, or name another session file.`,
      );
    }
    return content;
  }

  async function keepDamaged(): Promise<void> {
    const moment = new Date().toISOString().replaceAll(/[:.]/g, "-");
    try {
      await link(path, `${path}.corrupt-${moment}`);
    } catch (error) {
      throw new SessionFileError(
        "sessionFileUnwritable",
        path,
        `${path} is damaged and could not be kept beside: ${describeSystemError(error)}. Move it away, then sign in anew.`,
        error,
      );
    }
  }

  /** What is there; with `replaceDamaged` nothing where that is damaged. */
  async function readOver(replaceDamaged: boolean): Promise<{ content: SessionFileContent; isDamaged: boolean }> {
    try {
      return { content: await read(), isDamaged: false };
    } catch (error) {
      if (!replaceDamaged || !isSessionFileError(error, "sessionFileDamaged")) throw error;
      return { content: {}, isDamaged: true };
    }
  }

  return {
    read,

    async readServer(address) {
      return (await read())[address] ?? emptyEntry;
    },

    async updateServer(address, change, { replaceDamaged = false } = {}) {
      const held = await lockSessions({ path, ownFolder });
      try {
        const { content, isDamaged } = await readOver(replaceDamaged);
        const before = content[address] ?? emptyEntry;
        const after = change(before);
        if (after === before) return before;
        if (isDamaged) await keepDamaged();
        const { [address]: _replaced, ...others } = content;
        await removeLeftovers(path);
        await replacePrivateFile(
          path,
          formatSessionFile(isEmptyEntry(after) ? others : { ...others, [address]: after }),
        );
        return after;
      } finally {
        await held.release();
      }
    },

    async assertWritable(_address, { replaceDamaged = false } = {}) {
      await preparePrivateFolder(dirname(path), { own: ownFolder });
      await readOver(replaceDamaged);
      await assertPrivateFileWritable(path, ROOM_BYTES);
    },
  };
}
