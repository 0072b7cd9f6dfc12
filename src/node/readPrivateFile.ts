import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { SessionFileError } from "./sessionFileError.ts";
import { describeSystemError, readSystemErrorCode } from "./systemError.ts";

const LARGEST_BYTES = 1_000_000;

// Windows has neither owners nor modes in this sense; there the folder inside the user's profile is what protects the file.
export const ownUser = (): number | null => process.getuid?.() ?? null;

export const unsafe = (path: string, what: string, remedy: string): SessionFileError =>
  new SessionFileError("sessionFileUnsafe", path, `${path} ${what}. ${remedy}`);

/** Throws unless it is a file that this user alone may open. */
export function assertPrivate(
  path: string,
  entry: { uid: number; mode: number; isFile(): boolean; isSymbolicLink(): boolean },
): void {
  if (entry.isSymbolicLink()) throw unsafe(path, "is a link", "Replace it by the file itself, or name that file.");
  if (!entry.isFile()) throw unsafe(path, "is no file", "Move it away, or name another file.");
  const user = ownUser();
  if (user === null) return;
  if (entry.uid !== user) throw unsafe(path, "belongs to another user", "Name a file of your own.");
  if ((entry.mode & 0o077) !== 0) {
    throw unsafe(path, "can be read or written by other users", `Close it with: chmod 600 ${path}, then sign in anew.`);
  }
}

/** The file's text, or null where there is none. Throws rather than read what is not private to this user. */
export async function readPrivateFile(path: string): Promise<string | null> {
  let file: FileHandle | undefined;
  try {
    if (constants.O_NOFOLLOW === undefined) assertPrivate(path, await lstat(path));
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const entry = await file.stat();
    assertPrivate(path, entry);
    if (entry.size > LARGEST_BYTES) {
      throw new SessionFileError("sessionFileDamaged", path, `${path} is far too large for a session file.`);
    }
    return await file.readFile("utf8");
  } catch (error) {
    const code = readSystemErrorCode(error);
    if (error instanceof SessionFileError) throw error;
    if (code === "ENOENT") return null;
    if (code === "ELOOP") throw unsafe(path, "is a link", "Replace it by the file itself, or name that file.");
    throw new SessionFileError(
      "sessionFileUnreadable",
      path,
      `${path} cannot be read: ${describeSystemError(error)}. Mend that, or name another session file.`,
      error,
    );
  } finally {
    await file?.close();
  }
}
