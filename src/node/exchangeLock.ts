import { stat } from "node:fs/promises";
import { type HeldFileLock, takeFileLock } from "./fileLock.ts";

const SILENCE_MS = 60_000;

// The holder touches it every second, however busy the machine; a holder that was stopped (Ctrl-Z) does not.
async function isForsaken(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > SILENCE_MS;
  } catch {
    return false;
  }
}

/**
 * Keeps all other processes from presenting the refresh token that is being presented: a server without a grace time would take
 * it for theft. The core's own lock saves requests, and is passed by when it takes long; this one is waited for as long as
 * `signal` allows. A holder that has not moved for a minute is passed by all the same.
 */
export async function lockExchange(path: string, signal: AbortSignal): Promise<Pick<HeldFileLock, "release">> {
  return (await isForsaken(path)) ? { release: async () => undefined } : takeFileLock(path, signal);
}
