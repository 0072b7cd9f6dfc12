import type { Readable } from "./authClient.ts";
import { AuthError } from "./authError.ts";
import { abortable } from "./timers.ts";

export const disposedError = (): AuthError =>
  new AuthError("disposed", "This client was disposed of; make another one.");

/** The waits of a client's callers: all of them end when it is disposed of. */
export interface Waits {
  isDisposed(): boolean;
  /** Calls `leave` when the client is disposed of; returns its removal. */
  onDisposed(leave: () => void): () => void;
  /** Waits for `promise`, at most until the caller or the client gives up. */
  waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Waits until `isEnough`, looking again after each change of `readable`. */
  untilChanged(readable: Readable<unknown>, isEnough: () => boolean, signal: AbortSignal | undefined): Promise<void>;
  dispose(): void;
}

export function createWaits(): Waits {
  let isDisposed = false;
  // Not listeners of an abort signal: Node takes more than ten of them for a leak, and says so on the console.
  const waiting = new Set<() => void>();

  function onDisposed(leave: () => void): () => void {
    waiting.add(leave);
    return () => void waiting.delete(leave);
  }

  function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      if (isDisposed) return reject(disposedError());
      const forget = onDisposed(() => reject(disposedError()));
      abortable(promise, signal).then(resolve, reject).finally(forget);
    });
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
      for (const leave of waiting) leave();
    },
  };
}
