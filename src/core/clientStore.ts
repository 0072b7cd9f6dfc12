import type { Readable } from "./authClient.ts";
import { type AuthEmitter, createAuthEmitter, happeningsBetween } from "./authEmitter.ts";
import type { AuthState } from "./authState.ts";
import { type HeldToken, isOpen } from "./knowledge.ts";
import { createReadable } from "./readable.ts";
import {
  type ClientEvent,
  type ClientState,
  type Effect,
  initialState,
  toAuthState,
  transition,
} from "./transition.ts";

/** The state of a client, and the one way to change it. */
export interface ClientStore {
  getState(): ClientState;
  /** Takes an event to its end: the new state, its effects, what happened, who watches; in this order. */
  dispatch(event: ClientEvent): void;
  readonly authState: Readable<AuthState>;
  readonly accessToken: Readable<string | null>;
  readonly emitter: AuthEmitter;
  /** Tells nobody of anything from now on. */
  clear(): void;
}

export function createClientStore({
  rethrow,
  isSpent,
  run,
  onApplied,
}: {
  readonly rethrow: (error: unknown) => void;
  readonly isSpent: (token: HeldToken) => boolean;
  readonly run: (effect: Effect) => void;
  /** After the effects, before anybody is told. Returns what to do once everybody has been. */
  readonly onApplied: (before: ClientState, after: ClientState) => () => void;
}): ClientStore {
  let state = initialState;
  let isCleared = false;
  const emitter = createAuthEmitter(rethrow);
  const authState = createReadable<AuthState>(toAuthState(state), rethrow);
  const accessToken = createReadable<string | null>(null, rethrow);

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
    const step = transition(before, event, isSpent);
    state = step.state;
    for (const effect of step.effects) run(effect);
    const finish = onApplied(before, state);
    const token = isOpen(state.known) && state.known.identity !== null ? state.known.token : null;
    const shown = toAuthState(state);
    const isNew = !isSameState(authState.getState(), shown);
    // Both take their value before anybody is told: no listener sees one subject beside another's token.
    const tell = [isNew ? authState.assign(shown) : () => {}, accessToken.assign(token?.value ?? null)];
    for (const happening of isCleared ? [] : happeningsBetween(before, state)) emitter.emit(happening);
    for (const tellOne of tell) tellOne();
    finish();
  }

  return {
    getState: () => state,
    dispatch,
    authState,
    accessToken,
    emitter,
    clear() {
      isCleared = true;
      emitter.clear();
      authState.clear();
      accessToken.clear();
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
