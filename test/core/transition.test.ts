import { describe, expect, it } from "vitest";
import { isOpen } from "../../src/core/knowledge.ts";
import {
  type ClientEvent,
  type ClientState,
  hasChanged,
  initialState,
  toAuthState,
  transition,
} from "../../src/core/transition.ts";
import {
  ada,
  describeStep,
  earlier,
  events,
  first,
  hint,
  isSpent,
  later,
  names,
  now,
  renewed,
  states,
  table,
} from "./transitionTable.ts";

const deepFreeze = <T>(value: T): T => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
};

describe("transition", () => {
  it("is tested with every event", () => {
    expect(Object.keys(table)).toEqual(Object.keys(events));
    const seen = new Set(Object.values(events).map((make) => make(initialState).type));
    const all: Record<ClientEvent["type"], true> = {
      hinted: true,
      actBegan: true,
      signInAnswered: true,
      refreshAnswered: true,
      refreshDenied: true,
      startFailed: true,
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

  it.each(names)("never opens an ended session again, whatever is tried: %s", (name) => {
    const state: ClientState = states[name];
    const { known } = state;
    if (known === null || isOpen(known)) return;
    for (const make of Object.values(events)) {
      const after = transition(state, make(state), isSpent).state.known;
      if (after?.number === known.number) expect(isOpen(after)).toBe(false);
    }
  });

  it("does not hear twice of a hint that the server refuted", () => {
    const refuted = transition(
      states["open without a token"],
      { type: "refreshAnswered", knowledge: earlier, basis: now(states["open without a token"]) },
      isSpent,
    ).state;
    expect(transition(refuted, { type: "hinted", knowledge: hint(10) }, isSpent).state).toBe(refuted);
    expect(transition(refuted, { type: "hinted", knowledge: hint(11) }, isSpent).state.known?.number).toBe(11);
  });

  it("remembers only the last eight refuted hints", () => {
    let state: ClientState = states.open;
    for (let number = 100; number < 120; number += 1) {
      state = transition(state, { type: "hinted", knowledge: hint(number) }, isSpent).state;
      state = transition(state, { type: "refreshAnswered", knowledge: renewed, basis: now(state) }, isSpent).state;
    }
    expect(state.refuted.map(({ number }) => number)).toEqual([112, 113, 114, 115, 116, 117, 118, 119]);
  });

  it("keeps the identity object while it says the same", () => {
    const same = { ...renewed, identity: structuredClone(ada) };
    const { state } = transition(
      states.open,
      { type: "refreshAnswered", knowledge: same, basis: now(states.open) },
      isSpent,
    );
    expect(state.known?.identity).toBe(ada);
    expect(state.lastIdentity).toBe(ada);
  });

  it.each([
    ["expired", ada],
    ["revoked", null],
    ["none", ada],
  ] as const)("after the end as %s, remembers as the owner of the page's data: %o", (reason, owner) => {
    const { state } = transition(states.open, { type: "refreshDenied", reason, basis: now(states.open) }, isSpent);
    expect(state.lastIdentity).toBe(owner);
    expect(toAuthState(state)).toEqual({
      status: "unauthenticated",
      reason: reason === "none" ? "expired" : reason,
      previousIdentity: ada,
    });
  });
});

describe("hasChanged", () => {
  const { open } = states;
  it.each<[string, boolean, Partial<ClientState>]>([
    ["nothing", false, {}],
    ["an act", true, { acts: 1 }],
    ["another session", true, { known: later }],
    ["no session", true, { known: null }],
    ["the session's end", true, { known: states.expired.known }],
    ["another token", true, { known: renewed }],
    ["the same token string, answered anew", true, { known: { ...open.known, token: { ...first, count: 2 } } }],
    ["a rejection of the token", false, { known: { ...open.known, token: { ...first, rejected: true } } }],
  ])("with %s: %s", (_name, expected, changes) => {
    expect(hasChanged({ ...open, ...changes }, now(open))).toBe(expected);
  });
});
