import type { Identity } from "./authState.ts";
import { parseClaims, type TokenClaims } from "./claims.ts";
import { defaultMinValidityMs, type Lifetime, refreshFloorMs, remainingMs } from "./lifetime.ts";
import type { Clock } from "./ports.ts";

/** An access token in this tab's memory, with what is known of its use. */
export interface HeldToken {
  readonly value: string;
  readonly claims: TokenClaims | null;
  readonly lifetime: Lifetime;
  /** Which of its session's answers this is; orders tokens that carry no `iat`. */
  readonly count: number;
  /** A server refused it with 401. */
  readonly rejected: boolean;
  /** How many of its forerunners in a row were refused soon after they came: at some point the token is not what is wrong. */
  readonly refusals: number;
  /** The last refresh moved its end no further: the session ends with it, and asking earlier gains nothing. */
  readonly endsWithSession: boolean;
  /** When the session ends if nobody renews it, or at the latest: wall-clock milliseconds; null where nobody has said. */
  readonly sessionEndsAt: number | null;
}

/** The identity that a token stands for, or null when nothing names a subject. */
export function readIdentity(
  claims: TokenClaims | null,
  answer: { subject: string | null; sessionId: string | null; isGuest: boolean | null },
): Identity | null {
  const subject = claims?.subject ?? answer.subject;
  if (subject === null) return null;
  return {
    subject,
    isGuest: claims?.isGuest ?? answer.isGuest ?? false,
    sessionId: answer.sessionId ?? claims?.sessionId ?? null,
    claims: claims?.shown ?? null,
  };
}

/** Whether an answer says itself that it is not of `subject`, where that is the only one that will do. */
export function isOfAnother(
  { accessToken, subject: named }: { readonly accessToken: string; readonly subject?: string | null | undefined },
  subject: string | undefined,
): boolean {
  return subject !== undefined && (parseClaims(accessToken)?.subject ?? named ?? subject) !== subject;
}

/** `next`, or `held` itself when they say the same: what shows an identity is not rendered for a renewed token. */
export function keepIdentity(held: Identity | null, next: Identity): Identity {
  return held !== null && JSON.stringify(held) === JSON.stringify(next) ? held : next;
}

const leftMs = (token: HeldToken, clock: Clock): number => remainingMs(token.lifetime, clock);

/** Refused by a server, or past its lifetime. */
export const isSpent = (token: HeldToken, clock: Clock): boolean => token.rejected || leftMs(token, clock) <= 0;

/** Whether it will do for a caller who needs it for `minValidityMs` (default: the next moments) without asking the server. */
export function willDo(token: HeldToken, clock: Clock, minValidityMs?: number): boolean {
  if (token.rejected) return false;
  const { lifetimeMs } = token.lifetime;
  const left = leftMs(token, clock);
  if (left > (minValidityMs ?? defaultMinValidityMs(lifetimeMs))) return true;
  if (left <= 0) return false;
  if (token.endsWithSession && minValidityMs === undefined) return true;
  // What no token of this server can give is not asked for again and again.
  const isAskable = minValidityMs !== undefined && lifetimeMs !== null && minValidityMs < lifetimeMs;
  const ageMs = lifetimeMs === null ? 0 : lifetimeMs - left;
  return !isAskable && ageMs < refreshFloorMs(lifetimeMs);
}

/** Good for the next moments, as far as anybody here can tell. */
export const isUsable = (token: HeldToken, clock: Clock): boolean =>
  !token.rejected && leftMs(token, clock) > defaultMinValidityMs(token.lifetime.lifetimeMs);

// Two role changes within half a minute are news twice; an endpoint that refuses every token is bounded all the same.
const MOST_REFUSALS = 5;
const REFUSAL_COOLDOWN_MS = 30_000;

/** Whether it was refused so long after it came that the refusal speaks of its age: where nothing else tells its end, soon. */
function isOld({ lifetime: { lifetimeMs, sentAtMonotonic } }: HeldToken, clock: Clock): boolean {
  const cooldownMs = lifetimeMs === null ? refreshFloorMs(null) : REFUSAL_COOLDOWN_MS;
  return clock.monotonicNow() - sentAtMonotonic >= cooldownMs;
}

/** Whether a refused token shall be replaced, or the token is not what is wrong. */
export function isWorthReplacing(token: HeldToken, clock: Clock): boolean {
  return token.refusals < MOST_REFUSALS || leftMs(token, clock) <= 0 || isOld(token, clock);
}

/** What the token that replaces `former` carries on of its refusals. */
export function nextRefusals(former: HeldToken | null, clock: Clock): number {
  if (former?.rejected !== true) return 0;
  return Math.min(MOST_REFUSALS, isOld(former, clock) ? Math.max(1, former.refusals) : former.refusals + 1);
}

/** Its lifetime, or the age at which it was refused where nothing has told: null while neither is known. */
export function shownLifetimeMs({ lifetime, rejected }: HeldToken, clock: Clock): number | null {
  if (lifetime.lifetimeMs !== null || !rejected) return lifetime.lifetimeMs;
  return clock.monotonicNow() - lifetime.sentAtMonotonic;
}
