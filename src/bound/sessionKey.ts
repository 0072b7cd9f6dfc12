/** A key that signs, and cannot be copied: its private half is not extractable. */
export interface SessionKey {
  /** Not extractable. */
  readonly privateKey: CryptoKey;
  /** The public half as it goes into each proof. */
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string };
}

/** Where the key lies. Null: there is none, and none can be kept. */
export type LoadSessionKey = () => Promise<SessionKey | null>;

const STORE = "keys";
const NAME = "session";

/**
 * The one key of this browser profile and origin, in IndexedDB: the same for every tab, and after a reload. Null where
 * the page may use neither IndexedDB nor WebCrypto (blocked site data, plain http).
 */
export function indexedDbKey(databaseName: string): LoadSessionKey {
  let loading: Promise<SessionKey | null> | null = null;

  const load = async (): Promise<SessionKey | null> => {
    try {
      const database = await settled(
        Object.assign(indexedDB.open(databaseName, 1), {
          onupgradeneeded({ target }: Event) {
            (target as IDBOpenDBRequest).result.createObjectStore(STORE);
          },
        }),
      );
      const read = () => settled<CryptoKeyPair | undefined>(database.transaction(STORE).objectStore(STORE).get(NAME));
      let pair = await read();
      if (pair === undefined) {
        const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
        // `add` fails where another tab was quicker: its key is this one's, too.
        await settled(database.transaction(STORE, "readwrite").objectStore(STORE).add(made, NAME)).catch(
          () => undefined,
        );
        pair = await read();
      }
      database.close();
      if (pair === undefined) return null;
      const { kty = "", crv = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
      return { privateKey: pair.privateKey, jwk: { kty, crv, x, y } };
    } catch {
      return null;
    }
  };

  return async () => {
    loading ??= load();
    const key = await loading;
    // What is blocked now may be allowed at the next refresh.
    if (key === null) loading = null;
    return key;
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      reject(request.error ?? new Error("IndexedDB"));
    };
  });
}
