import type { Readable } from "./authClient.ts";
import { createListeners } from "./listeners.ts";

export interface Writable<T> extends Readable<T> {
  /** Tells subscribers when `value` is another one. */
  set(value: T): void;
  clear(): void;
}

export function createReadable<T>(initial: T, rethrow: (error: unknown) => void): Writable<T> {
  const listeners = createListeners<void>(rethrow);
  let current = initial;
  return {
    getState: () => current,
    subscribe: (listener) => listeners.add(listener),
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      listeners.call();
    },
    clear: () => listeners.clear(),
  };
}
