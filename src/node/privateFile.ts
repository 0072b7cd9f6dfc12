import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { createProcessMark } from "./processMark.ts";
import { assertPrivate, ownUser, unsafe } from "./readPrivateFile.ts";
import { SessionFileError } from "./sessionFileError.ts";
import { describeSystemError, readSystemErrorCode } from "./systemError.ts";

const unwritable = (path: string, error: unknown): SessionFileError =>
  new SessionFileError(
    "sessionFileUnwritable",
    path,
    `${path} cannot be written: ${describeSystemError(error)}. What it held is unchanged. Mend that, or name another session file.`,
    error,
  );

/** Makes the folder (0700) where it is missing. Throws where somebody else could put another file in the place of ours. */
export async function preparePrivateFolder(folder: string, options: { own: boolean }): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const entry = await stat(folder);
    const user = ownUser();
    if (user === null) return;
    if (entry.uid !== user && entry.uid !== 0)
      throw unsafe(folder, "belongs to another user", "Name a folder of your own.");
    if (options.own && entry.uid === user && (entry.mode & 0o777) !== 0o700) await chmod(folder, 0o700);
    else if ((entry.mode & 0o022) !== 0) {
      throw unsafe(folder, "can be written by other users", `Close it with: chmod go-w ${folder}`);
    }
  } catch (error) {
    if (error instanceof SessionFileError) throw error;
    throw unwritable(folder, error);
  }
}

async function assertReplaceable(path: string): Promise<void> {
  try {
    assertPrivate(path, await lstat(path));
  } catch (error) {
    if (readSystemErrorCode(error) !== "ENOENT") throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and needs no such thing.
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems do not know how to; they have replaced the file all the same.
    if (!["EINVAL", "ENOTSUP", "EOPNOTSUPP"].includes(readSystemErrorCode(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

const newTemporaryPath = (path: string): string => `${path}.${createProcessMark().text}.${randomUUID()}.tmp`;

async function writeTemporary(path: string, text: string, options: { sync: boolean }): Promise<void> {
  // The mode at creation: a later chmod would leave a moment in which others can open the file.
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    if (options.sync) await file.sync();
  } finally {
    await file.close();
  }
}

async function discard(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (readSystemErrorCode(error) !== "ENOENT") throw error;
  }
}

// On Windows whoever has the file open, a scanner or a reader, keeps it from being replaced for that moment.
const HELD = ["EPERM", "EACCES", "EBUSY"];
const LONGEST_PAUSE_MS = 640;

/** Tries for a good second. The folder can be written by then, so what refuses is the file's holder. */
async function renameOver(from: string, to: string): Promise<void> {
  for (let pauseMs = 10; ; pauseMs *= 2) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (pauseMs > LONGEST_PAUSE_MS || !HELD.includes(readSystemErrorCode(error) ?? "")) throw error;
      await pass(pauseMs);
    }
  }
}

/**
 * Replaces the file in one step, mode 0600 from its first moment: whoever reads it, and whenever the power fails, finds the
 * old text or the new one, whole.
 */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  const temporaryPath = newTemporaryPath(path);
  try {
    await assertReplaceable(path);
    try {
      await writeTemporary(temporaryPath, text, { sync: true });
      await renameOver(temporaryPath, path);
    } catch (error) {
      await discard(temporaryPath);
      throw error;
    }
    await syncFolder(dirname(path));
  } catch (error) {
    if (error instanceof SessionFileError) throw error;
    throw unwritable(path, error);
  }
}

/** Throws what {@link replacePrivateFile} would throw now, as far as that can be told without replacing anything. */
export async function assertPrivateFileWritable(path: string, bytes: number): Promise<void> {
  const temporaryPath = newTemporaryPath(path);
  try {
    await assertReplaceable(path);
    try {
      await writeTemporary(temporaryPath, " ".repeat(bytes), { sync: false });
    } finally {
      await discard(temporaryPath);
    }
  } catch (error) {
    if (error instanceof SessionFileError) throw error;
    throw unwritable(path, error);
  }
}

/** Removes what processes that were killed have left beside the file. */
export async function removeLeftovers(path: string): Promise<void> {
  const mark = createProcessMark();
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const owner = /\.(\d+-\d+-[0-9a-f]{12})\.[^.]+\.(tmp|claim)$/.exec(name)?.[1];
    if (owner !== undefined && mark.look(owner) === "gone") await discard(join(dirname(path), name));
  }
}
