import { calculateJwkThumbprint, type CryptoKey, importJWK, type JWK } from "jose";
import { deriveBytes, encodeBase64url } from "./encoding.ts";
import { OptionsError } from "./optionsError.ts";

/** One key of an asymmetric key ring. */
export interface AccessTokenKey {
  /**
   * A private JWK: EC with curve P-256 (ES256) or OKP with curve Ed25519 (EdDSA). Its `kid` defaults to the RFC 7638
   * thumbprint.
   */
  readonly privateKey: JWK;
  /**
   * When this key was added to the ring. It signs from ten minutes later on, when every verifier has seen it in the JWK
   * set; the oldest key signs at once. Required for each key but one.
   */
  readonly publishedAt?: Date | undefined;
}

export type AccessTokenAlgorithm = "HS256" | "ES256" | "EdDSA";

export interface KeyRing {
  readonly algorithms: readonly AccessTokenAlgorithm[];
  signingKey(
    nowMs: number,
  ): Promise<{ readonly kid: string; readonly algorithm: AccessTokenAlgorithm; readonly key: CryptoKey }>;
  /** Null for a key that is unknown, revoked, or whose last token has expired. */
  verifyingKey(kid: string | undefined, algorithm: string | undefined, nowMs: number): Promise<CryptoKey | null>;
  /** The public keys (RFC 7517 §5); none where the ring is symmetric. */
  publicKeys(nowMs: number): Promise<readonly JWK[]>;
}

const PUBLISH_AHEAD_MS = 600_000;
/** What a verifier may add to a token's lifetime. */
const LEEWAY_MS = 5_000;

/** A ring of HS256 secrets, newest first: the first signs, all verify. */
export function createSecretRing(secrets: readonly Uint8Array<ArrayBuffer>[], revokedKeys: readonly string[]): KeyRing {
  const loaded = Promise.all(
    secrets.map(async (secret) => ({
      kid: encodeBase64url(await deriveBytes(secret, "stay-signed-in access token key id", 6)),
      key: await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]),
    })),
  );
  loaded.catch(() => undefined);
  const usable = async () => (await loaded).filter(({ kid }) => !revokedKeys.includes(kid));

  return {
    algorithms: ["HS256"],
    async signingKey() {
      const [newest] = await usable();
      if (newest === undefined) throw new OptionsError("Every access token key is revoked: add a new one.");
      return { ...newest, algorithm: "HS256" };
    },
    async verifyingKey(kid, algorithm) {
      if (algorithm !== "HS256") return null;
      const keys = await usable();
      // A backend that signs with the shared secret writes no `kid`.
      return (kid === undefined ? keys[0] : keys.find((candidate) => candidate.kid === kid))?.key ?? null;
    },
    async publicKeys() {
      return [];
    },
  };
}

interface LoadedKey {
  readonly kid: string;
  readonly algorithm: AccessTokenAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly signsFrom: number;
}

/**
 * A ring of asymmetric keys that replace each other by time alone: a new key is published ten minutes before it signs,
 * an old one verifies until its last token has expired.
 */
export function createPrivateKeyRing(
  keys: readonly AccessTokenKey[],
  lifetimeMs: number,
  revokedKeys: readonly string[],
): KeyRing {
  const algorithms = [...new Set(keys.map(({ privateKey }) => algorithmOf(privateKey)))];
  const loaded = load(keys);
  loaded.catch(() => undefined);
  const usable = async () => (await loaded).filter(({ kid }) => !revokedKeys.includes(kid));

  async function published(nowMs: number): Promise<readonly LoadedKey[]> {
    const ring = await usable();
    return ring.filter((_, index) => {
      const successor = ring[index + 1];
      return successor === undefined || nowMs < successor.signsFrom + lifetimeMs + LEEWAY_MS;
    });
  }

  return {
    algorithms,
    async signingKey(nowMs) {
      const ring = await usable();
      // Where a leaked key was the only one that signs by now, its successor must not wait.
      const signing = ring.findLast(({ signsFrom }) => signsFrom <= nowMs) ?? ring[0];
      if (signing === undefined) throw new OptionsError("Every access token key is revoked: add a new one.");
      return { kid: signing.kid, algorithm: signing.algorithm, key: signing.privateKey };
    },
    async verifyingKey(kid, algorithm, nowMs) {
      const key = (await published(nowMs)).find((candidate) => candidate.kid === kid);
      return key?.algorithm === algorithm ? (key?.publicKey ?? null) : null;
    },
    async publicKeys(nowMs) {
      return (await published(nowMs)).map(({ publicJwk }) => publicJwk);
    },
  };
}

async function load(keys: readonly AccessTokenKey[]): Promise<readonly LoadedKey[]> {
  const ordered = keys.toSorted((a, b) => (a.publishedAt?.getTime() ?? 0) - (b.publishedAt?.getTime() ?? 0));
  return Promise.all(
    ordered.map(async ({ privateKey, publishedAt }, index) => {
      const algorithm = algorithmOf(privateKey);
      const kid = privateKey.kid ?? (await calculateJwkThumbprint(privateKey));
      const publicJwk = { ...publicPart(privateKey), kid, alg: algorithm, use: "sig" };
      return {
        kid,
        algorithm,
        privateKey: await importKey(privateKey, algorithm),
        publicKey: await importKey(publicPart(privateKey), algorithm),
        publicJwk,
        signsFrom: index === 0 ? 0 : (publishedAt?.getTime() ?? 0) + PUBLISH_AHEAD_MS,
      };
    }),
  );
}

/** Only the members that RFC 7518 §6.2.1 and RFC 8037 §2 call public. */
function publicPart({ kty, crv, x, y }: JWK): JWK {
  return {
    kty,
    ...(crv !== undefined && { crv }),
    ...(x !== undefined && { x }),
    ...(y !== undefined && { y }),
  } as JWK;
}

async function importKey(jwk: JWK, algorithm: AccessTokenAlgorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new OptionsError("`accessTokenKeys` takes asymmetric keys only.");
  return key;
}

/** @throws OptionsError for anything but a private key on P-256 or Ed25519. */
export function algorithmOf(jwk: JWK): "ES256" | "EdDSA" {
  const { kty, crv, d } = jwk;
  if (typeof d === "string" && kty === "EC" && crv === "P-256") return "ES256";
  if (typeof d === "string" && kty === "OKP" && crv === "Ed25519") return "EdDSA";
  throw new OptionsError("`accessTokenKeys` takes private JWKs on P-256 (ES256) or Ed25519 (EdDSA).");
}
