/** A set of listeners; one that throws disturbs nobody else, and its error is thrown in a later task. */
export interface Listeners<T> {
  add(listener: (detail: T) => void): () => void;
  call(detail: T): void;
  clear(): void;
}

export function createListeners<T>(rethrow: (error: unknown) => void): Listeners<T> {
  const listeners = new Set<{ call: (detail: T) => void }>();
  return {
    add(listener) {
      const entry = { call: listener };
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
      };
    },
    call(detail) {
      for (const entry of [...listeners]) {
        try {
          if (listeners.has(entry)) entry.call(detail);
        } catch (error) {
          rethrow(error);
        }
      }
    },
    clear: () => listeners.clear(),
  };
}
