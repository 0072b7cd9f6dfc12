import { link } from "node:fs/promises";
import { dirname } from "node:path";
import { type HeldFileLock, takeFileLock } from "./fileLock.ts";
import {
  assertPrivateFileWritable,
  preparePrivateFolder,
  readPrivateFile,
  removeLeftovers,
  replacePrivateFile,
} from "./privateFile.ts";
import { SessionFileError } from "./sessionFileError.ts";
import {
  type ServerEntry,
  type SessionFileContent,
  emptyEntry,
  formatSessionFile,
  parseSessionFile,
} from "./sessionFileFormat.ts";
import { describeSystemError } from "./systemError.ts";

/** The file in which Node processes share their sessions: one entry a server address. */
export interface SessionFile {
  readonly path: string;
  /** @throws SessionFileError `sessionFileDamaged`, `sessionFileTooNew`, `sessionFileUnsafe`, `sessionFileUnreadable`. */
  read(): Promise<SessionFileContent>;
  /** The entry of one server, an empty one where there is none. @throws SessionFileError as {@link read}. */
  readServer(address: string): Promise<ServerEntry>;
  /**
   * Changes the entry of one server while no other process can change the file. `change` gets what stands there now and
   * returns what shall stand there; the same object leaves the file alone. `replaceDamaged` keeps a damaged file beside and
   * begins a new one.
   * @throws SessionFileError as {@link read}, `sessionFileUnwritable`, `sessionFileBusy`.
   */
  updateServer(
    address: string,
    change: (entry: ServerEntry) => ServerEntry,
    options?: { replaceDamaged?: boolean },
  ): Promise<ServerEntry>;
  /** Throws now what a later {@link updateServer} would throw, so that no token is fetched that could not be kept. */
  assertWritable(options?: { replaceDamaged?: boolean }): Promise<void>;
}

const LONGEST_WAIT_MS = 10_000;
// More than an entry with two long tokens takes.
const ROOM_BYTES = 16_384;

/**
 * The session file at `path`. Making it touches nothing. `ownFolder` says that the folder is for this file alone and may be
 * closed to others.
 */
export function createSessionFile({ path, ownFolder }: { path: string; ownFolder: boolean }): SessionFile {
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

  async function lock(): Promise<HeldFileLock> {
    await preparePrivateFolder(dirname(path), { own: ownFolder });
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), LONGEST_WAIT_MS);
    timer.unref();
    try {
      return await takeFileLock(`${path}.lock`, patience.signal);
    } catch (error) {
      if (patience.signal.aborted) {
        throw new SessionFileError(
          "sessionFileBusy",
          path,
          `Another process has held ${path} for ${LONGEST_WAIT_MS / 1000} s (its lock is ${path}.lock). Try again later.`,
        );
      }
      throw new SessionFileError(
        "sessionFileUnwritable",
        path,
        `${path} cannot be written: ${describeSystemError(error)}. What it held is unchanged.`,
        error,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  const isDamage = (error: unknown): boolean =>
    error instanceof SessionFileError && error.code === "sessionFileDamaged";

  return {
    path,
    read,

    async readServer(address) {
      return (await read())[address] ?? emptyEntry;
    },

    async updateServer(address, change, { replaceDamaged = false } = {}) {
      const held = await lock();
      try {
        let content: SessionFileContent;
        let damaged = false;
        try {
          content = await read();
        } catch (error) {
          if (!replaceDamaged || !isDamage(error)) throw error;
          content = {};
          damaged = true;
        }
        const before = content[address] ?? emptyEntry;
        const after = change(before);
        if (after === before) return before;
        if (damaged) await keepDamaged();
        const { [address]: _replaced, ...others } = content;
        const isEmpty = after.session === null && after.ended === null && after.owed.length === 0;
        await removeLeftovers(path);
        await replacePrivateFile(path, formatSessionFile(isEmpty ? others : { ...others, [address]: after }));
        return after;
      } finally {
        await held.release();
      }
    },

    async assertWritable({ replaceDamaged = false } = {}) {
      await preparePrivateFolder(dirname(path), { own: ownFolder });
      try {
        await read();
      } catch (error) {
        if (!replaceDamaged || !isDamage(error)) throw error;
      }
      await assertPrivateFileWritable(path, ROOM_BYTES);
    },
  };
}
