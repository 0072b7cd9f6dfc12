import { isOpen, type Session, type SessionEnd, type SessionName, type SessionRecord } from "../../src/core/session.ts";
import {
  type ClientEvent,
  type ClientState,
  type Effect,
  initialState,
  type Rules,
  toAuthState,
  transition,
} from "../../src/core/transition.ts";
import { identityOf, openSessionOf, sessionOf, tokenOf } from "./sessionOf.ts";

export const ada = identityOf("ada", "s10");
export const rules: Rules = { isSpent: ({ rejected }) => rejected, guestsAreAutomatic: false };

export const first = tokenOf("first");
const open = openSessionOf(10, "ada", first);
export const renewed = openSessionOf(10, "ada", tokenOf("second", { count: 2 }));
export const later = openSessionOf(20, "bob", tokenOf("bob's"));
export const earlier = openSessionOf(5, "ada", tokenOf("old"));
const ended = (end: SessionEnd, pendingSignOut = false): Session =>
  sessionOf(10, { identity: ada, end, pendingSignOut });
/** What a message or the shared record tells. */
export const told = (number: number, end: SessionEnd = "open", pendingSignOut = false): Session =>
  sessionOf(number, { end, pendingSignOut });
const recordOf = (number: number, end: SessionEnd = "open", pendingSignOut = false): SessionRecord => {
  const { token: _token, identity: _identity, ...record } = told(number, end, pendingSignOut);
  return record;
};
const signedIn = { ...initialState, initialized: true, lastIdentity: ada };

/** Session 10 in each of the conditions that a client can be in; "asks" where a record is in question. */
export const states = {
  unknown: initialState,
  "unknown, asks for 10": { ...initialState, unverified: recordOf(10) },
  "unknown, 10 is told signed out": { ...initialState, unverified: recordOf(10, "signedOut", true) },
  nobody: { ...initialState, initialized: true },
  open: { ...signedIn, session: open },
  "open, asks for 20": { ...signedIn, session: open, unverified: recordOf(20) },
  "open, asks for its end": { ...signedIn, session: open, unverified: recordOf(10, "expired") },
  expired: { ...signedIn, session: ended("expired") },
  revoked: { ...initialState, initialized: true, session: ended("revoked") },
  pending: { ...initialState, initialized: true, session: ended("signedOut", true) },
  confirmed: { ...initialState, initialized: true, session: ended("signedOut") },
} satisfies Record<string, ClientState>;

export type StateName = keyof typeof states;
export const names = Object.keys(states) as StateName[];

export const now = (state: ClientState) => state;
/** As it was before a sign-in or sign-out of this tab. */
const beforeAnAct = (state: ClientState) => ({ ...state, epoch: state.epoch - 1 });
/** As it was when this tab had another session. */
const otherThen = (state: ClientState) => ({ ...state, session: sessionOf(3) });
/** As it was before the record that is in question was heard of. */
const beforeTheQuestion = (state: ClientState) => ({ ...state, unverified: null });
const confirmed = (session: SessionName, ended: number | null = null): ClientEvent => ({
  type: "signOutConfirmed",
  session,
  ended: ended === null ? null : { number: ended, id: `s${ended}` },
});

export const events: Record<string, (state: ClientState) => ClientEvent> = {
  "received: this session with a later token": () => ({ type: "received", told: renewed, isConfirmed: false }),
  "received, confirmed: this session with a later token": () => ({
    type: "received",
    told: renewed,
    isConfirmed: true,
  }),
  "received, confirmed: an earlier session": () => ({ type: "received", told: earlier, isConfirmed: true }),
  "received: a later session without a token": () => ({ type: "received", told: told(20), isConfirmed: true }),
  "received: a later session with a token": () => ({ type: "received", told: later, isConfirmed: false }),
  "received, confirmed: a later session with a token": () => ({ type: "received", told: later, isConfirmed: true }),
  "received: a later session, expired": () => ({ type: "received", told: told(20, "expired"), isConfirmed: false }),
  "received: a later session, signed out": () => ({
    type: "received",
    told: told(20, "signedOut", true),
    isConfirmed: false,
  }),
  "received, confirmed: a later session, signed out": () => ({
    type: "received",
    told: told(20, "signedOut", true),
    isConfirmed: true,
  }),
  "received: this session, expired": () => ({ type: "received", told: told(10, "expired"), isConfirmed: false }),
  "received, confirmed: this session, expired": () => ({
    type: "received",
    told: told(10, "expired"),
    isConfirmed: true,
  }),
  "received: this session, signed out": () => ({
    type: "received",
    told: told(10, "signedOut", true),
    isConfirmed: false,
  }),
  "received: this session, signed out and confirmed": () => ({
    type: "received",
    told: told(10, "signedOut"),
    isConfirmed: false,
  }),
  signInBegan: () => ({ type: "signInBegan" }),
  "signInAnswered: a later session": (state) => ({ type: "signInAnswered", answer: later, snapshot: now(state) }),
  "signInAnswered: a later session, overtaken by an act": (state) => ({
    type: "signInAnswered",
    answer: later,
    snapshot: beforeAnAct(state),
  }),
  "signInAnswered: this session": (state) => ({ type: "signInAnswered", answer: renewed, snapshot: now(state) }),
  "signInAnswered: an earlier session": (state) => ({ type: "signInAnswered", answer: earlier, snapshot: now(state) }),
  "signInAnswered: an earlier session, overtaken by another tab": (state) => ({
    type: "signInAnswered",
    answer: earlier,
    snapshot: otherThen(state),
  }),
  "signInAnswered: an earlier session, overtaken by an act": (state) => ({
    type: "signInAnswered",
    answer: earlier,
    snapshot: beforeAnAct(state),
  }),
  "refreshAnswered: this session": (state) => ({ type: "refreshAnswered", answer: renewed, snapshot: now(state) }),
  "refreshAnswered: this session, asked before the question": (state) => ({
    type: "refreshAnswered",
    answer: renewed,
    snapshot: beforeTheQuestion(state),
  }),
  "refreshAnswered: a later session": (state) => ({ type: "refreshAnswered", answer: later, snapshot: now(state) }),
  "refreshAnswered: an earlier session": (state) => ({
    type: "refreshAnswered",
    answer: earlier,
    snapshot: now(state),
  }),
  "refreshAnswered: this session, overtaken": (state) => ({
    type: "refreshAnswered",
    answer: renewed,
    snapshot: otherThen(state),
  }),
  "refreshAnswered: a later session, overtaken": (state) => ({
    type: "refreshAnswered",
    answer: later,
    snapshot: beforeAnAct(state),
  }),
  "refreshDenied: expired": (state) => ({ type: "refreshDenied", reason: "expired", snapshot: now(state) }),
  "refreshDenied: revoked": (state) => ({ type: "refreshDenied", reason: "revoked", snapshot: now(state) }),
  "refreshDenied: none": (state) => ({ type: "refreshDenied", reason: "none", snapshot: now(state) }),
  "refreshDenied: expired, overtaken": (state) => ({
    type: "refreshDenied",
    reason: "expired",
    snapshot: otherThen(state),
  }),
  "refreshDenied: expired, asked before the question": (state) => ({
    type: "refreshDenied",
    reason: "expired",
    snapshot: beforeTheQuestion(state),
  }),
  startUnanswered: () => ({ type: "startUnanswered", isFirstVisit: false }),
  "startUnanswered: a first visit": () => ({ type: "startUnanswered", isFirstVisit: true }),
  guestUnanswered: () => ({ type: "guestUnanswered" }),
  signedOutHere: () => ({ type: "signedOutHere" }),
  "signOutConfirmed: this session": () => confirmed({ number: 10, id: "s10" }),
  "signOutConfirmed: another session": () => confirmed({ number: 9, id: "s9" }),
  "signOutConfirmed: unnamed": () => confirmed({ number: 0, id: "" }),
  "signOutConfirmed: unnamed, which was an earlier session": () => confirmed({ number: 0, id: "" }, 9),
  "signOutConfirmed: unnamed, which was 10": () => confirmed({ number: 0, id: "" }, 10),
  "signOutConfirmed: unnamed, which was a later session": () => confirmed({ number: 0, id: "" }, 20),
  "tokenRejected: the token in use": () => ({ type: "tokenRejected", value: "first" }),
  "tokenRejected: another token": () => ({ type: "tokenRejected", value: "long gone" }),
  "lifetimePassed: this session": () => ({ type: "lifetimePassed", session: { number: 10, id: "s10" } }),
  "lifetimePassed: another session": () => ({ type: "lifetimePassed", session: { number: 9, id: "s9" } }),
};

const describeRecord = ({ number, end, pendingSignOut }: SessionRecord): string =>
  `${number}${end === "open" ? "" : ` ${end}`}${pendingSignOut ? " pending" : ""}`;

function describeState(state: ClientState): string {
  const shown = toAuthState(state);
  const status =
    shown.status === "authenticated" ? shown.identity.subject : shown.status === "loading" ? "loading" : shown.reason;
  const { session, unverified } = state;
  const token = isOpen(session) ? ` ${session.token.value}${session.token.rejected ? "!" : ""}` : "";
  const own = session === null ? "" : ` ${session.number}${token}${session.pendingSignOut ? " pending" : ""}`;
  return `${status}${own}${unverified === null ? "" : `, asks ${describeRecord(unverified)}`}`;
}

function describeEffect(effect: Effect): string {
  if (effect.type === "publish") {
    const over = effect.refuted.length === 0 ? "" : ` over ${effect.refuted.map(({ number }) => number).join(" and ")}`;
    return `publish${effect.byHand ? " by hand" : ""}${over}`;
  }
  if (effect.type !== "sendSignOut") return effect.type;
  return `signOut ${effect.session?.number ?? "unnamed"}${effect.token === null ? "" : ` with ${effect.token}`}`;
}

export function describeStep(state: ClientState, event: ClientEvent, given: Rules = rules): string {
  const step = transition(state, event, given);
  const parts = [step.state === state ? "stays" : describeState(step.state), ...step.effects.map(describeEffect)];
  if (step.state.epoch !== state.epoch) parts.push("an act");
  return parts.join(", ");
}

/** What comes of each event in each state: what is shown, the session's number and token, what is asked, then the effects. */
export const table: Record<string, Partial<Record<StateName, string>> & { otherwise: string }> = {
  "received: this session with a later token": {
    otherwise: "stays",
    unknown: "loading, asks 10",
    "unknown, 10 is told signed out": "loading, asks 10",
    nobody: "none, asks 10",
    open: "ada 10 second",
    "open, asks for 20": "ada 10 second, asks 20",
    "open, asks for its end": "ada 10 second, asks 10 expired",
  },
  "received, confirmed: this session with a later token": {
    otherwise: "stays",
    unknown: "ada 10 second",
    "unknown, asks for 10": "ada 10 second",
    "unknown, 10 is told signed out": "loading, asks 10",
    nobody: "ada 10 second",
    open: "ada 10 second",
    "open, asks for 20": "ada 10 second",
    "open, asks for its end": "ada 10 second",
  },
  "received, confirmed: an earlier session": {
    otherwise: "stays",
    unknown: "ada 5 old",
    "unknown, asks for 10": "ada 5 old",
    "unknown, 10 is told signed out": "ada 5 old",
    nobody: "ada 5 old",
  },
  "received: a later session without a token": {
    otherwise: "stays",
    unknown: "loading, asks 20",
    "unknown, asks for 10": "loading, asks 20",
    "unknown, 10 is told signed out": "loading, asks 20",
    nobody: "none, asks 20",
    open: "ada 10 first, asks 20",
    "open, asks for its end": "ada 10 first, asks 20",
    expired: "expired 10, asks 20",
    revoked: "revoked 10, asks 20",
    pending: "signedOut 10 pending, asks 20",
    confirmed: "signedOut 10, asks 20",
  },
  "received: a later session with a token": {
    otherwise: "stays",
    unknown: "loading, asks 20",
    "unknown, asks for 10": "loading, asks 20",
    "unknown, 10 is told signed out": "loading, asks 20",
    nobody: "none, asks 20",
    open: "ada 10 first, asks 20",
    "open, asks for its end": "ada 10 first, asks 20",
    expired: "expired 10, asks 20",
    revoked: "revoked 10, asks 20",
    pending: "signedOut 10 pending, asks 20",
    confirmed: "signedOut 10, asks 20",
  },
  "received, confirmed: a later session with a token": {
    otherwise: "bob 20 bob's",
  },
  "received: a later session, expired": {
    otherwise: "loading, asks 20 expired",
    nobody: "none, asks 20 expired",
    open: "ada 10 first, asks 20 expired",
    "open, asks for 20": "ada 10 first, asks 20 expired",
    "open, asks for its end": "ada 10 first, asks 20 expired",
    expired: "expired 10, asks 20 expired",
    revoked: "revoked 10, asks 20 expired",
    pending: "signedOut 10 pending, asks 20 expired",
    confirmed: "signedOut 10, asks 20 expired",
  },
  "received: a later session, signed out": {
    otherwise: "loading, asks 20 signedOut pending",
    nobody: "none, asks 20 signedOut pending",
    open: "ada 10 first, asks 20 signedOut pending",
    "open, asks for 20": "ada 10 first, asks 20 signedOut pending",
    "open, asks for its end": "ada 10 first, asks 20 signedOut pending",
    expired: "expired 10, asks 20 signedOut pending",
    revoked: "revoked 10, asks 20 signedOut pending",
    pending: "signedOut 10 pending, asks 20 signedOut pending",
    confirmed: "signedOut 10, asks 20 signedOut pending",
  },
  "received, confirmed: a later session, signed out": {
    otherwise: "signedOut 10, asks 20 signedOut pending",
    unknown: "loading, asks 20 signedOut pending",
    "unknown, asks for 10": "loading, asks 20 signedOut pending",
    "unknown, 10 is told signed out": "loading, asks 20 signedOut pending",
    nobody: "none, asks 20 signedOut pending",
    expired: "expired 10, asks 20 signedOut pending",
    revoked: "revoked 10, asks 20 signedOut pending",
    pending: "signedOut 10 pending, asks 20 signedOut pending",
  },
  "received: this session, expired": {
    otherwise: "stays",
    unknown: "loading, asks 10 expired",
    "unknown, asks for 10": "loading, asks 10 expired",
    nobody: "none, asks 10 expired",
    open: "ada 10 first, asks 10 expired",
  },
  "received, confirmed: this session, expired": {
    otherwise: "stays",
    unknown: "loading, asks 10 expired",
    "unknown, asks for 10": "loading, asks 10 expired",
    nobody: "none, asks 10 expired",
    open: "expired 10",
    "open, asks for 20": "expired 10",
    "open, asks for its end": "expired 10",
  },
  "received: this session, signed out": {
    otherwise: "stays",
    unknown: "loading, asks 10 signedOut pending",
    "unknown, asks for 10": "loading, asks 10 signedOut pending",
    nobody: "none, asks 10 signedOut pending",
    open: "signedOut 10 pending",
    "open, asks for 20": "signedOut 10 pending",
    "open, asks for its end": "signedOut 10 pending",
    expired: "signedOut 10 pending",
    revoked: "signedOut 10 pending",
  },
  "received: this session, signed out and confirmed": {
    otherwise: "stays",
    unknown: "loading, asks 10 signedOut",
    "unknown, asks for 10": "loading, asks 10 signedOut",
    "unknown, 10 is told signed out": "loading, asks 10 signedOut",
    nobody: "none, asks 10 signedOut",
    open: "signedOut 10",
    "open, asks for 20": "signedOut 10",
    "open, asks for its end": "signedOut 10",
    expired: "signedOut 10",
    revoked: "signedOut 10",
    pending: "signedOut 10",
  },
  signInBegan: {
    otherwise: "loading, abortRefresh, an act",
    "unknown, asks for 10": "loading, asks 10, abortRefresh, an act",
    "unknown, 10 is told signed out": "loading, asks 10 signedOut pending, abortRefresh, an act",
    nobody: "none, abortRefresh, an act",
    open: "ada 10 first, abortRefresh, an act",
    "open, asks for 20": "ada 10 first, asks 20, abortRefresh, an act",
    "open, asks for its end": "ada 10 first, asks 10 expired, abortRefresh, an act",
    expired: "expired 10, abortRefresh, an act",
    revoked: "revoked 10, abortRefresh, an act",
    pending: "signedOut 10 pending, abortRefresh, an act",
    confirmed: "signedOut 10, abortRefresh, an act",
  },
  "signInAnswered: a later session": {
    otherwise: "bob 20 bob's, publish by hand",
    "unknown, asks for 10": "bob 20 bob's, publish by hand over 10",
    "unknown, 10 is told signed out": "bob 20 bob's, publish by hand over 10",
    "open, asks for 20": "bob 20 bob's, publish by hand over 20",
    "open, asks for its end": "bob 20 bob's, publish by hand over 10",
  },
  "signInAnswered: a later session, overtaken by an act": {
    otherwise: "signedOut 20 pending, publish by hand, signOut 20 with bob's",
    "unknown, asks for 10": "signedOut 20 pending, asks 10, publish by hand, signOut 20 with bob's",
    "unknown, 10 is told signed out":
      "signedOut 20 pending, asks 10 signedOut pending, publish by hand, signOut 20 with bob's",
    "open, asks for 20": "signedOut 20 pending, asks 20, publish by hand, signOut 20 with bob's",
    "open, asks for its end": "signedOut 20 pending, asks 10 expired, publish by hand, signOut 20 with bob's",
  },
  "signInAnswered: this session": {
    otherwise: "stays, signOut 10 with second",
    unknown: "ada 10 second, publish by hand",
    "unknown, asks for 10": "ada 10 second, publish by hand over 10",
    "unknown, 10 is told signed out": "ada 10 second, publish by hand over 10",
    nobody: "ada 10 second, publish by hand",
    open: "ada 10 second, publish by hand",
    "open, asks for 20": "ada 10 second, publish by hand over 20",
    "open, asks for its end": "ada 10 second, publish by hand over 10",
  },
  "signInAnswered: an earlier session": {
    otherwise: "ada 5 old, publish by hand over 10",
    unknown: "ada 5 old, publish by hand",
    nobody: "ada 5 old, publish by hand",
    "open, asks for 20": "ada 5 old, publish by hand over 20 and 10",
    "open, asks for its end": "ada 5 old, publish by hand over 10 and 10",
  },
  "signInAnswered: an earlier session, overtaken by another tab": {
    otherwise: "stays, signOut 5 with old",
    unknown: "ada 5 old, publish by hand",
    "unknown, asks for 10": "ada 5 old, publish by hand over 10",
    "unknown, 10 is told signed out": "ada 5 old, publish by hand over 10",
    nobody: "ada 5 old, publish by hand",
  },
  "signInAnswered: an earlier session, overtaken by an act": {
    otherwise: "stays, signOut 5 with old",
    unknown: "signedOut 5 pending, publish by hand, signOut 5 with old",
    "unknown, asks for 10": "signedOut 5 pending, asks 10, publish by hand, signOut 5 with old",
    "unknown, 10 is told signed out":
      "signedOut 5 pending, asks 10 signedOut pending, publish by hand, signOut 5 with old",
    nobody: "signedOut 5 pending, publish by hand, signOut 5 with old",
  },
  "refreshAnswered: this session": {
    otherwise: "ada 10 second, publish",
    "unknown, asks for 10": "ada 10 second, publish over 10",
    "unknown, 10 is told signed out": "signedOut 10 pending, publish, signOut 10 with second",
    "open, asks for 20": "ada 10 second, publish over 20",
    "open, asks for its end": "ada 10 second, publish over 10",
    expired: "expired 10, signOut 10 with second",
    revoked: "revoked 10, signOut 10 with second",
    pending: "signedOut 10 pending, signOut 10 with second",
    confirmed: "signedOut 10, signOut 10 with second",
  },
  "refreshAnswered: this session, asked before the question": {
    otherwise: "ada 10 second, publish",
    "unknown, 10 is told signed out": "signedOut 10 pending, publish, signOut 10 with second",
    "open, asks for 20": "ada 10 second, asks 20, publish",
    expired: "expired 10, signOut 10 with second",
    revoked: "revoked 10, signOut 10 with second",
    pending: "signedOut 10 pending, signOut 10 with second",
    confirmed: "signedOut 10, signOut 10 with second",
  },
  "refreshAnswered: a later session": {
    otherwise: "bob 20 bob's, publish",
    "unknown, asks for 10": "bob 20 bob's, publish over 10",
    "unknown, 10 is told signed out": "bob 20 bob's, publish over 10",
    "open, asks for 20": "bob 20 bob's, publish over 20",
    "open, asks for its end": "bob 20 bob's, publish over 10",
  },
  "refreshAnswered: an earlier session": {
    otherwise: "expired 10, publish, signOut 5 with old",
    unknown: "ada 5 old, publish",
    "unknown, asks for 10": "ada 5 old, publish over 10",
    "unknown, 10 is told signed out": "ada 5 old, publish over 10",
    nobody: "ada 5 old, publish",
    expired: "expired 10, signOut 5 with old",
    revoked: "revoked 10, signOut 5 with old",
    pending: "signedOut 10 pending, signOut 5 with old",
    confirmed: "signedOut 10, signOut 5 with old",
  },
  "refreshAnswered: this session, overtaken": {
    otherwise: "stays",
    open: "ada 10 second, publish",
    "open, asks for 20": "ada 10 second, asks 20, publish",
    "open, asks for its end": "ada 10 second, asks 10 expired, publish",
  },
  "refreshAnswered: a later session, overtaken": {
    otherwise: "stays",
  },
  "refreshDenied: expired": {
    otherwise: "none",
    "unknown, asks for 10": "expired 0",
    "unknown, 10 is told signed out": "signedOut 0, asks 10 signedOut pending",
    open: "expired 10, publish",
    "open, asks for 20": "expired 10, publish over 20",
    "open, asks for its end": "expired 10, publish over 10",
    expired: "expired 10",
    revoked: "revoked 10",
    pending: "signedOut 10 pending",
    confirmed: "signedOut 10",
  },
  "refreshDenied: revoked": {
    otherwise: "none",
    "unknown, asks for 10": "revoked 0",
    "unknown, 10 is told signed out": "signedOut 0, asks 10 signedOut pending",
    open: "revoked 10, publish",
    "open, asks for 20": "revoked 10, publish over 20",
    "open, asks for its end": "revoked 10, publish over 10",
    expired: "expired 10",
    revoked: "revoked 10",
    pending: "signedOut 10 pending",
    confirmed: "signedOut 10",
  },
  "refreshDenied: none": {
    otherwise: "none",
    "unknown, asks for 10": "expired 0",
    "unknown, 10 is told signed out": "signedOut 0, asks 10 signedOut pending",
    open: "expired 10, publish",
    "open, asks for 20": "expired 10, publish over 20",
    "open, asks for its end": "expired 10, publish over 10",
    expired: "expired 10",
    revoked: "revoked 10",
    pending: "signedOut 10 pending",
    confirmed: "signedOut 10",
  },
  "refreshDenied: expired, overtaken": {
    otherwise: "stays",
  },
  "refreshDenied: expired, asked before the question": {
    otherwise: "stays",
    unknown: "none",
    "unknown, 10 is told signed out": "signedOut 0, asks 10 signedOut pending",
    nobody: "none",
    open: "expired 10, publish",
    expired: "expired 10",
    revoked: "revoked 10",
    pending: "signedOut 10 pending",
    confirmed: "signedOut 10",
  },
  startUnanswered: {
    otherwise: "stays",
    "unknown, 10 is told signed out": "signedOut 0, asks 10 signedOut pending",
  },
  "startUnanswered: a first visit": {
    otherwise: "stays",
    unknown: "none",
    "unknown, 10 is told signed out": "signedOut 0, asks 10 signedOut pending",
  },
  guestUnanswered: {
    otherwise: "stays",
    unknown: "none",
    "unknown, asks for 10": "none, asks 10",
    "unknown, 10 is told signed out": "none, asks 10 signedOut pending",
  },
  signedOutHere: {
    otherwise: "signedOut 10 pending, abortRefresh, publish by hand, signOut 10, an act",
    unknown: "signedOut 0 pending, abortRefresh, publish by hand, signOut unnamed, an act",
    "unknown, asks for 10":
      "signedOut 0 pending, asks 10 signedOut pending, abortRefresh, publish by hand, signOut unnamed, an act",
    "unknown, 10 is told signed out":
      "signedOut 0 pending, asks 10 signedOut pending, abortRefresh, publish by hand, signOut unnamed, an act",
    nobody: "signedOut 0 pending, abortRefresh, publish by hand, signOut unnamed, an act",
    open: "signedOut 10 pending, abortRefresh, publish by hand, signOut 10 with first, an act",
    "open, asks for 20":
      "signedOut 10 pending, asks 20 signedOut pending, abortRefresh, publish by hand, signOut 10 with first, signOut 20, an act",
    "open, asks for its end": "signedOut 10 pending, abortRefresh, publish by hand, signOut 10 with first, an act",
    confirmed: "signedOut 10, abortRefresh, publish by hand, signOut 10, an act",
  },
  "signOutConfirmed: this session": {
    otherwise: "stays",
    "unknown, 10 is told signed out": "loading, asks 10 signedOut, publish by hand",
    pending: "signedOut 10, publish by hand",
  },
  "signOutConfirmed: another session": {
    otherwise: "stays",
  },
  "signOutConfirmed: unnamed": {
    otherwise: "stays",
  },
  "signOutConfirmed: unnamed, which was an earlier session": {
    otherwise: "stays",
    unknown: "signedOut 9, publish by hand",
    "unknown, asks for 10": "signedOut 9, asks 10, publish by hand",
    "unknown, 10 is told signed out": "signedOut 9, asks 10 signedOut pending, publish by hand",
    nobody: "signedOut 9, publish by hand",
  },
  "signOutConfirmed: unnamed, which was 10": {
    otherwise: "signedOut 10, publish by hand",
    "open, asks for 20": "signedOut 10, asks 20, publish by hand",
    confirmed: "stays",
  },
  "signOutConfirmed: unnamed, which was a later session": {
    otherwise: "signedOut 20, publish by hand",
  },
  "tokenRejected: the token in use": {
    otherwise: "stays",
    open: "ada 10 first!",
    "open, asks for 20": "ada 10 first!, asks 20",
    "open, asks for its end": "ada 10 first!, asks 10 expired",
  },
  "tokenRejected: another token": {
    otherwise: "stays",
  },
  "lifetimePassed: this session": {
    otherwise: "stays",
    open: "expired 10, publish",
    "open, asks for 20": "expired 10, asks 20, publish",
    "open, asks for its end": "expired 10, asks 10 expired, publish",
  },
  "lifetimePassed: another session": {
    otherwise: "stays",
  },
};
