import type { AuthClient } from "../core/authClient.ts";
import { isAuthError } from "../core/authError.ts";
import type { Identity } from "../core/authState.ts";
import type { RegisteredUser } from "../core/register.ts";
import type { AuthStore } from "./authStore.ts";

/** What `useSession()` returns: who is signed in, and what the server says of them. `status` and `identity` are as of `useAuth()`. */
export type Session = {
  /** The server's answer; null until it is there, and for nobody. */
  readonly user: RegisteredUser | null;
  /** Why there is no answer, or none newer than `user`. One that may pass (`unavailable`) is made up for without being asked. */
  readonly error: Error | null;
  /** Asks the server again. Resolves, never rejects, when `user` or `error` is the new one. */
  readonly refetch: () => Promise<void>;
} & (
  | { readonly status: "loading" | "unauthenticated"; readonly identity: null }
  | { readonly status: "authenticated"; readonly identity: Identity }
);

/** One answer for all components that ask, fetched when the first of them does. */
export interface SessionStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSession: () => Session;
  readonly getServerSession: () => Session;
}

interface Answer {
  readonly identity: Identity;
  readonly user: RegisteredUser | null;
  readonly error: Error | null;
}

const LONGEST_PAUSE_MS = 30_000;

export function createSessionStore({ client }: AuthStore): SessionStore {
  const listeners = new Set<() => void>();
  let answer: Answer | null = null;
  let flight: { readonly identity: Identity; readonly controller: AbortController } | null = null;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let unwatch: (() => void) | null = null;

  const refetch = async (): Promise<void> => {
    const identity = identityOf(client);
    if (identity !== null) await load(identity);
  };
  const serverSession: Session = { status: "loading", identity: null, user: null, error: null, refetch };
  let session = serverSession as Session;

  function tell(): void {
    for (const listener of [...listeners]) listener();
  }

  async function load(identity: Identity): Promise<void> {
    flight?.controller.abort();
    const own = { identity, controller: new AbortController() };
    flight = own;
    clearTimeout(retry);
    let user = answer?.user ?? null;
    let error: Error | null = null;
    try {
      user = keepSame(user, (await client.fetchUser({ signal: own.controller.signal })) as RegisteredUser);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    // Overtaken, or its person has left: nothing of it is kept.
    if (flight !== own) return;
    flight = null;
    answer = { identity, user, error };
    failures = error === null ? 0 : failures + 1;
    if (error !== null && listeners.size > 0 && mayPass(error)) retry = setTimeout(follow, pauseAfter(error, failures));
    tell();
  }

  /** What the client's state asks for: an answer of somebody else goes, a missing one is fetched for whoever watches. */
  function follow(): void {
    const identity = identityOf(client);
    const held = flight?.identity ?? answer?.identity;
    if (held !== undefined && held.subject !== identity?.subject) {
      flight?.controller.abort();
      [flight, answer, failures] = [null, null, 0];
      clearTimeout(retry);
    }
    const isAnswered = answer?.identity === identity && answer?.error === null;
    if (identity !== null && listeners.size > 0 && flight?.identity !== identity && !isAnswered) void load(identity);
    else if (identity === null && listeners.size === 0) stopWatching();
  }

  function watch(): void {
    const undo = [
      client.subscribe(() => {
        follow();
        tell();
      }),
      // The server is there again: what failed meanwhile need not wait any longer.
      client.on("refreshed", follow),
    ];
    unwatch = () => undo.forEach((step) => step());
  }

  function stopWatching(): void {
    unwatch?.();
    unwatch = null;
  }

  return {
    subscribe(listener) {
      const own = (): void => listener();
      listeners.add(own);
      if (unwatch === null) watch();
      if (listeners.size === 1) follow();
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        clearTimeout(retry);
        // An answer that is held is watched over, since it may have to go.
        if (flight === null && answer === null) stopWatching();
      };
    },
    getSession() {
      const state = client.getState();
      const identity = identityOf(client);
      const own = answer !== null && answer.identity.subject === identity?.subject ? answer : null;
      const { user, error } = own ?? { user: null, error: null };
      const isSame =
        session.status === state.status &&
        session.identity === identity &&
        session.user === user &&
        session.error === error;
      if (!isSame) session = { status: state.status, identity, user, error, refetch } as Session;
      return session;
    },
    getServerSession: () => serverSession,
  };
}

function identityOf(client: AuthClient): Identity | null {
  const state = client.getState();
  return state.status === "authenticated" ? state.identity : null;
}

/** The same object for the same answer: a component need not render for it. */
function keepSame(held: RegisteredUser | null, next: RegisteredUser): RegisteredUser {
  return held !== null && JSON.stringify(held) === JSON.stringify(next) ? held : next;
}

/** Whether another attempt may come to something: our own errors say so, anything else is a backend of the app's own that failed. */
function mayPass(error: Error): boolean {
  return !isAuthError(error) || error.code === "unavailable" || error.code === "rateLimited";
}

function pauseAfter(error: Error, failures: number): number {
  const asked = isAuthError(error) ? error.retryAfterMs : undefined;
  return asked ?? Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (failures - 1));
}
