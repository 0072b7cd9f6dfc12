import { type HeldToken, isOpen, type Knowledge } from "../../src/core/knowledge.ts";
import {
  type ClientEvent,
  type ClientState,
  type Effect,
  initialState,
  toAuthState,
  transition,
} from "../../src/core/transition.ts";
import { identityOf, knowledgeOf, tokenOf } from "./knowledgeOf.ts";

export const ada = identityOf("ada", "s10");
const bob = identityOf("bob", "s20");
export const isSpent = (token: HeldToken): boolean => token.rejected;

export const first = tokenOf("first");
export const renewed = knowledgeOf(10, { identity: ada, token: tokenOf("second", { count: 2 }) });
export const later = knowledgeOf(20, { identity: bob, token: tokenOf("bob's") });
export const earlier = knowledgeOf(5, { identity: identityOf("ada", "s5"), token: tokenOf("old") });
export const hint = (number: number, end: Knowledge["end"] = "open", owed = false): Knowledge =>
  knowledgeOf(number, { end, owed, hinted: end !== "signedOut" });

/** Session 10 in each of the conditions that a client can be in. */
export const states = {
  unknown: initialState,
  hinted: { ...initialState, known: hint(10) },
  open: { ...initialState, settled: true, known: knowledgeOf(10, { identity: ada, token: first }), lastIdentity: ada },
  "open without a token": {
    ...initialState,
    settled: true,
    known: hint(10),
    lastIdentity: bob,
    beforeHint: knowledgeOf(7, { identity: bob, token: tokenOf("seventh") }),
  },
  expired: {
    ...initialState,
    settled: true,
    known: knowledgeOf(10, { identity: ada, end: "expired" }),
    lastIdentity: ada,
  },
  revoked: { ...initialState, settled: true, known: knowledgeOf(10, { identity: ada, end: "revoked" }) },
  "signed out, says the note": { ...initialState, known: hint(10, "signedOut", true) },
  owed: { ...initialState, settled: true, known: knowledgeOf(10, { identity: ada, end: "signedOut", owed: true }) },
  confirmed: { ...initialState, settled: true, known: knowledgeOf(10, { identity: ada, end: "signedOut" }) },
} satisfies Record<string, ClientState>;

export type StateName = keyof typeof states;
export const names = Object.keys(states) as StateName[];

export const now = (state: ClientState) => state;
/** As it was before a sign-in or sign-out of this tab. */
const beforeAnAct = (state: ClientState) => ({ ...state, acts: state.acts - 1 });
/** As it was when this tab knew of another session. */
const otherThen = (state: ClientState) => ({ ...state, known: knowledgeOf(3) });

export const events: Record<string, (state: ClientState) => ClientEvent> = {
  "hinted: the same session with a later token": () => ({ type: "hinted", knowledge: renewed }),
  "hinted: an earlier session": () => ({ type: "hinted", knowledge: earlier }),
  "hinted: a later session without a token": () => ({ type: "hinted", knowledge: hint(20) }),
  "hinted: a later session, expired": () => ({ type: "hinted", knowledge: hint(20, "expired") }),
  "hinted: a later session with a token": () => ({ type: "hinted", knowledge: later }),
  "hinted: a later session, signed out": () => ({ type: "hinted", knowledge: hint(20, "signedOut", true) }),
  "hinted: this session, expired": () => ({ type: "hinted", knowledge: hint(10, "expired") }),
  "hinted: this session, signed out and owed": () => ({ type: "hinted", knowledge: hint(10, "signedOut", true) }),
  "hinted: this session, signed out and confirmed": () => ({ type: "hinted", knowledge: hint(10, "signedOut") }),
  actBegan: () => ({ type: "actBegan" }),
  "signInAnswered: a later session": (state) => ({ type: "signInAnswered", knowledge: later, basis: now(state) }),
  "signInAnswered: a later session, overtaken by an act": (state) => ({
    type: "signInAnswered",
    knowledge: later,
    basis: beforeAnAct(state),
  }),
  "signInAnswered: an earlier session": (state) => ({ type: "signInAnswered", knowledge: earlier, basis: now(state) }),
  "signInAnswered: an earlier session, overtaken by another tab": (state) => ({
    type: "signInAnswered",
    knowledge: earlier,
    basis: otherThen(state),
  }),
  "signInAnswered: an earlier session, overtaken by an act": (state) => ({
    type: "signInAnswered",
    knowledge: earlier,
    basis: beforeAnAct(state),
  }),
  "refreshAnswered: the same session": (state) => ({ type: "refreshAnswered", knowledge: renewed, basis: now(state) }),
  "refreshAnswered: a later session": (state) => ({ type: "refreshAnswered", knowledge: later, basis: now(state) }),
  "refreshAnswered: an earlier session": (state) => ({
    type: "refreshAnswered",
    knowledge: earlier,
    basis: now(state),
  }),
  "refreshAnswered: the same session, overtaken": (state) => ({
    type: "refreshAnswered",
    knowledge: renewed,
    basis: otherThen(state),
  }),
  "refreshAnswered: a later session, overtaken": (state) => ({
    type: "refreshAnswered",
    knowledge: later,
    basis: beforeAnAct(state),
  }),
  "refreshDenied: expired": (state) => ({ type: "refreshDenied", reason: "expired", basis: now(state) }),
  "refreshDenied: revoked": (state) => ({ type: "refreshDenied", reason: "revoked", basis: now(state) }),
  "refreshDenied: none": (state) => ({ type: "refreshDenied", reason: "none", basis: now(state) }),
  "refreshDenied: expired, overtaken": (state) => ({
    type: "refreshDenied",
    reason: "expired",
    basis: otherThen(state),
  }),
  startFailed: () => ({ type: "startFailed" }),
  signedOutHere: () => ({ type: "signedOutHere" }),
  "signOutConfirmed: this session": () => ({ type: "signOutConfirmed", session: { number: 10, id: "s10" } }),
  "signOutConfirmed: another session": () => ({ type: "signOutConfirmed", session: { number: 9, id: "s9" } }),
  "tokenRejected: the token in use": () => ({ type: "tokenRejected", value: "first" }),
  "tokenRejected: another token": () => ({ type: "tokenRejected", value: "long gone" }),
  "lifetimePassed: this session": () => ({ type: "lifetimePassed", session: { number: 10, id: "s10" } }),
  "lifetimePassed: another session": () => ({ type: "lifetimePassed", session: { number: 9, id: "s9" } }),
};

function describeState(state: ClientState): string {
  const shown = toAuthState(state);
  const status =
    shown.status === "authenticated" ? shown.identity.subject : shown.status === "loading" ? "loading" : shown.reason;
  const { known } = state;
  const token = known?.token ? ` ${known.token.value}${known.token.rejected ? "!" : ""}` : "";
  return `${status}${known === null ? "" : ` ${known.number}`}${isOpen(known) ? token : known?.owed ? " owed" : ""}`;
}
function describeEffect(effect: Effect): string {
  if (effect.type === "share") return effect.byHand ? "share at once" : "share";
  if (effect.type !== "sendSignOut") return effect.type;
  return `signOut ${effect.session?.number ?? "unnamed"}${effect.token === null ? "" : ` with ${effect.token}`}`;
}
export function describeStep(state: ClientState, event: ClientEvent): string {
  const step = transition(state, event, isSpent);
  const parts = [step.state === state ? "stays" : describeState(step.state), ...step.effects.map(describeEffect)];
  if (step.state.acts !== state.acts) parts.push("an act");
  const { beforeHint } = step.state;
  if (beforeHint !== state.beforeHint && beforeHint !== null) parts.push(`before it ${beforeHint.number}`);
  if (step.state.refuted.length > 0) parts.push(`refuted ${step.state.refuted.map(({ number }) => number).join()}`);
  return parts.join(", ");
}

/** What comes of each event in each state: what is shown, the session's number, the token ("!": rejected), then the effects. */
export const table: Record<string, Partial<Record<StateName, string>> & { otherwise: string }> = {
  "hinted: the same session with a later token": {
    otherwise: "stays",
    unknown: "ada 10 second",
    hinted: "ada 10 second",
    open: "ada 10 second",
    "open without a token": "ada 10 second",
  },
  "hinted: an earlier session": {
    otherwise: "stays",
    unknown: "ada 5 old",
    hinted: "loading 10, before it 5",
  },
  "hinted: a later session without a token": {
    otherwise: "loading 20, before it 10",
    unknown: "loading 20",
    hinted: "loading 20",
    "open without a token": "loading 20",
  },
  "hinted: a later session, expired": {
    otherwise: "loading 20, before it 10",
    unknown: "loading 20",
    hinted: "loading 20",
    "open without a token": "loading 20",
  },
  "hinted: a later session with a token": {
    otherwise: "bob 20 bob's",
  },
  "hinted: a later session, signed out": {
    otherwise: "signedOut 20 owed",
    unknown: "loading 20 owed",
    hinted: "loading 20 owed",
    "signed out, says the note": "loading 20 owed",
  },
  "hinted: this session, expired": {
    otherwise: "stays",
    unknown: "loading 10",
    open: "expired 10",
  },
  "hinted: this session, signed out and owed": {
    otherwise: "signedOut 10 owed",
    unknown: "loading 10 owed",
    hinted: "loading 10 owed",
    "signed out, says the note": "stays",
    owed: "stays",
    confirmed: "stays",
  },
  "hinted: this session, signed out and confirmed": {
    otherwise: "signedOut 10",
    unknown: "loading 10",
    hinted: "loading 10",
    "signed out, says the note": "loading 10",
    confirmed: "stays",
  },
  actBegan: {
    otherwise: "loading 10, abortRefresh, an act",
    unknown: "loading, abortRefresh, an act",
    open: "ada 10 first, abortRefresh, an act",
    expired: "expired 10, abortRefresh, an act",
    revoked: "revoked 10, abortRefresh, an act",
    "signed out, says the note": "loading 10 owed, abortRefresh, an act",
    owed: "signedOut 10 owed, abortRefresh, an act",
    confirmed: "signedOut 10, abortRefresh, an act",
  },
  "signInAnswered: a later session": {
    otherwise: "bob 20 bob's, share at once",
  },
  "signInAnswered: a later session, overtaken by an act": {
    otherwise: "signedOut 20 owed, share at once, signOut 20 with bob's",
  },
  "signInAnswered: an earlier session": {
    otherwise: "ada 5 old, share at once, refuted 10",
    unknown: "ada 5 old, share at once",
  },
  "signInAnswered: an earlier session, overtaken by another tab": {
    otherwise: "stays, signOut 5 with old",
    hinted: "ada 5 old, share at once",
    "open without a token": "ada 5 old, share at once",
    unknown: "ada 5 old, share at once",
  },
  "signInAnswered: an earlier session, overtaken by an act": {
    otherwise: "stays, signOut 5 with old",
    unknown: "signedOut 5 owed, share at once, signOut 5 with old",
  },
  "refreshAnswered: the same session": {
    otherwise: "ada 10 second, share",
    expired: "expired 10, signOut 10 with second",
    revoked: "revoked 10, signOut 10 with second",
    "signed out, says the note": "signedOut 10 owed, signOut 10 with second",
    owed: "signedOut 10 owed, signOut 10 with second",
    confirmed: "signedOut 10, signOut 10 with second",
  },
  "refreshAnswered: a later session": {
    otherwise: "bob 20 bob's, share",
  },
  "refreshAnswered: an earlier session": {
    otherwise: "ada 5 old, share, refuted 10",
    unknown: "ada 5 old, share",
    "open without a token": "expired 7, share, signOut 5 with old, refuted 10",
    open: "expired 10, share, signOut 5 with old",
    expired: "expired 10, signOut 5 with old",
    revoked: "revoked 10, signOut 5 with old",
    "signed out, says the note": "signedOut 10 owed, signOut 5 with old",
    owed: "signedOut 10 owed, signOut 5 with old",
    confirmed: "signedOut 10, signOut 5 with old",
  },
  "refreshAnswered: the same session, overtaken": {
    otherwise: "stays",
    hinted: "ada 10 second, share",
    open: "ada 10 second, share",
    "open without a token": "ada 10 second, share",
  },
  "refreshAnswered: a later session, overtaken": {
    otherwise: "stays",
  },
  "refreshDenied: expired": {
    otherwise: "expired 10, share",
    hinted: "expired 10",
    "open without a token": "expired 7, share, refuted 10",
    unknown: "none",
    expired: "expired 10",
    revoked: "revoked 10",
    "signed out, says the note": "signedOut 10 owed",
    owed: "signedOut 10 owed",
    confirmed: "signedOut 10",
  },
  "refreshDenied: revoked": {
    otherwise: "revoked 10, share",
    hinted: "revoked 10",
    "open without a token": "revoked 7, share, refuted 10",
    unknown: "none",
    expired: "expired 10",
    revoked: "revoked 10",
    "signed out, says the note": "signedOut 10 owed",
    owed: "signedOut 10 owed",
    confirmed: "signedOut 10",
  },
  "refreshDenied: none": {
    otherwise: "expired 10, share",
    hinted: "expired 10",
    "open without a token": "expired 7, share, refuted 10",
    unknown: "none",
    expired: "expired 10",
    revoked: "revoked 10",
    "signed out, says the note": "signedOut 10 owed",
    owed: "signedOut 10 owed",
    confirmed: "signedOut 10",
  },
  "refreshDenied: expired, overtaken": {
    otherwise: "stays",
  },
  startFailed: {
    otherwise: "stays",
    "signed out, says the note": "signedOut 10 owed",
  },
  signedOutHere: {
    otherwise: "signedOut 10 owed, abortRefresh, share at once, signOut 10, an act",
    unknown: "signedOut 0 owed, abortRefresh, share at once, signOut unnamed, an act",
    open: "signedOut 10 owed, abortRefresh, share at once, signOut 10 with first, an act",
    "open without a token":
      "signedOut 10 owed, abortRefresh, share at once, signOut 7 with seventh, signOut 10, an act",
    "signed out, says the note": "signedOut 10 owed, abortRefresh, signOut 10, an act",
    owed: "signedOut 10 owed, abortRefresh, signOut 10, an act",
    confirmed: "signedOut 10, abortRefresh, signOut 10, an act",
  },
  "signOutConfirmed: this session": {
    otherwise: "stays",
    "signed out, says the note": "signedOut 10, share",
    owed: "signedOut 10, share",
  },
  "signOutConfirmed: another session": {
    otherwise: "stays",
  },
  "tokenRejected: the token in use": {
    otherwise: "stays",
    open: "ada 10 first!",
  },
  "tokenRejected: another token": {
    otherwise: "stays",
  },
  "lifetimePassed: this session": {
    otherwise: "stays",
    hinted: "expired 10, share",
    open: "expired 10, share",
    "open without a token": "expired 10, share",
  },
  "lifetimePassed: another session": {
    otherwise: "stays",
  },
};
