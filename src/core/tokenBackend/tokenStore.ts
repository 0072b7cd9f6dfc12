/** A place for texts: `localStorage`, `sessionStorage` and React Native's `AsyncStorage` are some. May throw. */
export interface TokenStore {
  /** The text under `key`, or null. */
  getItem(key: string): string | null | Promise<string | null>;
  /** Keeps `value` under `key`. */
  setItem(key: string, value: string): void | Promise<void>;
  /** Removes what is under `key`. */
  removeItem(key: string): void | Promise<void>;
}

/** A store that lives as long as the page. */
export function createMapStore(): TokenStore {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

/** `store`, and memory for what it will not take: blocked or full storage ends no session before the page does. */
export function createGuardedStore(store: TokenStore): TokenStore {
  const refused = createMapStore();
  return {
    async getItem(key) {
      const held = await refused.getItem(key);
      if (held !== null) return held;
      try {
        return await store.getItem(key);
      } catch {
        return null;
      }
    },
    async setItem(key, value) {
      try {
        await store.setItem(key, value);
        await refused.removeItem(key);
      } catch {
        await refused.setItem(key, value);
      }
    },
    async removeItem(key) {
      await refused.removeItem(key);
      try {
        await store.removeItem(key);
      } catch {
        // What could not be removed is void all the same: that a session has ended stands under another key.
      }
    },
  };
}
