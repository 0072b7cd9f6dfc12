import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeldFileLock, takeFileLock } from "../../src/node/fileLock.ts";

const LONGEST_WAIT_MS = 240_000;

/** Waits until no other test file holds this folder: for what is written into the repository, once for all of them. */
export function holdFolder(folder: string): Promise<HeldFileLock> {
  const name = `stay-signed-in${folder.replaceAll(/\W+/g, "-")}.lock`;
  return takeFileLock(join(tmpdir(), name), AbortSignal.timeout(LONGEST_WAIT_MS));
}

/** {@link holdFolder} for as long as the work takes. */
export async function whileHolding<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const held = await holdFolder(folder);
  try {
    return await work();
  } finally {
    await held.release();
  }
}
