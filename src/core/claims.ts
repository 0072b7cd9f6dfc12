import { jwtDecode } from "jwt-decode";
import type { Claims } from "./register.ts";
import { isFields, parseNumber, parseText } from "./parse.ts";

/** What a client reads of an access token: for scheduling and display only, never as proof. RFC 7519 §4.1. */
export interface TokenClaims {
  readonly subject: string | null;
  readonly sessionId: string | null;
  readonly isGuest: boolean | null;
  /** Seconds since 1970. */
  readonly issuedAt: number | null;
  /** Seconds since 1970. */
  readonly expiresAt: number | null;
  readonly shown: Claims;
}

// A moment in seconds stays below this until the year 5138; servers that send milliseconds lie above it.
const MILLISECONDS_FROM = 1e11;

/** A moment in seconds since 1970; numbers written as text count, as they do in `expires_in`. */
function parseMoment(value: unknown): number | null {
  const moment = parseNumber(value);
  return moment === null || Math.abs(moment) < MILLISECONDS_FROM ? moment : moment / 1000;
}

/** The claims of a JWT, or null for an opaque or malformed token. Never throws. */
export function parseClaims(token: string): TokenClaims | null {
  let payload: unknown;
  try {
    payload = jwtDecode(token);
  } catch {
    return null;
  }
  if (!isFields(payload)) return null;
  const { exp, iat, nbf: _nbf, jti: _jti, ...shown } = payload;
  const { sub, sid, is_guest } = shown;
  return {
    subject: parseText(sub),
    sessionId: parseText(sid),
    isGuest: typeof is_guest === "boolean" ? is_guest : null,
    issuedAt: parseMoment(iat),
    expiresAt: parseMoment(exp),
    shown,
  };
}
