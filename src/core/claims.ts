import { jwtDecode } from "jwt-decode";
import type { Claims } from "./authState.ts";

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

function parseMoment(value: unknown): number | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  return Math.abs(value) >= MILLISECONDS_FROM ? value / 1000 : value;
}

/** The claims of a JWT, or null for an opaque or malformed token. Never throws. */
export function parseClaims(token: string): TokenClaims | null {
  let payload: unknown;
  try {
    payload = jwtDecode(token);
  } catch {
    return null;
  }
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return null;
  const { exp, iat, nbf: _nbf, jti: _jti, ...shown } = payload as Record<string, unknown>;
  const { sub, sid, is_guest } = shown;
  return {
    subject: typeof sub === "string" && sub !== "" ? sub : typeof sub === "number" ? String(sub) : null,
    sessionId: typeof sid === "string" && sid !== "" ? sid : null,
    isGuest: typeof is_guest === "boolean" ? is_guest : null,
    issuedAt: parseMoment(iat),
    expiresAt: parseMoment(exp),
    shown,
  };
}
