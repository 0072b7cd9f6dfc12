import type { Session } from "./authStore.ts";
import { concatBytes, decodeBase64url, deriveBytes, encodeBase64url, utf8 } from "./encoding.ts";

/** The longest refresh token that is looked at. */
const MAX_LENGTH = 256;
const COUNTER_BYTES = 8;
const CALLER_BYTES = 12;

/** What a refresh token says, before anybody has checked whether it is true. */
export interface ParsedRefreshToken {
  readonly sessionId: string;
  readonly counter: number;
  readonly keyId: string;
  readonly mac: Uint8Array<ArrayBuffer>;
  readonly signedBytes: Uint8Array<ArrayBuffer>;
}

export interface RefreshTokens {
  /** The one current refresh token of the session: always the same text for the same counter and key. */
  issue(session: Session): Promise<string>;
  /**
   * Whether the server made this token for this session, and for its transport. Takes the same time for any wrong MAC.
   */
  isGenuine(token: ParsedRefreshToken, session: Session): Promise<boolean>;
  /**
   * What the session's row keeps of whoever rotated it: tells whether two callers are the same, and nothing about them
   * without the server's key.
   */
  markCaller(session: Session, caller: string): Promise<string>;
}

/**
 * `ssr1.<key id>.<base64url(session id ‖ counter)>.<base64url(HMAC-SHA-256)>`: null for anything that is not of exactly
 * this form in its one canonical encoding.
 */
export function parseRefreshToken(text: string): ParsedRefreshToken | null {
  if (text.length > MAX_LENGTH) return null;
  const [version, keyId, payloadText, macText, ...rest] = text.split(".");
  if (
    version !== "ssr1" ||
    rest.length > 0 ||
    keyId === undefined ||
    payloadText === undefined ||
    macText === undefined
  ) {
    return null;
  }
  const payload = decodeBase64url(payloadText);
  const mac = decodeBase64url(macText);
  if (!/^[A-Za-z0-9_-]{1,16}$/.test(keyId) || payload?.length !== 16 + COUNTER_BYTES || mac?.length !== 32) return null;
  const counter = Number(new DataView(payload.buffer).getBigUint64(16));
  // One step below the largest safe integer, since the next counter must be one, too.
  if (counter < 1 || counter >= Number.MAX_SAFE_INTEGER) return null;
  return { sessionId: encodeBase64url(payload.subarray(0, 16)), counter, keyId, mac, signedBytes: payload };
}

/**
 * Makes and checks refresh tokens. The MAC is keyed by HKDF(server key, the session's own random bytes), so that
 * forging one takes both the server's key and its database; nothing in the database is a token.
 *
 * @param secrets the key ring, newest first: the first signs, all verify.
 * @param issuer part of every MAC: a token of another deployment is none here, even under the same keys.
 */
export function createRefreshTokens(
  secrets: Promise<readonly Uint8Array<ArrayBuffer>[]>,
  issuer: string,
): RefreshTokens {
  const keyRing = secrets.then((ring) =>
    Promise.all(
      ring.map(async (secret) => ({
        id: encodeBase64url(await deriveBytes(secret, "stay-signed-in refresh token key id", 6)),
        key: await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]),
      })),
    ),
  );
  // Nobody may be waiting for it yet; whoever does gets the rejection all the same.
  keyRing.catch(() => undefined);

  async function sessionKey(serverKey: CryptoKey, session: Session): Promise<CryptoKey> {
    const salt = decodeBase64url(session.secret) ?? new Uint8Array(0);
    if (salt.length !== 32) throw new Error("The session's row holds no 32 random bytes.");
    return crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info: utf8("stay-signed-in refresh token") },
      serverKey,
      { name: "HMAC", hash: "SHA-256", length: 256 },
      false,
      ["sign", "verify"],
    );
  }

  function message(session: Session, signedBytes: Uint8Array): Uint8Array<ArrayBuffer> {
    // The session id and counter have a fixed length and come last; a line feed stands in no transport and no issuer.
    return concatBytes(utf8(`stay-signed-in refresh token v1\n${session.transport}\n${issuer}\n`), signedBytes);
  }

  return {
    async issue(session) {
      const [signing] = await keyRing;
      const id = decodeBase64url(session.id);
      if (signing === undefined || id === null)
        throw new Error("There is no key or no session to make a refresh token of.");
      const counter = new DataView(new ArrayBuffer(COUNTER_BYTES));
      counter.setBigUint64(0, BigInt(session.counter));
      const payload = concatBytes(id, new Uint8Array(counter.buffer));
      const mac = await crypto.subtle.sign("HMAC", await sessionKey(signing.key, session), message(session, payload));
      return `ssr1.${signing.id}.${encodeBase64url(payload)}.${encodeBase64url(new Uint8Array(mac))}`;
    },
    async markCaller(session, caller) {
      const [signing] = await keyRing;
      if (signing === undefined) throw new Error("There is no key to mark a caller with.");
      const label = utf8(`stay-signed-in caller v1\n${caller}`);
      const mac = await crypto.subtle.sign("HMAC", await sessionKey(signing.key, session), label);
      return encodeBase64url(new Uint8Array(mac, 0, CALLER_BYTES));
    },
    async isGenuine(token, session) {
      const serverKey = (await keyRing).find((candidate) => candidate.id === token.keyId);
      if (serverKey === undefined || token.sessionId !== session.id || session.transport === "none") return false;
      const key = await sessionKey(serverKey.key, session);
      return crypto.subtle.verify("HMAC", key, token.mac, message(session, token.signedBytes));
    },
  };
}
