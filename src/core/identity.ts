import type { Identity } from "./authState.ts";
import type { TokenClaims } from "./claims.ts";

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

/** `next`, or `held` itself when they say the same: what shows an identity is not rendered for a renewed token. */
export function keepIdentity(held: Identity | null, next: Identity | null): Identity | null {
  return held !== null && next !== null && JSON.stringify(held) === JSON.stringify(next) ? held : next;
}
