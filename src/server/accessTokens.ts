import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { AccessTokenError } from "./accessTokenError.ts";
import type { KeyRing } from "./accessTokenKeys.ts";
import { encodeBase64url, randomBytes } from "./encoding.ts";

/** What a good access token says. */
export interface VerifiedAccessToken {
  /** The claim `sub`: whose token it is. */
  readonly subject: string;
  /** The claim `sid`; null for a token of another issuer that names none. */
  readonly sessionId: string | null;
  /** Whether the subject is a guest. */
  readonly isGuest: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /**
   * The claim `auth_time` (OpenID Connect Core §2): when somebody last proved for this session who they are, milliseconds
   * since 1970; null for a guest, and where it is not known.
   */
  readonly authenticatedAt: number | null;
  /** The claim `amr`: with what, in the values of RFC 8176; empty where it is not known. */
  readonly amr: readonly string[];
  /** When the token was looked at, by the server's clock, milliseconds since 1970. */
  readonly verifiedAt: number;
  /** All claims, RFC 7519 §4. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface AccessTokens {
  /** Signs a token that ends `lifetimeSeconds` after `nowMs`, or with its session. */
  sign(
    content: {
      readonly subject: string;
      readonly sessionId: string;
      readonly isGuest: boolean;
      /** Whether its session is bound to a key; the token itself is a bearer token all the same. */
      readonly isBound: boolean;
      /** Milliseconds since 1970; 0 where nobody has proved anything. */
      readonly authenticatedAt: number;
      readonly amr: readonly string[];
    },
    nowMs: number,
    sessionEndsAt: number,
  ): Promise<{ readonly token: string; readonly expiresInSeconds: number; readonly keyId: string }>;
  /**
   * @param options.expiredWillDo for sign-out, which must work when the token is no longer good.
   * @throws AccessTokenError `TOKEN_EXPIRED`, `TOKEN_INVALID`.
   */
  verify(token: string, options?: { readonly expiredWillDo?: boolean }): Promise<VerifiedAccessToken>;
}

export interface AccessTokensOptions {
  readonly keyRing: KeyRing;
  readonly audience: string;
  readonly issuer: string | undefined;
  readonly lifetimeSeconds: number;
  readonly clock: () => number;
}

/** By so much may the clocks of those who sign and those who verify differ: an expired token is taken for so long. */
export const LEEWAY_SECONDS = 5;
const MAX_LIFETIME_SECONDS = 86_400;

/** Access tokens as RFC 9068 spells them: `typ: at+jwt`, one pinned algorithm per key. */
export function createAccessTokens({
  keyRing,
  audience,
  issuer,
  lifetimeSeconds,
  clock,
}: AccessTokensOptions): AccessTokens {
  return {
    async sign({ subject, sessionId, isGuest, isBound, authenticatedAt, amr }, nowMs, sessionEndsAt) {
      const { kid, algorithm, key } = await keyRing.signingKey(nowMs);
      const issuedAt = Math.floor(nowMs / 1000);
      const remainingSeconds = Math.floor((sessionEndsAt - nowMs) / 1000);
      const expiresInSeconds = Math.max(1, Math.min(lifetimeSeconds, remainingSeconds));
      const claims = {
        sid: sessionId,
        ...(isGuest && { is_guest: true }),
        ...(isBound && { bound: true }),
        ...(authenticatedAt > 0 && { auth_time: Math.floor(authenticatedAt / 1000) }),
        ...(amr.length > 0 && { amr }),
        ...(issuer !== undefined && { iss: issuer }),
      };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, typ: "at+jwt", kid })
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresInSeconds)
        .setJti(encodeBase64url(randomBytes(12)))
        .sign(key);
      return { token, expiresInSeconds, keyId: kid };
    },
    async verify(token, { expiredWillDo = false } = {}) {
      const nowMs = clock();
      const payload = await verifiedPayload(token, nowMs, expiredWillDo);
      const { sub, sid, iat, exp, is_guest, auth_time, amr } = payload;
      if (typeof sub !== "string" || sub === "" || iat === undefined || exp === undefined) {
        throw new AccessTokenError("TOKEN_INVALID");
      }
      // Else a token from the future would live for longer than any may.
      if (iat > nowMs / 1000 + LEEWAY_SECONDS) throw new AccessTokenError("TOKEN_INVALID");
      if (exp - iat > MAX_LIFETIME_SECONDS) throw new AccessTokenError("TOKEN_INVALID");
      return {
        subject: sub,
        sessionId: typeof sid === "string" ? sid : null,
        isGuest: is_guest === true,
        expiresAt: exp * 1000,
        authenticatedAt: typeof auth_time === "number" && auth_time > 0 ? auth_time * 1000 : null,
        amr: Array.isArray(amr) ? (amr as readonly unknown[]).filter((value) => typeof value === "string") : [],
        verifiedAt: nowMs,
        claims: payload,
      };
    },
  };

  async function verifiedPayload(token: string, nowMs: number, expiredWillDo: boolean): Promise<JWTPayload> {
    try {
      const { alg, kid } = decodeProtectedHeader(token);
      const key = await keyRing.verifyingKey(kid, alg, nowMs);
      if (key === null) throw new AccessTokenError("TOKEN_INVALID");
      const { payload } = await jwtVerify(token, key, {
        algorithms: [...keyRing.algorithms],
        typ: "at+jwt",
        audience,
        ...(issuer !== undefined && { issuer }),
        requiredClaims: ["sub", "iat", "exp"],
        clockTolerance: expiredWillDo ? Number.MAX_SAFE_INTEGER : LEEWAY_SECONDS,
        currentDate: new Date(nowMs),
      });
      return payload;
    } catch (error) {
      if (error instanceof AccessTokenError) throw error;
      if (error instanceof errors.JWTExpired) throw new AccessTokenError("TOKEN_EXPIRED");
      // Whatever a forged token makes the library throw: it is the token that is not good.
      throw new AccessTokenError("TOKEN_INVALID");
    }
  }
}
