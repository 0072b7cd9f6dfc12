import type { Parts } from "./parts.ts";
import { STUCK_MS } from "./record.ts";

/** The name of the lock around a refresh; a second one stands in when nobody lets go of the first. */
export const refreshLockName = (namespace: string): string => `${namespace}:refresh`;

/** How long the first name is given once it is taken to be orphaned. */
const STUCK_WAIT_MS = 50;
/** L2: a shorter wait fails exactly when the server is slow. */
const LONGER_THAN_A_REQUEST_MS = 2_000;

/**
 * Runs `work` under the refresh lock, or without it when nobody lets go in time: the lock saves requests, and a frozen tab
 * that keeps it must not keep everybody from their session. L5: nothing in `work` waits for the app. Resolves to null when
 * `leave` aborts first.
 */
export async function underRefreshLock<T>(
  { platform: { lock, clock }, record, options }: Parts,
  leave: AbortSignal,
  work: (waited: boolean) => Promise<T>,
): Promise<T | null> {
  if (lock === undefined) return work(false);
  const waitMs = options.requestTimeoutMs + LONGER_THAN_A_REQUEST_MS;

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

  // L3: nobody's lock is stolen; a second name stands in while the first is taken to be orphaned.
  const isStuck = record.readAttempt().stuckUntil > clock.now();
  const name = refreshLockName(options.namespace);
  const first = await tryName(name, isStuck ? STUCK_WAIT_MS : waitMs, false);
  if (first !== null) return first.result;
  if (leave.aborted) return null;
  if (!isStuck) record.writeAttempt({ ...record.readAttempt(), stuckUntil: clock.now() + STUCK_MS });
  const second = await tryName(`${name}-2`, waitMs, true);
  if (second !== null) return second.result;
  return leave.aborted ? null : work(true);
}
