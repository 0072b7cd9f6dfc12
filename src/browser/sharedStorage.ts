import type { SharedStorage } from "../core/ports.ts";

/**
 * The storage that tabs share, on localStorage. It is looked up at each call: with cookies blocked the property
 * itself throws, even under `typeof`, and in some private windows it is there but takes no writes. The caller guards
 * each call.
 */
export function createSharedStorage(): SharedStorage {
  return {
    read: (key) => localStorage.getItem(key),
    write(key, value) {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    },
    onChange(key, listener) {
      if (typeof window === "undefined") return () => {};
      const onStorage = (event: StorageEvent) => {
        // A null key means that everything was cleared.
        if (event.key === key || event.key === null) listener();
      };
      window.addEventListener("storage", onStorage);
      return () => window.removeEventListener("storage", onStorage);
    },
  };
}
