import type { AuthClient } from "../../../src/core/authClient.ts";
import { countRejections } from "./countRejections.ts";
import { AuthError } from "../../../src/core/authError.ts";
import type { AuthState } from "../../../src/core/authState.ts";

// Interim: replaced by the real client and server as soon as they are there.
export interface Session {
  readonly auth: AuthClient;
  refreshCount(): number;
  /** Resolves once this many requests have asked for another token than a refused one. */
  rejections(count: number): Promise<void>;
  /** The next refreshes wait until the returned function is called. */
  holdRefresh(): () => void;
  failRefresh(kind: "outage" | "ended" | null): void;
  signInAs(name: string): Promise<void>;
  stop(): void;
}

let serial = 0;

export async function startSession(
  options: { as?: string | null; onSessionEnd?: "reject" | "hold"; isLoading?: boolean } = {},
): Promise<Session> {
  let count = 0;

  let gate: Promise<void> | undefined;
  let failure: "outage" | "ended" | undefined;
  let state: AuthState = { status: "loading" };
  let token: string | null = null;
  let flight: Promise<void> | undefined;
  const listeners = new Set<() => void>();
  const tokenListeners = new Set<() => void>();
  const set = (next: AuthState, nextToken: string | null) => {
    state = next;
    token = nextToken;
    for (const listener of listeners) listener();
    for (const listener of tokenListeners) listener();
  };
  const enter = (subject: string) =>
    set(
      { status: "authenticated", identity: { subject, isGuest: false, sessionId: null, claims: null } },
      `${subject}-${++serial}`,
    );
  const refresh = () => {
    flight ??= (async () => {
      count++;
      await gate;
      const { identity } = state as { identity: { subject: string } };
      if (failure === "outage")
        throw new AuthError("unavailable", "No answer.", { cause: new TypeError("fetch failed") });
      if (failure === "ended") {
        set({ status: "unauthenticated", reason: "expired", previousIdentity: identity as never }, null);
        throw new AuthError("sessionEnded", "Over.");
      }
      token = `${identity.subject}-${++serial}`;
      for (const listener of tokenListeners) listener();
    })().finally(() => {
      flight = undefined;
    });
    return flight;
  };
  const abortable = <T>(work: Promise<T>, signal?: AbortSignal) =>
    new Promise<T>((resolve, reject) => {
      const abort = () => reject(new AuthError("aborted", "Aborted."));
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
      work.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
    });
  const until = async (isSo: () => boolean) => {
    while (!isSo())
      await new Promise<void>((resolve) => {
        const once = () => (listeners.delete(once), resolve());
        listeners.add(once);
      });
  };
  const auth: AuthClient = {
    getState: () => state,
    subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
    activity: { getState: () => ({ kind: "idle" }), subscribe: () => () => {} },
    accessToken: {
      getState: () => token,
      subscribe: (listener) => (tokenListeners.add(listener), () => void tokenListeners.delete(listener)),
    },
    baseUrl: "https://auth.example/v1/auth",
    onSessionEnd: options.onSessionEnd ?? "reject",
    on: () => () => {},
    start: () => () => {},
    ready: (o) =>
      abortable(
        until(() => state.status !== "loading").then(() => state),
        o?.signal,
      ),
    signIn: async ({ username }) => (enter(username), (state as never as { identity: never }).identity),
    register: () => Promise.reject(new Error("unused")),
    signInAsGuest: () => Promise.reject(new Error("unused")),
    signOut: async () => set({ status: "unauthenticated", reason: "signedOut", previousIdentity: null }, null),
    getAccessToken: (o = {}) =>
      abortable(
        (async () => {
          const check = () => {
            if (state.status === "authenticated" && o.subject !== undefined && state.identity.subject !== o.subject)
              throw new AuthError("identityChanged", "Somebody else.");
            if (state.status !== "authenticated" && auth.onSessionEnd === "reject")
              throw new AuthError("sessionEnded", "Over.");
          };
          check();
          if (state.status !== "authenticated") await until(() => state.status === "authenticated");
          check();
          if (o.rejectedToken !== undefined && o.rejectedToken === token) await refresh();
          check();
          return token as string;
        })(),
        o.signal,
      ),
    refresh,
    fetchUser: () => Promise.reject(new Error("unused")),
    dispose: () => {},
  };
  if (options.as !== null && !options.isLoading) enter(options.as ?? "ada");
  else if (!options.isLoading) set({ status: "unauthenticated", reason: "none", previousIdentity: null }, null);
  return {
    ...countRejections(auth),
    refreshCount: () => count,
    holdRefresh: () => {
      let release = () => {};
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    failRefresh: (kind) => void (failure = kind ?? undefined),
    signInAs: async (name) => enter(name),
    stop: () => {},
  };
}
