import type { SessionKey } from "./sessionKey.ts";

/** What one proof is about. */
export interface ProofSubject {
  readonly method: string;
  /** The address of the request, absolute. */
  readonly url: string;
  /** The last one that the server gave; null before that. */
  readonly nonce: string | null;
}

/** A DPoP proof (RFC 9449 §4.2): a JWT that only this key can have signed, good for one request. */
export async function createDpopProof(
  { privateKey, jwk }: SessionKey,
  { method, url, nonce }: ProofSubject,
): Promise<string> {
  const { origin, pathname } = new URL(url);
  const header = { typ: "dpop+jwt", alg: "ES256", jwk };
  const payload = {
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    ...(nonce !== null && { nonce }),
  };
  const input = [header, payload].map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, utf8(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
