import { randomUUID } from "node:crypto";
import { link, open, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { createProcessMark } from "./processMark.ts";
import { readSystemErrorCode } from "./systemError.ts";

/** A lock between processes, held. */
export interface HeldFileLock {
  /** Whether somebody else held it first. */
  readonly waited: boolean;
  release(): Promise<void>;
}

const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 40;

interface Holder {
  /** What the lock file says: the mark of the process and a word that no other holding has. */
  readonly name: string;
  readonly touchedAt: number;
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    const [name, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    return { name, touchedAt: mtimeMs };
  } catch (error) {
    if (readSystemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (readSystemErrorCode(error) !== "ENOENT") throw error;
  }
}

// A link appears with its content in one step: nobody sees a lock file that does not yet say whose it is. Where the file
// system knows no links, a holder that dies between the two steps is known by its silence.
async function create(claimPath: string, path: string, name: string): Promise<boolean> {
  try {
    try {
      await link(claimPath, path);
    } catch (error) {
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(readSystemErrorCode(error) ?? "")) throw error;
      await writeFile(path, name, { flag: "wx", mode: 0o600 });
    }
    return true;
  } catch (error) {
    if (readSystemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    timer.unref();
    signal.addEventListener("abort", finish);
  });

/**
 * Takes the lock file at `path`, waiting for it as long as `signal` allows. A holder that was killed loses it at the next look
 * (its process is gone); one of another machine or container that shares the folder, after 10 s without a sign of life. A
 * holder that runs, however slowly, is never robbed.
 *
 * The waiting keeps no process alive by itself. Rejects with the signal's reason, or with the system's error when the folder
 * cannot be written.
 */
export async function takeFileLock(path: string, signal: AbortSignal): Promise<HeldFileLock> {
  const mark = createProcessMark();
  const name = `${mark.text}.${randomUUID()}`;
  const claimPath = `${path}.${name}.claim`;
  const silence = new Map<string, { touchedAt: number; since: number }>();

  function isGone(holder: Holder): boolean {
    const answer = mark.look(holder.name.split(".")[0] ?? "");
    if (answer !== "unknown") return answer === "gone";
    // By this process's own watch: the clocks of two machines need not agree.
    const seen = silence.get(holder.name);
    if (seen === undefined || seen.touchedAt !== holder.touchedAt) {
      silence.set(holder.name, { touchedAt: holder.touchedAt, since: performance.now() });
      return false;
    }
    return performance.now() - seen.since >= SILENCE_MS;
  }

  // Of all who see that a holder is gone, one alone removes its file: the one who made the file that is named after that
  // holding. Nobody else can have replaced the lock by then, so a lock that was just taken is never removed by mistake.
  async function clearAfter(lockPath: string): Promise<void> {
    const holder = await readHolder(lockPath);
    if (holder === null || !isGone(holder)) return;
    const clearingPath = `${path}.${holder.name.replace(/[^\w.-]/g, "").slice(0, 120)}.clearing`;
    if (!(await create(claimPath, clearingPath, name))) return clearAfter(clearingPath);
    try {
      if ((await readHolder(lockPath))?.name === holder.name) await removeIfThere(lockPath);
    } finally {
      await removeIfThere(clearingPath);
    }
  }

  signal.throwIfAborted();
  const claim = await open(claimPath, "wx", 0o600);
  const finish = async (): Promise<void> => {
    await claim.close();
    await removeIfThere(claimPath);
  };
  let waited = false;
  try {
    await claim.writeFile(name);
    for (let pauseMs = 4; !(await create(claimPath, path, name)); pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
      waited = true;
      await clearAfter(path);
      await pause(pauseMs * (0.5 + Math.random()), signal);
      signal.throwIfAborted();
    }
  } catch (error) {
    await finish();
    throw error;
  }
  await removeIfThere(claimPath);
  const heartbeat = setInterval(() => {
    const now = new Date();
    // The open file, not the path: after a loss the path may be somebody else's.
    claim.utimes(now, now).catch(() => clearInterval(heartbeat));
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    waited,
    async release() {
      clearInterval(heartbeat);
      try {
        if ((await readHolder(path))?.name === name) await removeIfThere(path);
      } finally {
        await finish();
      }
    },
  };
}
