import { dirname } from "node:path";
import { type HeldFileLock, takeFileLock } from "./fileLock.ts";
import { preparePrivateFolder } from "./privateFile.ts";
import { SessionFileError } from "./sessionFileError.ts";
import type { SessionFilePlace } from "./sessionFilePath.ts";
import { describeSystemError } from "./systemError.ts";

const LONGEST_WAIT_MS = 10_000;

/** Keeps all other processes from changing the sessions of this place. @throws SessionFileError. */
export async function lockSessions({ path, ownFolder }: SessionFilePlace): Promise<HeldFileLock> {
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
      `${path} cannot be written: ${describeSystemError(error)}. What it held is unchanged. Mend that, or name another session file.`,
      error,
    );
  } finally {
    clearTimeout(timer);
  }
}
