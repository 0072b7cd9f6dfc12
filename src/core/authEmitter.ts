import type { AuthEventName, AuthEvents } from "./authClient.ts";
import type { Happening } from "./happenings.ts";
import { createListeners } from "./listeners.ts";

export interface AuthEmitter {
  on<E extends AuthEventName>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;
  emit(happening: Happening): void;
  clear(): void;
}

/** One list for all events: there are few listeners, and each hears of its own event only. */
export function createAuthEmitter(rethrow: (error: unknown) => void): AuthEmitter {
  const listeners = createListeners<Happening>(rethrow);
  return {
    on: (event, listener) =>
      listeners.add((happening) => {
        if (happening.event === event) listener(happening.detail as never);
      }),
    emit: listeners.call,
    clear: listeners.clear,
  };
}
