import { AuthError } from "../core/authError.ts";

/** The app's own secure storage: the keychain or keystore behind `expo-secure-store` and its like, or `chrome.storage`. */
export interface SecureStorage {
  /** The text under `key`; null or undefined where there is none. */
  get(key: string): Promise<string | null | undefined> | string | null | undefined;
  /** Keeps `value`, about 300 characters, until it is overwritten or removed. */
  set(key: string, value: string): unknown;
  /** Forgets it; nothing to forget is no error. */
  remove(key: string): unknown;
}

/** A refresh token, and the session that it belongs to where the server names one. */
export interface KeptToken {
  readonly refreshToken: string;
  readonly id: string | null;
}

/** What is kept: who is signed in, and the sessions of which the server has yet to hear that they are over. */
export interface Vault {
  readonly session: KeptToken | null;
  readonly owed: readonly KeptToken[];
}

export interface SessionVault {
  read(): Promise<Vault>;
  /** One change after the other, also between the windows of an app where the platform has Web Locks. */
  update(change: (vault: Vault) => Vault): Promise<Vault>;
}

const EMPTY: Vault = { session: null, owed: [] };
/** More sign-outs than anybody owes; a secure storage is small. */
const MOST_OWED = 3;

/** @throws AuthError `unavailable` from every method while the storage fails. */
export function createSessionVault(storage: SecureStorage, key: string): SessionVault {
  let last: Promise<unknown> = Promise.resolve();

  async function read(): Promise<Vault> {
    return parseVault(await guarded("read", () => storage.get(key)));
  }

  async function change(by: (vault: Vault) => Vault): Promise<Vault> {
    const before = await read();
    const { session, owed } = by(before);
    const after = { session, owed: owed.slice(-MOST_OWED) };
    const text = JSON.stringify(after);
    if (text === JSON.stringify(before)) return after;
    const isEmpty = session === null && owed.length === 0;
    await guarded("written", async () => {
      await (isEmpty ? storage.remove(key) : storage.set(key, text));
    });
    return after;
  }

  return {
    read,
    update(by) {
      const locks = (globalThis.navigator as Navigator | undefined)?.locks;
      const work = (): Promise<Vault> => (locks ? locks.request(key, () => change(by)) : change(by));
      const result = last.then(work, work);
      last = result.catch(() => undefined);
      return result;
    },
  };
}

async function guarded<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error("It gave no reason.");
    throw new AuthError("unavailable", `The app's secure storage could not be ${what}; try again later.`, {
      cause: new Error(`${name}: ${message}`),
    });
  }
}

/** What an earlier version or somebody else wrote there is no session. */
function parseVault(text: unknown): Vault {
  try {
    const value = (typeof text === "string" ? JSON.parse(text) : null) as Partial<Vault> | null;
    const owed = Array.isArray(value?.owed) ? value.owed.filter(isKeptToken) : [];
    return { session: isKeptToken(value?.session) ? value.session : null, owed };
  } catch {
    return EMPTY;
  }
}

function isKeptToken(value: unknown): value is KeptToken {
  return (
    typeof value === "object" && value !== null && "refreshToken" in value && typeof value.refreshToken === "string"
  );
}
