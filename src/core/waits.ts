import type { Readable } from "./authClient.ts";
import { AuthError } from "./authError.ts";
import { abortable } from "./timers.ts";

export const disposedError = (): AuthError =>
  new AuthError("disposed", "This client was disposed of; make another one.");

/** The waits of a client's callers: all of them end when it is disposed of. */
export interface Waits {
  /** Aborts when the client is disposed of. */
  readonly signal: AbortSignal;
  /** Waits for `promise`, at most until the caller or the client gives up. */
  waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Waits until `isEnough`, looking again after each change of `readable`. */
  untilChanged(readable: Readable<unknown>, isEnough: () => boolean, signal: AbortSignal | undefined): Promise<void>;
  dispose(): void;
}

export function createWaits(): Waits {
  const disposal = new AbortController();
  // Not listeners of the signal: Node takes more than ten of them for a leak, and says so on the console.
  const waiting = new Set<() => void>();

  function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      if (disposal.signal.aborted) return reject(disposedError());
      const leave = (): void => reject(disposedError());
      waiting.add(leave);
      abortable(promise, signal)
        .then(resolve, reject)
        .finally(() => waiting.delete(leave));
    });
  }

  return {
    signal: disposal.signal,
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
      disposal.abort(disposedError());
      for (const leave of waiting) leave();
    },
  };
}
