import { AuthError } from "./authError.ts";
import type { Waits } from "./parts.ts";
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

/**
 * A promise, or less of it: the wait also ends when `signal` aborts or when what `arm` set up calls its argument. However it
 * ends, it leaves nothing behind. The one place where a promise, a signal and a timer are raced.
 */
function bounded<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  arm: (end: (error: Error) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const letGo = (): void => {
      disarm();
      signal?.removeEventListener("abort", abort);
    };
    const end = (error: unknown): void => {
      letGo();
      reject(error);
    };
    const abort = (): void => end(abortedBy(signal));
    const disarm = arm(end);
    signal?.addEventListener("abort", abort);
    promise.then((value) => {
      letGo();
      resolve(value);
    }, end);
    if (signal?.aborted === true) abort();
  });
}

const abortedBy = (signal: AbortSignal | undefined): AuthError =>
  // React Native's signal has no `reason`.
  signal?.reason instanceof AuthError ? signal.reason : new AuthError("aborted", undefined, { cause: signal?.reason });

/** Settles as `promise` does, or rejects with `aborted` as soon as `signal` aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? promise : bounded(promise, signal, () => () => {});
}

/**
 * Runs `work` for at most `withinMs`, then aborts its signal and rejects, whether or not the work heeds it. An abort of
 * `outer` ends it likewise.
 */
export function withinTime<T>(
  clock: Clock,
  withinMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const begun = outer?.aborted === true ? new Promise<T>(() => {}) : work(controller.signal);
  return bounded(begun, outer, (end) =>
    clock.setTimer(
      () => end(new AuthError("unavailable", `The server did not answer within ${withinMs} ms.`)),
      withinMs,
    ),
  ).catch((error: unknown) => {
    controller.abort(error);
    throw error;
  });
}

/** One promise for all who ask while the work is under way. */
export interface Shared<T> {
  run(): Promise<T>;
  isRunning(): boolean;
}

export function shareWork<T>(work: () => Promise<T>): Shared<T> {
  let running: Promise<T> | null = null;
  return {
    run() {
      running ??= work().finally(() => {
        running = null;
      });
      return running;
    },
    isRunning: () => running !== null,
  };
}

export function createWaits(): Waits {
  let isDisposed = false;
  // Not listeners of an abort signal: Node takes more than ten of them for a leak, and says so on the console.
  const waiting = new Set<() => void>();

  function onDisposed(leave: () => void): () => void {
    waiting.add(leave);
    return () => void waiting.delete(leave);
  }

  function waitFor<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    if (isDisposed) {
      promise.catch(() => {});
      return Promise.reject(new AuthError("disposed"));
    }
    return bounded(promise, signal, (end) => onDisposed(() => end(new AuthError("disposed"))));
  }

  return {
    isDisposed: () => isDisposed,
    onDisposed,
    waitFor,
    untilChanged(readable, isEnough, signal) {
      let unsubscribe: () => void = () => {};
      const changed = new Promise<void>((resolve) => {
        unsubscribe = readable.subscribe(() => {
          if (isEnough()) resolve();
        });
        if (isEnough()) resolve();
      });
      return waitFor(changed, signal).finally(() => unsubscribe());
    },
    dispose() {
      isDisposed = true;
      for (const leave of [...waiting]) leave();
    },
  };
}
