import type { Identity } from "./authState.ts";
import type { TokenClaims } from "./claims.ts";
import type { Lifetime } from "./lifetime.ts";

/** Names a session among all that a browser has seen: a higher number is a later sign-in. */
export interface SessionName {
  /** Greater than that of every session before. */
  readonly number: number;
  /** The server's name for it. */
  readonly id: string;
}

export type SessionEnd = "open" | "expired" | "revoked" | "signedOut";

export interface HeldToken {
  readonly value: string;
  readonly claims: TokenClaims | null;
  readonly lifetime: Lifetime;
  /** Which of its session's answers this is; orders tokens that carry no `iat`. */
  readonly count: number;
  /** A server refused it with 401. */
  readonly rejected: boolean;
  /** It came to replace a rejected one: if it is refused as well, the token is not what is wrong. */
  readonly afterRejection: boolean;
}

/** What a tab knows of sessions, in one value. It only grows, by {@link join}. */
export interface Knowledge extends SessionName {
  readonly end: SessionEnd;
  /** Signed out here, and the server has not confirmed it yet. */
  readonly owed: boolean;
  readonly isGuest: boolean;
  readonly token: HeldToken | null;
  readonly identity: Identity | null;
  /** Known from the note or the channel alone: the server has not said so to anybody we can check. */
  readonly hinted: boolean;
}

export type OpenKnowledge = Knowledge & { readonly end: "open" };

export const isOpen = (known: Knowledge | null): known is OpenKnowledge => known?.end === "open";

/** Positive when `a` is the later session. */
export function compareSessions(a: SessionName, b: SessionName): number {
  return a.number - b.number || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

export const isSameSession = (a: SessionName | null, b: SessionName | null): boolean =>
  a !== null && b !== null && compareSessions(a, b) === 0;

// A confirmed sign-out says more than an owed one, an owed one more than an end that nobody asked for.
const finality = ({ end, owed }: Knowledge): number =>
  end === "open" ? 0 : end === "expired" ? 1 : end === "revoked" ? 2 : owed ? 3 : 4;

/** Positive when `a` was issued after `b`. `iat` first: a tab that was opened later counts from one. */
function compareTokens(a: HeldToken, b: HeldToken): number {
  const [issuedA, issuedB] = [a.claims?.issuedAt, b.claims?.issuedAt];
  if (issuedA != null && issuedB != null && issuedA !== issuedB) return issuedA - issuedB;
  return a.count - b.count;
}

/**
 * Joins two pieces of knowledge; `mine` itself comes back when `theirs` adds nothing. Of two open tokens the later one stays,
 * but one that is spent never beats one that is good: the servers behind one address may disagree about the time.
 */
export function join(mine: Knowledge | null, theirs: Knowledge, isSpent: (token: HeldToken) => boolean): Knowledge {
  if (mine === null) return theirs;
  const order = compareSessions(theirs, mine);
  if (order !== 0) return order > 0 ? theirs : mine;
  const gain = finality(theirs) - finality(mine);
  if (gain !== 0) return gain > 0 ? { ...theirs, identity: mine.identity ?? theirs.identity, token: null } : mine;
  if (mine.end !== "open" || theirs.token === null) return mine;
  if (mine.token !== null) {
    const [mineSpent, theirsSpent] = [isSpent(mine.token), isSpent(theirs.token)];
    if (mineSpent === theirsSpent ? compareTokens(theirs.token, mine.token) <= 0 : theirsSpent) return mine;
  }
  return theirs;
}
