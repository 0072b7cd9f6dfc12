import { describe, expect, it } from "vitest";
import { isOpen } from "../../src/core/session.ts";
import {
  type ClientEvent,
  type ClientState,
  hasChanged,
  initialState,
  toAuthState,
  transition,
} from "../../src/core/transition.ts";
import { sessionOf } from "./sessionOf.ts";
import {
  ada,
  describeStep,
  events,
  first,
  later,
  names,
  now,
  renewed,
  rules,
  states,
  table,
  told,
} from "./transitionTable.ts";

const deepFreeze = <T>(value: T): T => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
};
const step = (state: ClientState, event: ClientEvent) => transition(state, event, rules);

describe("transition", () => {
  it("is tested with every event", () => {
    expect(Object.keys(table)).toEqual(Object.keys(events));
    const seen = new Set(Object.values(events).map((make) => make(initialState).type));
    const all: Record<ClientEvent["type"], true> = {
      received: true,
      signInBegan: true,
      signInAnswered: true,
      refreshAnswered: true,
      refreshDenied: true,
      startUnanswered: true,
      guestUnanswered: true,
      signedOutHere: true,
      signOutConfirmed: true,
      tokenRejected: true,
      lifetimePassed: true,
    };
    expect([...seen].sort()).toEqual(Object.keys(all).sort());
  });

  describe.each(Object.keys(events))("%s", (event) => {
    it.each(names)("in the state: %s", (name) => {
      const state = deepFreeze(structuredClone(states[name]) as ClientState);
      const made = events[event]?.(state);
      if (made === undefined) throw new Error("no such event");
      expect(describeStep(state, deepFreeze(made))).toBe(table[event]?.[name] ?? table[event]?.otherwise);
    });
  });

  it.each(names)("never opens an ended session again but by a sign-in, whatever is tried: %s", (name) => {
    const state: ClientState = states[name];
    const { session } = state;
    if (session === null || isOpen(session)) return;
    for (const make of Object.values(events)) {
      const after = step(state, make(state)).state.session;
      if (after?.number === session.number) expect(isOpen(after)).toBe(false);
    }
  });

  // T3, T4
  it.each(names)("nothing that is only told shows or hides anybody, or reaches the server: %s", (name) => {
    const state: ClientState = states[name];
    for (const number of [11, 9e15]) {
      for (const end of ["open", "expired", "revoked", "signedOut"] as const) {
        const { state: after, effects } = step(state, {
          type: "received",
          told: told(number, end),
          isConfirmed: false,
        });
        expect(toAuthState(after)).toEqual(toAuthState(state));
        expect(after.session).toBe(state.session);
        expect(effects).toEqual([]);
      }
    }
  });

  // T4
  it("takes no number that was only told for its own, so that none outranks the sessions to come", () => {
    const heard = step(states.open, { type: "received", told: told(9e15, "signedOut"), isConfirmed: true }).state;
    expect(toAuthState(heard)).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    const again = step(heard, { type: "received", told: later, isConfirmed: true }).state;
    expect(toAuthState(again)).toMatchObject({ status: "authenticated", identity: { subject: "bob" } });
  });

  // T3
  it.each(["open", "expired", "revoked", "signedOut"] as const)(
    "is not ended by a denial that was asked for before a sibling told of a later session, also where a stray is in question: %s",
    (end) => {
      const question = (state: ClientState, about: ReturnType<typeof told>): ClientState =>
        step(state, { type: "received", told: about, isConfirmed: false }).state;
      const asked = question(states.open, told(30, end));
      const heard = question(asked, told(20));
      const deny = (state: ClientState, snapshot: ClientState): ClientState =>
        step(state, { type: "refreshDenied", reason: "revoked", snapshot }).state;
      expect(heard.unverified).toMatchObject({ number: 30, end });
      expect(toAuthState(deny(heard, asked)).status).toBe("authenticated");
      expect(toAuthState(deny(heard, heard)).status).toBe("unauthenticated");
    },
  );

  it("keeps the identity object while it says the same", () => {
    const same = { ...renewed, identity: structuredClone(ada) };
    const { state } = step(states.open, { type: "refreshAnswered", answer: same, snapshot: now(states.open) });
    expect(state.session?.identity).toBe(ada);
    expect(state.lastIdentity).toBe(ada);
  });

  it.each([
    ["expired", ada],
    ["revoked", null],
    ["none", ada],
  ] as const)("after the end as %s, remembers as the owner of the page's data: %o", (reason, owner) => {
    const { state } = step(states.open, { type: "refreshDenied", reason, snapshot: now(states.open) });
    expect(state.lastIdentity).toBe(owner);
    expect(toAuthState(state)).toEqual({
      status: "unauthenticated",
      reason: reason === "none" ? "expired" : reason,
      previousIdentity: ada,
    });
  });
});

// S01, S02 (ZnDraw)
describe("where guests are automatic", () => {
  const automatic = { ...rules, guestsAreAutomatic: true };
  const denied = (state: ClientState) =>
    describeStep(state, { type: "refreshDenied", reason: "expired", snapshot: state }, automatic);
  const guest = { ...states.open, session: { ...states.open.session, isGuest: true } };
  const told10 = (changes: Partial<ReturnType<typeof told>>) => ({
    ...initialState,
    unverified: { ...told(10), ...changes },
  });

  it.each<[string, ClientState, string]>([
    ["nobody was ever here", initialState, "loading, startGuest"],
    ["a user's record is left", told10({}), "expired 0"],
    ["a user has expired", told10({ end: "expired" }), "expired 0"],
    ["somebody has signed out", told10({ end: "signedOut" }), "loading 0, startGuest"],
    ["a guest was here", told10({ isGuest: true }), "loading 0, startGuest"],
    ["a user's session ends in the open page", states.open, "expired 10, publish"],
    ["a guest's session ends in the open page", guest, "loading 10, publish, startGuest"],
  ])("%s", (_name, state, expected) => {
    expect(denied(state)).toBe(expected);
  });

  it("shows nobody once the guest start has failed", () => {
    const starting = transition(
      initialState,
      { type: "refreshDenied", reason: "none", snapshot: initialState },
      automatic,
    ).state;
    expect(toAuthState(step(starting, { type: "guestUnanswered" }).state)).toMatchObject({ reason: "none" });
  });
});

describe("hasChanged", () => {
  const { open } = states;
  it.each<[string, boolean, Partial<ClientState>]>([
    ["nothing", false, {}],
    ["an act", true, { epoch: 1 }],
    ["another session", true, { session: later }],
    ["no session", true, { session: null }],
    ["the session's end", true, { session: states.expired.session }],
    ["another token", true, { session: renewed }],
    ["the same token string, answered anew", true, { session: { ...open.session, token: { ...first, count: 2 } } }],
    ["a rejection of the token", false, { session: { ...open.session, token: { ...first, rejected: true } } }],
    ["a record in question", false, { unverified: sessionOf(20) }],
  ])("with %s: %s", (_name, expected, changes) => {
    expect(hasChanged({ ...open, ...changes }, now(open))).toBe(expected);
  });
});
