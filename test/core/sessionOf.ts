import type { Identity } from "../../src/core/authState.ts";
import type { TokenClaims } from "../../src/core/claims.ts";
import type { OpenSession, Session } from "../../src/core/session.ts";
import type { HeldToken } from "../../src/core/token.ts";

export function identityOf(subject: string, sessionId: string | null): Identity {
  return { subject, isGuest: false, sessionId, claims: { sub: subject } };
}

export function claimsOf(changes: Partial<TokenClaims> = {}): TokenClaims {
  return { subject: "ada", sessionId: null, isGuest: null, issuedAt: null, expiresAt: null, shown: {}, ...changes };
}

/** A token of 15 minutes, sent for at moment 0 of both clocks. */
export function tokenOf(value: string, changes: Partial<HeldToken> = {}): HeldToken {
  return {
    value,
    claims: null,
    lifetime: { sentAt: 0, sentAtMonotonic: 0, lifetimeMs: 900_000 },
    count: 1,
    rejected: false,
    refusals: 0,
    endsWithSession: false,
    sessionEndsAt: null,
    ...changes,
  };
}

/** What a record or message tells of a session, or one that is over. */
export function sessionOf(number: number, changes: Partial<Session> = {}): Session {
  return {
    number,
    id: `s${number}`,
    end: "open",
    pendingSignOut: false,
    isGuest: false,
    token: null,
    identity: null,
    ...changes,
  };
}

export function openSessionOf(number: number, subject: string, token: HeldToken): OpenSession {
  return { ...sessionOf(number), end: "open", identity: identityOf(subject, `s${number}`), token };
}
