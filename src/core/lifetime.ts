import type { TokenClaims } from "./claims.ts";
import type { Clock } from "./ports.ts";

/** A span on both clocks, anchored where the request for the token was sent: the token is never older than that. */
export interface Lifetime {
  readonly sentAt: number;
  readonly sentAtMonotonic: number;
  /** Null: unknown; such a token is never scheduled and ends by a 401 alone. */
  readonly lifetimeMs: number | null;
}

const LONGEST_LIFETIME_MS = 10 * 365 * 24 * 3600 * 1000;

export const smallestPositive = (spans: readonly (number | null)[]): number | null => {
  const positive = spans.filter((span): span is number => span !== null && span > 0);
  return positive.length === 0 ? null : Math.min(...positive);
};

/**
 * The lifetime of a token, by the first of these that makes sense: `expires_in` (seconds, RFC 6749 §5.1); the smaller of
 * `exp - iat` and `exp` against the server's clock, since an answer may carry a token that is not new; `exp` against ours. None
 * of them does: null.
 */
export function readLifetimeMs(
  expiresInSeconds: number | null,
  claims: TokenClaims | null,
  serverNow: number | null,
  now: number,
): number | null {
  const { expiresAt = null, issuedAt = null } = claims ?? {};
  const until = (from: number | null): number | null => (expiresAt === null || from === null ? null : expiresAt - from);
  const seconds =
    smallestPositive([expiresInSeconds]) ??
    smallestPositive([until(issuedAt), until(serverNow === null ? null : serverNow / 1000)]) ??
    smallestPositive([until(now / 1000)]);
  return seconds === null ? null : Math.min(seconds * 1000, LONGEST_LIFETIME_MS);
}

/** How long ago something was, by whichever clock says more: one of them jumps, the other may sleep. */
export const elapsedMs = (at: number, atMonotonic: number, clock: Clock): number =>
  Math.max(clock.now() - at, clock.monotonicNow() - atMonotonic);

/** Milliseconds until the lifetime has passed. */
export function remainingMs({ sentAt, sentAtMonotonic, lifetimeMs }: Lifetime, clock: Clock): number {
  return lifetimeMs === null ? Number.POSITIVE_INFINITY : lifetimeMs - elapsedMs(sentAt, sentAtMonotonic, clock);
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** How long before its end a token is renewed; at most a third of a lifetime, so that a short one makes no loop. */
export function refreshAheadOf(lifetimeMs: number, refreshAheadMs?: number): number {
  return Math.min(refreshAheadMs ?? clamp(lifetimeMs / 5, 5_000, 120_000), lifetimeMs / 3);
}

/** How long a token must still be good for to be sent, when the caller does not say. */
export function defaultMinValidityMs(lifetimeMs: number | null): number {
  return lifetimeMs === null ? 0 : Math.min(5_000, lifetimeMs / 10);
}

/** The least time between two refreshes, whatever the server says of lifetimes. */
export function refreshFloorMs(lifetimeMs: number | null): number {
  return lifetimeMs === null ? 5_000 : clamp(lifetimeMs / 2, 1_000, 5_000);
}
