import type { AuthState, Identity, UnauthenticatedReason } from "./authState.ts";
import { keepIdentity } from "./identity.ts";
import {
  compareSessions,
  type HeldToken,
  isOpen,
  isSameSession,
  join,
  type Knowledge,
  type SessionName,
} from "./knowledge.ts";

/** All that a client has. What it is doing is a second axis, kept elsewhere. */
export interface ClientState {
  readonly known: Knowledge | null;
  /** The start-up has had its answer: without a session, nobody is signed in. */
  readonly settled: boolean;
  /** Whose data this page may still hold. */
  readonly lastIdentity: Identity | null;
  /** Grows with every sign-in and sign-out of this tab: an answer that left before one of them is late. */
  readonly acts: number;
  /** While `known` is but a hint: what was known for certain before it, and what was learned of that since. */
  readonly beforeHint: Knowledge | null;
  /** Sessions that only untrusted hints told of, and that the server knew nothing of. */
  readonly refuted: readonly SessionName[];
}

/** What an answer is compared with: the state as it was when its request left. */
export type Basis = Pick<ClientState, "known" | "acts" | "beforeHint">;

export type ClientEvent =
  | { readonly type: "hinted"; readonly knowledge: Knowledge }
  | { readonly type: "actBegan" }
  | { readonly type: "signInAnswered"; readonly knowledge: Knowledge; readonly basis: Basis }
  | { readonly type: "refreshAnswered"; readonly knowledge: Knowledge; readonly basis: Basis }
  | {
      readonly type: "refreshDenied";
      readonly reason: Exclude<UnauthenticatedReason, "signedOut">;
      readonly basis: Basis;
    }
  | { readonly type: "startFailed" }
  | { readonly type: "signedOutHere" }
  | { readonly type: "signOutConfirmed"; readonly session: SessionName }
  | { readonly type: "tokenRejected"; readonly value: string }
  | { readonly type: "lifetimePassed"; readonly session: SessionName };

/**
 * `share`: write the note (`byHand`: of somebody's own sign-in or sign-out) and tell the siblings; `sendSignOut`: end this
 * session at the server.
 */
export type Effect =
  | { readonly type: "share"; readonly byHand: boolean }
  | { readonly type: "abortRefresh" }
  | { readonly type: "sendSignOut"; readonly session: SessionName | null; readonly token: string | null };

export interface Step {
  readonly state: ClientState;
  readonly effects: readonly Effect[];
}

export const initialState: ClientState = {
  known: null,
  settled: false,
  lastIdentity: null,
  acts: 0,
  beforeHint: null,
  refuted: [],
};

// Where nothing was known there is still something to sign out of: a cookie that this page has not asked about.
const NOBODY: Knowledge = {
  number: 0,
  id: "",
  end: "signedOut",
  owed: true,
  isGuest: false,
  token: null,
  identity: null,
  hinted: false,
};

const share: Effect = { type: "share", byHand: false };
const shareByHand: Effect = { type: "share", byHand: true };

const nameOf = ({ number, id }: SessionName): SessionName => ({ number, id });

const sendSignOut = (knowledge: Knowledge): Effect => ({
  type: "sendSignOut",
  session: knowledge.number === 0 ? null : nameOf(knowledge),
  token: knowledge.token?.value ?? null,
});

const close = (known: Knowledge, end: Knowledge["end"], owed = false): Knowledge => ({
  ...known,
  end,
  owed,
  token: null,
  hinted: false,
});

const endOf = (reason: Exclude<UnauthenticatedReason, "signedOut">): "revoked" | "expired" =>
  reason === "revoked" ? "revoked" : "expired";

// The last few are enough: each of them costs whoever made it up a refresh.
const refute = ({ refuted }: ClientState, hint: SessionName): readonly SessionName[] => [
  ...refuted.slice(-7),
  nameOf(hint),
];

/** As if nobody had told of `hint`, which the server has just shown to be nobody's session. */
const withoutHint = (state: ClientState, hint: SessionName): ClientState => ({
  ...state,
  known: state.beforeHint,
  beforeHint: null,
  refuted: refute(state, hint),
});

// What was learned of certain sessions since the request left makes its answer late for them, too.
const basisWithoutHint = ({ beforeHint, acts }: Basis): Basis => ({ known: beforeHint, beforeHint: null, acts });

/** Whether what the tab knows is no longer what it was when a request left. */
export function hasChanged(state: Basis, basis: Basis): boolean {
  const [now, then] = [state.known, basis.known];
  if (state.acts !== basis.acts || (now === null) !== (then === null)) return true;
  if (now === null || then === null) return false;
  return (
    !isSameSession(now, then) ||
    now.end !== then.end ||
    now.token?.value !== then.token?.value ||
    now.token?.count !== then.token?.count
  );
}

/** The one place where what a client has changes. Pure: the same state and event give the same step. */
export function transition(state: ClientState, event: ClientEvent, isSpent: (token: HeldToken) => boolean): Step {
  const stay: Step = { state, effects: [] };

  // Every way to new knowledge ends here, so that no state shows one subject's claims beside another's token.
  function know(known: Knowledge, effects: readonly Effect[] = [share], changes: Partial<ClientState> = {}): Step {
    const identity = isOpen(known) ? keepIdentity(state.lastIdentity, known.identity) : known.identity;
    const forgets = known.end === "signedOut" || known.end === "revoked";
    const settled = state.settled || (isOpen(known) && identity !== null) || (!isOpen(known) && !known.hinted);
    return {
      state: {
        ...state,
        settled,
        known: identity === known.identity ? known : { ...known, identity },
        lastIdentity: forgets ? null : ((isOpen(known) ? identity : null) ?? state.lastIdentity),
        beforeHint: known.hinted ? certainBefore(known) : null,
        ...changes,
      },
      effects,
    };
  }

  function certainBefore(hint: Knowledge): Knowledge | null {
    if (state.known === null || state.known.hinted) return state.beforeHint;
    return isSameSession(state.known, hint) ? null : state.known;
  }

  const { known } = state;
  switch (event.type) {
    case "hinted": {
      const told = event.knowledge;
      // An end that nobody vouches for settles nothing where the server has had its say: it is asked which of them is true.
      const isNews = known === null ? state.settled : compareSessions(told, known) > 0;
      const hint: Knowledge = told.hinted && !isOpen(told) && isNews ? { ...told, end: "open" } : told;
      if (state.refuted.some((session) => isSameSession(session, hint))) return stay;
      // Neither the session nor its end is more than hearsay: the server is being asked, and this adds nothing.
      if (known?.hinted && isOpen(known) && hint.hinted && isSameSession(known, hint)) return stay;
      // Somebody's real session goes before the end of one that only a hint told of.
      if (known?.hinted && !isOpen(known) && hint.token !== null && compareSessions(hint, known) < 0) {
        return transition(withoutHint(state, known), event, isSpent);
      }
      const joined = join(known, hint, isSpent);
      if (joined === known) {
        if (!known.hinted || hint.hinted || compareSessions(hint, known) >= 0) return stay;
        // The hint may turn out to be nobody's: what is certain of earlier sessions is not lost on it.
        const beforeHint = join(state.beforeHint, hint, isSpent);
        return beforeHint === state.beforeHint ? stay : { state: { ...state, beforeHint }, effects: [] };
      }
      // While the start-up is asking, a note that says signed out may be old: the server has the last word.
      return know(joined, [], isOpen(joined) ? {} : { settled: state.settled });
    }
    case "actBegan":
      return { state: { ...state, acts: state.acts + 1 }, effects: [{ type: "abortRefresh" }] };
    case "signInAnswered": {
      const { knowledge, basis } = event;
      const overtaken = state.acts !== basis.acts;
      const order = known === null ? 1 : compareSessions(knowledge, known);
      // The server drew this number after all that it knew when this sign-in left: what stood higher then is not from it.
      const refutes = order < 0 && !hasChanged(state, basis);
      if (overtaken) {
        const closed = close(knowledge, "signedOut", true);
        return order > 0
          ? know(closed, [shareByHand, sendSignOut(knowledge)])
          : { state, effects: [sendSignOut(knowledge)] };
      }
      if (order >= 0 || known === null) return know(knowledge, [shareByHand]);
      if (refutes) return know(knowledge, [shareByHand], { refuted: refute(state, known) });
      // Of a later session that only a hint told of meanwhile, who has it will tell again, and the server is asked.
      return known.hinted ? know(knowledge, [shareByHand]) : { state, effects: [sendSignOut(knowledge)] };
    }
    case "refreshAnswered": {
      const { knowledge, basis } = event;
      if (hasChanged(state, basis)) {
        if (!isSameSession(known, knowledge) || !isOpen(known)) return stay;
        const joined = join(known, knowledge, isSpent);
        return joined === known ? stay : know(joined);
      }
      if (known === null) return know(knowledge);
      const order = compareSessions(knowledge, known);
      if (order > 0 || (order === 0 && (isOpen(known) || known.hinted))) return know(knowledge);
      if (order < 0 && known.hinted) {
        return transition(withoutHint(state, known), { ...event, basis: basisWithoutHint(basis) }, isSpent);
      }
      const refusal = sendSignOut(knowledge);
      return isOpen(known)
        ? know(close(known, "expired"), [share, refusal])
        : { state: { ...state, settled: true }, effects: [refusal] };
    }
    case "refreshDenied": {
      if (hasChanged(state, event.basis)) return stay;
      if (known === null) return { state: { ...state, settled: true }, effects: [] };
      if (known.hinted && isOpen(known) && state.settled) {
        return transition(withoutHint(state, known), { ...event, basis: basisWithoutHint(event.basis) }, isSpent);
      }
      // A note of an earlier visit may tell what has ended, but vouches for nothing: other tabs may know better.
      if (known.hinted && isOpen(known)) {
        return know({ ...known, end: endOf(event.reason), hinted: true }, [], { settled: true });
      }
      if (isOpen(known)) return know(close(known, endOf(event.reason)));
      const hinted = known.hinted && known.end !== "signedOut";
      return { state: { ...state, settled: true, known: { ...known, hinted } }, effects: [] };
    }
    case "startFailed":
      // A note that says signed out may be shown while the server is out of reach; a session may not be denied.
      return known !== null && !isOpen(known) && !state.settled
        ? { state: { ...state, settled: true }, effects: [] }
        : stay;
    case "signedOutHere": {
      const effects: readonly Effect[] = [{ type: "abortRefresh" }, shareByHand];
      const acted = { acts: state.acts + 1 };
      if (known === null) return know(NOBODY, [...effects, sendSignOut(NOBODY)], acted);
      // What the start-up was asking is settled by the user's own word, also when only an old note says signed out.
      if (known.end === "signedOut")
        return {
          state: { ...state, ...acted, settled: true },
          effects: [{ type: "abortRefresh" }, sendSignOut(known)],
        };
      const certain = isOpen(state.beforeHint) ? [sendSignOut(state.beforeHint)] : [];
      return know(close(known, "signedOut", true), [...effects, ...certain, sendSignOut(known)], acted);
    }
    case "signOutConfirmed":
      if (!known?.owed || !isSameSession(known, event.session)) return stay;
      return know({ ...known, owed: false });
    case "tokenRejected":
      if (!isOpen(known) || known.token?.value !== event.value || known.token.rejected) return stay;
      return { state: { ...state, known: { ...known, token: { ...known.token, rejected: true } } }, effects: [] };
    case "lifetimePassed":
      return isOpen(known) && isSameSession(known, event.session) ? know(close(known, "expired")) : stay;
  }
}

/** What a state looks like from outside. */
export function toAuthState({ known, settled, lastIdentity }: ClientState): AuthState {
  if (isOpen(known)) {
    return known.identity === null ? { status: "loading" } : { status: "authenticated", identity: known.identity };
  }
  if (!settled) return { status: "loading" };
  const reason = known === null || known.end === "open" ? "none" : known.end;
  return { status: "unauthenticated", reason, previousIdentity: known?.identity ?? lastIdentity };
}
