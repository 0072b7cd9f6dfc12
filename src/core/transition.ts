import type { AuthState, Identity, UnauthenticatedReason } from "./authState.ts";
import {
  closeSession,
  compareRecords,
  compareSessions,
  isNobody,
  isOpen,
  isSameSession,
  merge,
  type OpenSession,
  type Session,
  type SessionEnd,
  type SessionName,
  type SessionRecord,
} from "./session.ts";
import { type HeldToken, keepIdentity } from "./token.ts";

/** All that a client has. What it is doing is a second axis, kept elsewhere. */
export interface ClientState {
  /** What the server said, to this tab or to a sibling whom the shared record confirms. It only grows (K2). */
  readonly session: Session | null;
  /** A later session, or an end, of which only a message or the shared record tells: a question, never a state (T2). */
  readonly unverified: SessionRecord | null;
  /** The start-up has had its answer: without a session, nobody is signed in. */
  readonly initialized: boolean;
  /** Whose data this page may still hold. */
  readonly lastIdentity: Identity | null;
  /** Grows with every sign-in and sign-out of this tab: an answer that left before one of them is late. */
  readonly epoch: number;
  /** The epoch of the last sign-out: what was begun before it counts no more. */
  readonly leftAt: number;
}

/** What an answer is compared with: the state as it was when its request left. */
export type Snapshot = Pick<ClientState, "session" | "unverified" | "epoch">;

/**
 * `received`: a message of a sibling, or the shared record alone; `isConfirmed` when both say the same of this session.
 * `signOutConfirmed`: the server has heard of it; `ended` is the session behind one that named none, where the server tells.
 * `startUnanswered`: the start-up got no answer that counts; `isFirstVisit` when the shared record knows of nobody here.
 */
export type ClientEvent =
  | { readonly type: "received"; readonly told: Session; readonly isConfirmed: boolean }
  | { readonly type: "signInBegan" }
  | { readonly type: "signInAnswered"; readonly answer: OpenSession; readonly snapshot: Snapshot }
  | { readonly type: "refreshAnswered"; readonly answer: OpenSession; readonly snapshot: Snapshot }
  | {
      readonly type: "refreshDenied";
      readonly reason: Exclude<UnauthenticatedReason, "signedOut">;
      readonly snapshot: Snapshot;
    }
  | { readonly type: "startUnanswered"; readonly isFirstVisit: boolean }
  | { readonly type: "guestUnanswered" }
  | { readonly type: "signedOutHere" }
  | { readonly type: "signOutConfirmed"; readonly session: SessionName; readonly ended: SessionName | null }
  | { readonly type: "tokenRejected"; readonly value: string }
  | { readonly type: "lifetimePassed"; readonly session: SessionName };

/**
 * `publish`: write the shared record and tell the siblings (`byHand`: of somebody's own sign-in or sign-out; `refuted`: records
 * that the server has shown to be wrong, and that may be overwritten). `sendSignOut`: end this session at the server.
 */
export type Effect =
  | { readonly type: "publish"; readonly byHand: boolean; readonly refuted: readonly SessionName[] }
  | { readonly type: "abortRefresh" }
  | { readonly type: "sendSignOut"; readonly session: SessionName | null; readonly token: string | null }
  | { readonly type: "startGuest" };

export interface Step {
  readonly state: ClientState;
  readonly effects: readonly Effect[];
}

/** What the decisions depend on besides state and event. */
export interface Rules {
  readonly isSpent: (token: HeldToken) => boolean;
  /** Whether somebody without a session becomes a guest unasked. */
  readonly guestsAreAutomatic: boolean;
}

export const initialState: ClientState = {
  session: null,
  unverified: null,
  initialized: false,
  lastIdentity: null,
  epoch: 0,
  leftAt: 0,
};

/**
 * Nobody, and why: lower than every session, so that it outranks none. Where nothing is known there is still something to sign
 * out of, a cookie that this page has not asked about.
 */
const nobody = (end: Exclude<SessionEnd, "open">, isGuest = false): Session => ({
  number: 0,
  id: "",
  end,
  pendingSignOut: false,
  isGuest,
  token: null,
  identity: null,
});

const publish = (refuted: readonly (SessionName | null)[] = [], byHand = false): Effect => ({
  type: "publish",
  byHand,
  refuted: refuted.filter((record) => record !== null),
});

/** S3: by its name, so that it ends no session that began since. */
const sendSignOut = (session: SessionRecord, token: string | null = null): Effect => ({
  type: "sendSignOut",
  session: isNobody(session) ? null : { number: session.number, id: session.id },
  token,
});

/** Whether what the tab has of the session is no longer what it was when a request left. */
export function hasChanged(state: Snapshot, snapshot: Snapshot): boolean {
  const [now, then] = [state.session, snapshot.session];
  if (state.epoch !== snapshot.epoch || (now === null) !== (then === null)) return true;
  if (now === null || then === null) return false;
  return (
    !isSameSession(now, then) ||
    now.end !== then.end ||
    now.token?.value !== then.token?.value ||
    now.token?.count !== then.token?.count
  );
}

/** Whether only the server can say what is so: of an end that was merely heard nothing needs to be known where nobody is in. */
export const isInQuestion = ({ session, unverified }: Snapshot): boolean =>
  unverified !== null && (unverified.end === "open" || isOpen(session));

const stay = (state: ClientState): Step => ({ state, effects: [] });

const change = (state: ClientState, changes: Partial<ClientState>, ...effects: Effect[]): Step => ({
  state: { ...state, ...changes },
  effects,
});

/** Every new session goes through here, so that no state shows one subject's claims beside another's token. */
function become(
  state: ClientState,
  next: Session,
  effects: readonly Effect[],
  changes: Partial<ClientState> = {},
): Step {
  const identity = isOpen(next) ? keepIdentity(state.lastIdentity, next.identity) : next.identity;
  const forgets = next.end === "signedOut" || next.end === "revoked";
  const lastIdentity = forgets ? null : ((isOpen(next) ? identity : null) ?? state.lastIdentity);
  const session = identity === next.identity ? next : { ...next, identity };
  return { state: { ...state, session, initialized: true, lastIdentity, ...changes }, effects };
}

/** An answer clears what was in question when its request left, and what it outranks; nothing that came since. */
function leftUnverified({ unverified }: ClientState, snapshot: Snapshot, answer: SessionName): SessionRecord | null {
  return unverified === snapshot.unverified ? null : unlessOutranked(unverified, answer);
}

const unlessOutranked = (unverified: SessionRecord | null, by: SessionName): SessionRecord | null =>
  unverified !== null && compareSessions(unverified, by) <= 0 ? null : unverified;

/** The one place where what a client has changes (K3). Pure: the same state and event give the same step. */
export function transition(state: ClientState, event: ClientEvent, rules: Rules): Step {
  const { session, unverified } = state;
  switch (event.type) {
    case "received":
      return receive(state, event, rules);
    case "signInBegan":
      return change(state, { epoch: state.epoch + 1 }, { type: "abortRefresh" });
    case "signInAnswered":
      return takeSignIn(state, event);
    case "refreshAnswered":
      return takeRefresh(state, event, rules);
    case "refreshDenied":
      return deny(state, event, rules);
    case "startUnanswered": {
      // S6: a session may not be denied while the server is out of reach, but its end may be shown.
      if (session !== null || state.initialized) return stay(state);
      if (unverified === null) {
        return event.isFirstVisit && !rules.guestsAreAutomatic ? change(state, { initialized: true }) : stay(state);
      }
      return unverified.end === "open" ? stay(state) : become(state, nobody(unverified.end, unverified.isGuest), []);
    }
    case "guestUnanswered":
      return state.initialized ? stay(state) : change(state, { initialized: true });
    case "signedOutHere":
      return signOut(state);
    case "signOutConfirmed":
      return confirmSignOut(state, event, rules);
    case "tokenRejected":
      if (!isOpen(session) || session.token.value !== event.value || session.token.rejected) return stay(state);
      return change(state, { session: { ...session, token: { ...session.token, rejected: true } } });
    case "lifetimePassed":
      return isOpen(session) && isSameSession(session, event.session)
        ? become(state, closeSession(session, "expired"), [publish()])
        : stay(state);
  }
}

type EventOf<T extends ClientEvent["type"]> = Extract<ClientEvent, { type: T }>;

function receive(state: ClientState, { told, isConfirmed }: EventOf<"received">, rules: Rules): Step {
  const { session, unverified } = state;
  const order = session === null ? 1 : compareSessions(told, session);
  if (order < 0) return stay(state);
  if (order === 0) {
    const merged = merge(session, told, rules.isSpent);
    if (merged === session) return stay(state);
    // T2, T5: a token of the session at hand, or its sign-out; any other end takes two who say so.
    if (isOpen(told) || told.end === "signedOut" || isConfirmed) {
      return become(state, merged, [], { unverified: isConfirmed || !isOpen(merged) ? null : unverified });
    }
  } else if (isConfirmed) {
    const isSignedOut = unverified?.end === "signedOut" && isSameSession(unverified, told); // K5
    if (isOpen(told) && !isSignedOut) return become(state, told, [], { unverified: null }); // T2
    // T5: its number does not become this tab's, so that no wrong one can outrank the sessions to come.
    if (told.end === "signedOut" && isOpen(session)) {
      return become(state, closeSession(session, "signedOut"), [], { unverified: told });
    }
  }
  return question(state, told);
}

/** K4, T3: what is only told is kept beside what is so, for the server to answer. */
function question(state: ClientState, { number, id, end, pendingSignOut, isGuest }: SessionRecord): Step {
  const { unverified } = state;
  const record: SessionRecord = { number, id, end, pendingSignOut, isGuest };
  const isNews =
    unverified === null ||
    compareRecords(record, unverified) > 0 ||
    (!isInQuestion(state) && isInQuestion({ ...state, unverified: record }));
  if (isNews) return change(state, { unverified: record });
  // What is in question may be a stray that hides this one: no denial that was asked for before it may end anything.
  return end === "open" && !isSameSession(record, unverified)
    ? change(state, { unverified: { ...unverified } })
    : stay(state);
}

function takeSignIn(state: ClientState, { answer, snapshot }: EventOf<"signInAnswered">): Step {
  const { session } = state;
  const order = session === null ? 1 : compareSessions(answer, session);
  const refusal = sendSignOut(answer, answer.token.value);
  if (state.leftAt > snapshot.epoch) {
    // S4: it is ended, not shown.
    return order > 0
      ? become(state, closeSession(answer, "signedOut", true), [publish([], true), refusal])
      : { state, effects: [refusal] };
  }
  // The server drew this number after all that it knew when this sign-in left: what stood higher then is not from it.
  if (order < 0 && hasChanged(state, snapshot)) return { state, effects: [refusal] };
  if (order === 0 && !isOpen(session)) return { state, effects: [refusal] }; // K5
  const refuted = [snapshot.unverified, order < 0 ? session : null];
  return become(state, answer, [publish(refuted, true)], { unverified: leftUnverified(state, snapshot, answer) });
}

function takeRefresh(state: ClientState, { answer, snapshot }: EventOf<"refreshAnswered">, rules: Rules): Step {
  const { session, unverified } = state;
  if (hasChanged(state, snapshot)) {
    // R1
    if (!isOpen(session) || !isSameSession(session, answer)) return stay(state);
    const merged = merge(session, answer, rules.isSpent);
    return merged === session ? stay(state) : become(state, merged, [publish()]);
  }
  const refusal = sendSignOut(answer, answer.token.value);
  // K5: whoever signed out of just this session was told so; that the server still has it shows that it was not.
  if (unverified?.end === "signedOut" && isSameSession(unverified, answer)) {
    return become(state, closeSession(answer, "signedOut", true), [publish(), refusal], { unverified: null });
  }
  const order = session === null ? 1 : compareSessions(answer, session);
  if (order > 0 || (order === 0 && isOpen(session))) {
    const left = leftUnverified(state, snapshot, answer);
    return become(state, answer, [publish([snapshot.unverified])], { unverified: left }); // R2, T4
  }
  // R2: lower than what the server gave before, or ended here.
  return isOpen(session)
    ? become(state, closeSession(session, "expired"), [publish(), refusal], { unverified: null })
    : change(state, { initialized: true }, refusal);
}

function deny(state: ClientState, { reason, snapshot }: EventOf<"refreshDenied">, rules: Rules): Step {
  const { session, unverified } = state;
  if (hasChanged(state, snapshot)) return stay(state); // R3
  // What was told of since may be the very session that took this one's place: the server is asked of that.
  if (unverified !== snapshot.unverified && isInQuestion(state)) return stay(state);
  const ended = reason === "revoked" ? "revoked" : "expired";
  if (isOpen(session)) {
    // T5: the server confirms that this one is over, and the record that somebody signed out.
    const end = unverified?.end === "signedOut" ? "signedOut" : ended;
    const follows = guestAfter({ ...session, end }, rules);
    const changes = { unverified: null, initialized: follows.length === 0 };
    return become(state, closeSession(session, end), [publish([unverified]), ...follows], changes);
  }
  const last = unverified ?? session;
  const follows = guestAfter(last, rules);
  const isKept = session !== null && !isNobody(session);
  const shown = last === null ? null : nobody(last.end === "open" ? ended : last.end, last.isGuest);
  const changes = {
    session: isKept ? session : shown,
    unverified: unverified?.pendingSignOut ? unverified : null,
    initialized: state.initialized || follows.length === 0,
  };
  return change(state, changes, ...follows);
}

/** Nobody becomes a guest by the end of a user's session, nor before a sign-out has reached the server. */
function guestAfter(last: SessionRecord | null, { guestsAreAutomatic }: Rules): readonly Effect[] {
  const mayFollow = last === null || ((last.isGuest || last.end === "signedOut") && !last.pendingSignOut);
  return guestsAreAutomatic && mayFollow ? [{ type: "startGuest" }] : [];
}

function signOut(state: ClientState): Step {
  const { session, unverified } = state;
  const own = session ?? nobody("signedOut");
  // A later session that only was told of ends as well, by its name: whoever signs out means all that is in this browser.
  const later = isSameSession(unverified, own) ? null : unverified;
  const effects: Effect[] = [
    { type: "abortRefresh" },
    publish([], true),
    sendSignOut(own, isOpen(session) ? session.token.value : null),
    ...(later === null || isNobody(own) ? [] : [sendSignOut(later)]),
  ];
  const isPending = own.end !== "signedOut" || own.pendingSignOut || isNobody(own);
  const epoch = state.epoch + 1;
  return become(state, closeSession(own, "signedOut", isPending), effects, {
    epoch,
    leftAt: epoch,
    unverified: later === null ? null : { ...later, end: "signedOut", pendingSignOut: true },
  });
}

function confirmSignOut(state: ClientState, { session: name, ended }: EventOf<"signOutConfirmed">, rules: Rules): Step {
  const confirmed = <T extends SessionRecord>(record: T | null): T | null =>
    record?.pendingSignOut && isSameSession(record, name) ? { ...record, pendingSignOut: false } : record;
  const [session, unverified] = [confirmed(state.session), confirmed(state.unverified)];
  // S3: the tabs that have found it meanwhile hear of its end by its name, and those that are about to find it refuse it (K5).
  const over = ended && merge(session, { ...nobody("signedOut"), ...ended }, rules.isSpent);
  if (over !== null && over !== session) {
    return become(state, over, [publish([], true)], { unverified: unlessOutranked(unverified, over) });
  }
  if (session === state.session && unverified === state.unverified) return stay(state);
  return change(state, { session, unverified }, publish([], true));
}

/** What a state looks like from outside. */
export function toAuthState({ session, initialized, lastIdentity }: ClientState): AuthState {
  if (isOpen(session)) return { status: "authenticated", identity: session.identity };
  if (!initialized) return { status: "loading" };
  const reason = session === null || session.end === "open" ? "none" : session.end;
  return { status: "unauthenticated", reason, previousIdentity: session?.identity ?? lastIdentity };
}
