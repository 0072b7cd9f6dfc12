import type { Readable } from "./authClient.ts";
import { createListeners } from "./listeners.ts";

export interface Writable<T> extends Readable<T> {
  /** Takes the value at once; the returned function tells subscribers when it was another one. */
  assign(value: T): () => void;
  clear(): void;
}

export function createReadable<T>(initial: T, rethrow: (error: unknown) => void): Writable<T> {
  const listeners = createListeners<void>(rethrow);
  let current = initial;
  return {
    getState: () => current,
    subscribe: (listener) => listeners.add(listener),
    assign(value) {
      if (Object.is(value, current)) return () => {};
      current = value;
      return () => listeners.call();
    },
    clear: () => listeners.clear(),
  };
}
