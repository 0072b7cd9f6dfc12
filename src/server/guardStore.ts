import type { AuthStore } from "./authStore.ts";
import { ServiceUnavailableError } from "./serviceUnavailableError.ts";

/** The same store, whose failures are {@link ServiceUnavailableError}s with the store's own error as their cause. */
export function guardStore(store: AuthStore): AuthStore {
  const unavailable = (cause: unknown) => new ServiceUnavailableError("The session store does not answer.", { cause });
  return new Proxy(store, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...values: unknown[]): unknown => {
        try {
          const result: unknown = Reflect.apply(member, target, values);
          return result instanceof Promise
            ? result.catch((cause: unknown) => Promise.reject(unavailable(cause)))
            : result;
        } catch (cause) {
          throw unavailable(cause);
        }
      };
    },
  });
}
