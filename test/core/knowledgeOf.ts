import type { Identity } from "../../src/core/authState.ts";
import type { TokenClaims } from "../../src/core/claims.ts";
import type { HeldToken, Knowledge } from "../../src/core/knowledge.ts";

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
    afterRejection: false,
    ...changes,
  };
}

export function knowledgeOf(number: number, changes: Partial<Knowledge> = {}): Knowledge {
  return {
    number,
    id: `s${number}`,
    end: "open",
    owed: false,
    isGuest: false,
    hinted: false,
    token: null,
    identity: null,
    ...changes,
  };
}
