import { createAuthEmitter } from "./authEmitter.ts";
import type { AuthState } from "./authState.ts";
import { happeningsBetween } from "./happenings.ts";
import type { Parts, Store } from "./parts.ts";
import { createReadable } from "./readable.ts";
import { isOpen, isSameSession } from "./session.ts";
import { isSpent } from "./token.ts";
import { type ClientEvent, type Effect, initialState, type Rules, toAuthState, transition } from "./transition.ts";

export function createStore(parts: Parts): Store {
  const { rethrow } = parts;
  let state = initialState;
  let isCleared = false;
  const emitter = createAuthEmitter(rethrow);
  const authState = createReadable<AuthState>(toAuthState(state), rethrow);
  const accessToken = createReadable<string | null>(null, rethrow);
  const sessionEndsAt = createReadable<number | null>(null, rethrow);
  const rules: Rules = {
    isSpent: (token) => isSpent(token, parts.platform.clock),
    guestsAreAutomatic: parts.options.guests === "automatic",
  };

  // One event to its end before the next: a listener that signs out in the middle of a change is heard after it.
  const pending: ClientEvent[] = [];
  let isDispatching = false;

  function dispatch(event: ClientEvent): void {
    pending.push(event);
    if (isDispatching) return;
    isDispatching = true;
    try {
      for (let next = pending.shift(); next !== undefined; next = pending.shift()) apply(next);
    } finally {
      isDispatching = false;
    }
  }

  function apply(event: ClientEvent): void {
    const before = state;
    const step = transition(before, event, rules);
    state = step.state;
    for (const effect of step.effects) run(effect);
    if (state === before) return;
    parts.refresh.stateChanged(before, state);
    const shown = toAuthState(state);
    const isNew = !isSameState(authState.getState(), shown);
    const token = isOpen(state.session) ? state.session.token : null;
    // All take their value before anybody is told: no listener sees one subject beside another's token.
    const tell = [
      isNew ? authState.assign(shown) : () => {},
      accessToken.assign(token?.value ?? null),
      sessionEndsAt.assign(token?.sessionEndsAt ?? null),
    ];
    for (const happening of isCleared ? [] : happeningsBetween(before, state)) emitter.emit(happening);
    for (const tellOne of tell) tellOne();
    parts.lifecycle.stateChanged(before, state);
  }

  function run(effect: Effect): void {
    if (effect.type === "publish") publish(effect);
    else if (effect.type === "abortRefresh") parts.refresh.abort();
    else if (effect.type === "startGuest") void parts.lifecycle.startGuest();
    else void parts.signing.sendSignOut(effect.session, effect.token);
  }

  function publish(how: Extract<Effect, { type: "publish" }>): void {
    const { session, unverified } = state;
    const written = parts.record.readSession();
    // Whoever signs out of what the record alone knows says so in the record as well.
    const isRecorded = unverified?.end === "signedOut" && written !== null && isSameSession(written, unverified);
    const record = isRecorded ? unverified : session;
    if (record !== null && !parts.record.writeSession(record, how)) parts.tabs.readRecord();
    parts.tabs.tell();
  }

  return {
    getState: () => state,
    dispatch,
    authState,
    accessToken,
    sessionEndsAt,
    on: (event, listener) => emitter.on(event, listener),
    emit: (event, detail) => emitter.emit({ event, detail } as Parameters<typeof emitter.emit>[0]),
    clear() {
      isCleared = true;
      emitter.clear();
      authState.clear();
      accessToken.clear();
      sessionEndsAt.clear();
    },
  };
}

function isSameState(a: AuthState, b: AuthState): boolean {
  if (a.status === "authenticated" && b.status === "authenticated") return a.identity === b.identity;
  if (a.status === "unauthenticated" && b.status === "unauthenticated") {
    return a.reason === b.reason && a.previousIdentity === b.previousIdentity;
  }
  return a.status === b.status;
}
