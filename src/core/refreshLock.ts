import type { Notes } from "./note.ts";
import { STUCK_MS } from "./note.ts";
import type { Clock, TabLock } from "./ports.ts";

export interface RefreshLockOptions {
  readonly lock: TabLock | undefined;
  readonly clock: Clock;
  readonly notes: Notes;
  readonly namespace: string;
  /** How long to wait for each of the two names. */
  readonly waitMs: number;
}

/** The name of the lock around a refresh; a second one stands in when nobody lets go of the first. */
export const refreshLockName = (namespace: string): string => `${namespace}:refresh`;

/** How long the first name is given once it is taken to be orphaned. */
const STUCK_WAIT_MS = 50;

/**
 * Runs `work` under the refresh lock, or without it when nobody lets go in time: the lock saves requests, and a frozen tab
 * that keeps it must not keep everybody from their session. Resolves to null when `leave` aborts first.
 */
export async function underRefreshLock<T>(
  { lock, clock, notes, namespace, waitMs }: RefreshLockOptions,
  leave: AbortSignal,
  work: (waited: boolean) => Promise<T>,
): Promise<T | null> {
  if (lock === undefined) return work(false);

  async function tryName(name: string, boundMs: number, waitedBefore: boolean): Promise<{ result: T } | null> {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const cancel = clock.setTimer(abort, boundMs);
    leave.addEventListener("abort", abort);
    if (leave.aborted) abort();
    let began = false;
    try {
      const result = await lock?.request(name, controller.signal, (waited) => {
        began = true;
        cancel();
        return work(waited || waitedBefore);
      });
      return { result: result as T };
    } catch (error) {
      if (began) throw error;
      return null;
    } finally {
      cancel();
      leave.removeEventListener("abort", abort);
    }
  }

  const isStuck = notes.readAttempt().stuckUntil > clock.now();
  const first = await tryName(refreshLockName(namespace), isStuck ? STUCK_WAIT_MS : waitMs, false);
  if (first !== null) return first.result;
  if (leave.aborted) return null;
  if (!isStuck) notes.writeAttempt({ ...notes.readAttempt(), stuckUntil: clock.now() + STUCK_MS });
  const second = await tryName(`${refreshLockName(namespace)}-2`, waitMs, true);
  if (second !== null) return second.result;
  return leave.aborted ? null : work(true);
}
