import { AuthError } from "../core/authError.ts";
import type { SessionKey } from "../bound/sessionKey.ts";
import { readEntry, writeEntry } from "./keyringEntries.ts";
import { parseKey, type PrivateKeyJwk, type StoredKey, type StoredSession } from "./sessionFileFormat.ts";
import type { SessionFilePlace } from "./sessionFilePath.ts";
import { lockSessions } from "./sessionLock.ts";

/** Whether sessions that begin are bound to a key, and where that lies: with the session, or in the system's keyring. */
type BindSession = boolean | "keyring";

/** A key in use, and what the session file holds of it. */
export interface OpenedKey {
  readonly key: SessionKey;
  readonly stored: StoredKey;
}

/** The keys that sessions are bound to (RFC 9449). @throws SessionFileError `keyringUnavailable`, where the key lies there. */
export interface SessionKeys {
  /** For a session that begins; null where none was asked for. */
  begin(): Promise<OpenedKey | null>;
  /** The one that this session is bound to; null for none, and where it is gone. */
  of(session: StoredSession | null): Promise<OpenedKey | null>;
}

export interface SessionKeysOptions {
  readonly bindSession: BindSession;
  readonly place: SessionFilePlace;
  readonly address: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

/** By the option, else by `STAY_SIGNED_IN_BIND_SESSION`. @throws AuthError `invalidOptions`. */
export function readBindSession(
  named: BindSession | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): BindSession {
  if (named === true || named === false || named === "keyring") return named;
  if (named !== undefined) throw new AuthError("invalidOptions", '`bindSession` must be true, false or "keyring".');
  const text = environment["STAY_SIGNED_IN_BIND_SESSION"];
  if (text === undefined || text === "" || text === "0" || text === "false") return false;
  if (text === "1" || text === "true" || text === "file") return true;
  if (text === "keyring") return text;
  throw new AuthError("invalidOptions", "STAY_SIGNED_IN_BIND_SESSION must be 1 (file), keyring or 0.");
}

/**
 * A key that lies with its session is made for it and goes with it. The keyring has one for each server, made once. No address
 * holds the `#` of its name, so no session stands there.
 */
export function createSessionKeys({ bindSession, place, address }: SessionKeysOptions): SessionKeys {
  const account = `${address}#key`;

  async function readKeyring(): Promise<OpenedKey | null> {
    const text = await readEntry(account);
    const jwk = text === null ? null : parseKey(text);
    return jwk === null ? null : { key: await openKey(jwk), stored: "keyring" };
  }

  async function takeFromKeyring(): Promise<OpenedKey> {
    const held = await lockSessions(place);
    try {
      const there = await readKeyring();
      if (there !== null) return there;
      const jwk = await makeKey();
      await writeEntry(account, JSON.stringify(jwk));
      return { key: await openKey(jwk), stored: "keyring" };
    } finally {
      await held.release();
    }
  }

  return {
    async begin() {
      if (bindSession === "keyring") return takeFromKeyring();
      if (!bindSession) return null;
      const jwk = await makeKey();
      return { key: await openKey(jwk), stored: jwk };
    },
    async of(session) {
      const stored = session?.key;
      if (stored === undefined) return null;
      return stored === "keyring" ? readKeyring() : { key: await openKey(stored), stored };
    },
  };
}

async function makeKey(): Promise<PrivateKeyJwk> {
  const { privateKey } = await crypto.subtle.generateKey(ALGORITHM, true, ["sign"]);
  const { x = "", y = "", d = "" } = await crypto.subtle.exportKey("jwk", privateKey);
  return { kty: "EC", crv: "P-256", x, y, d };
}

async function openKey({ kty, crv, x, y, d }: PrivateKeyJwk): Promise<SessionKey> {
  const privateKey = await crypto.subtle.importKey("jwk", { kty, crv, x, y, d }, ALGORITHM, false, ["sign"]);
  return { privateKey, jwk: { kty, crv, x, y } };
}
