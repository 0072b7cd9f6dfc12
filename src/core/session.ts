import type { Identity } from "./authState.ts";
import type { HeldToken } from "./token.ts";

/** Names a session among all that a browser has seen: a higher number is a later sign-in. */
export interface SessionName {
  /** Greater than that of every session before; drawn by the server (K1). */
  readonly number: number;
  /** The server's name for it. */
  readonly id: string;
}

export type SessionEnd = "open" | "expired" | "revoked" | "signedOut";

/** What a message or the shared record can tell of a session; on its own it is no more than a question to the server. */
export interface SessionRecord extends SessionName {
  readonly end: SessionEnd;
  /** Signed out here, and the server has not confirmed it yet. */
  readonly pendingSignOut: boolean;
  readonly isGuest: boolean;
}

/** A session as this tab has it from the server, or from a sibling and the shared record together. */
export interface Session extends SessionRecord {
  readonly token: HeldToken | null;
  readonly identity: Identity | null;
}

/** A session that can be used: it has its token, and the token its subject. */
export type OpenSession = Session & {
  readonly end: "open";
  readonly token: HeldToken;
  readonly identity: Identity;
};

export const isOpen = (session: Session | null): session is OpenSession =>
  session?.end === "open" && session.token !== null;

/** Positive when `a` is the later session. */
export function compareSessions(a: SessionName, b: SessionName): number {
  return a.number - b.number || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

export const isSameSession = (a: SessionName | null, b: SessionName | null): boolean =>
  a !== null && b !== null && compareSessions(a, b) === 0;

/** Not a session, but the state of having none: it has the lowest number. */
export const isNobody = ({ number }: SessionName): boolean => number === 0;

/** Over, and not merely unknown. */
export const isEnded = (session: SessionRecord): boolean => session.end !== "open" && !isNobody(session);

/** A session that is over, with nothing in it that could be used. */
export const closeSession = (session: Session, end: Exclude<SessionEnd, "open">, pendingSignOut = false): Session => ({
  ...session,
  end,
  pendingSignOut,
  token: null,
});

// A confirmed sign-out says more than a pending one, a pending one more than an end that nobody asked for.
const finality = ({ end, pendingSignOut }: SessionRecord): number =>
  end === "open" ? 0 : end === "expired" ? 1 : end === "revoked" ? 2 : pendingSignOut ? 3 : 4;

/** Positive when `a` says more than `b`: a later session, or more of the end of the same one. */
export const compareRecords = (a: SessionRecord, b: SessionRecord): number =>
  compareSessions(a, b) || finality(a) - finality(b);

/** Positive when `a` was issued after `b`. `iat` first: a tab that was opened later counts from one. */
function compareTokens(a: HeldToken, b: HeldToken): number {
  const [issuedA, issuedB] = [a.claims?.issuedAt, b.claims?.issuedAt];
  if (issuedA != null && issuedB != null && issuedA !== issuedB) return issuedA - issuedB;
  return a.count - b.count;
}

/**
 * Joins two accounts of sessions (K2: a join semilattice, so order and repetition do not matter); `mine` itself comes back when
 * `theirs` adds nothing. Of two open tokens the later one stays, but one that is spent never beats one that is good: the
 * servers behind one address may disagree about the time.
 */
export function merge(mine: Session | null, theirs: Session, isSpent: (token: HeldToken) => boolean): Session {
  if (mine === null) return theirs;
  const order = compareSessions(theirs, mine); // K2
  if (order !== 0) return order > 0 ? theirs : mine;
  const gain = finality(theirs) - finality(mine); // K5
  if (gain !== 0) return gain > 0 ? { ...theirs, identity: mine.identity ?? theirs.identity, token: null } : mine;
  if (mine.end !== "open" || theirs.token === null) return mine;
  if (mine.token !== null) {
    const [mineSpent, theirsSpent] = [isSpent(mine.token), isSpent(theirs.token)];
    if (mineSpent === theirsSpent ? compareTokens(theirs.token, mine.token) <= 0 : theirsSpent) return mine;
  }
  return theirs;
}
