/**
 * Why the session file, or the keyring in its place, cannot be used. Nothing is lost: what it held stays as it is.
 *
 * - `sessionFileDamaged`: it holds no session data; a sign-in replaces it and keeps the damaged one beside it.
 * - `sessionFileTooNew`: a newer version of this package wrote it.
 * - `sessionFileUnsafe`: it is a link, somebody else's, or others may read or replace it.
 * - `sessionFileUnreadable`: the system refuses to read it.
 * - `sessionFileUnwritable`: the system refuses to write it (no space, a read-only folder).
 * - `sessionFileBusy`: another process has held it for too long.
 * - `keyringUnavailable`: the keyring was asked for, and its package is not installed, or the system has none that is open.
 */
export type SessionFileErrorCode =
  | "sessionFileDamaged"
  | "sessionFileTooNew"
  | "sessionFileUnsafe"
  | "sessionFileUnreadable"
  | "sessionFileUnwritable"
  | "sessionFileBusy"
  | "keyringUnavailable";

/** A failure of the session file. Names the path and the remedy, never what stands in the file. */
export class SessionFileError extends Error {
  /** Always "SessionFileError", also in minified code. */
  override readonly name = "SessionFileError";
  /** What is wrong with the file: match on this. */
  readonly code: SessionFileErrorCode;
  /** The file. */
  readonly path: string;

  /** Made by this package only. */
  constructor(code: SessionFileErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}

/** Whether `error` is a {@link SessionFileError}, also one of another copy of this package. */
export function isSessionFileError(error: unknown, code?: SessionFileErrorCode): error is SessionFileError {
  return (
    error instanceof Error &&
    error.name === "SessionFileError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}

/** The failure of the session file behind `error`, however deep another error has wrapped it. */
export function findSessionFileError(error: unknown): SessionFileError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (isSessionFileError(cause)) return cause;
  return null;
}
