import { AuthError } from "./authError.ts";
import type { Clock } from "./ports.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs `callback` at the wall-clock moment `at`, however far away: longer timers than a platform knows are split. */
export function setAlarm(clock: Clock, at: number, callback: () => void): () => void {
  const delayMs = Math.max(0, at - clock.now());
  let cancel =
    delayMs > LONGEST_TIMER_MS
      ? clock.setTimer(() => {
          cancel = setAlarm(clock, at, callback);
        }, LONGEST_TIMER_MS)
      : clock.setTimer(callback, delayMs);
  return () => cancel();
}

/** Settles as `promise` does, or rejects with `aborted` as soon as `signal` aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(new AuthError("aborted", "The caller's signal ended the wait for a token.", { cause: signal.reason }));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * Runs `work` for at most `withinMs`, then aborts its signal and rejects, whether or not the work heeds it. An abort of
 * `outer` ends it likewise.
 */
export async function withinTime<T>(
  clock: Clock,
  withinMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer?.reason);
  const ended = new Promise<never>((_, reject) =>
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error)),
  );
  ended.catch(() => {});
  const cancel = clock.setTimer(
    () => controller.abort(new AuthError("unavailable", `The server did not answer within ${withinMs} ms; try again.`)),
    withinMs,
  );
  outer?.addEventListener("abort", stop);
  if (outer?.aborted) stop();
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    cancel();
    outer?.removeEventListener("abort", stop);
  }
}
