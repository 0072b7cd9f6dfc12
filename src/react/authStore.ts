import type { AuthClient } from "../core/authClient.ts";
import type { AuthState } from "../core/authState.ts";
import type { RegisteredCredentials } from "../core/register.ts";
import type { SignInResult } from "../core/signInChallenge.ts";

/** What a component can do. The functions of one client never change, so effects may depend on them. */
export type AuthActions = Pick<
  AuthClient,
  "continueSignIn" | "register" | "signInAsGuest" | "signOut" | "getAccessToken" | "refresh"
> & {
  /** As {@link AuthClient.signIn}. */
  readonly signIn: (credentials: RegisteredCredentials) => Promise<SignInResult>;
};

/** What `useAuth()` returns: narrows on `status`. */
export type Auth = AuthState & AuthActions;

/** A client, seen the way React's `useSyncExternalStore` wants to see things: cached snapshots and fixed functions. */
export interface AuthStore {
  readonly client: AuthClient;
  readonly subscribe: (listener: () => void) => () => void;
  readonly getAuth: () => Auth;
  /** Always "loading": what the server has rendered, and what hydration starts from. */
  readonly getServerAuth: () => Auth;
  /** What `make` makes of this store, made when it is first asked for: only who imports `make` downloads it. */
  readonly once: <Part>(make: (store: AuthStore) => Part) => Part;
}

const stores = /* @__PURE__ */ new WeakMap<AuthClient, AuthStore>();

/** The one store of a client, however many providers hand it down: several roots on a page ask the server once. */
export function authStoreOf(client: AuthClient): AuthStore {
  const store = stores.get(client) ?? createAuthStore(client);
  stores.set(client, store);
  return store;
}

function createAuthStore(client: AuthClient): AuthStore {
  const actions: AuthActions = {
    signIn: (credentials) => client.signIn(credentials),
    continueSignIn: (challenge, response) => client.continueSignIn(challenge, response),
    register: (account) => client.register(account),
    signInAsGuest: () => client.signInAsGuest(),
    signOut: (options) => client.signOut(options),
    getAccessToken: (options) => client.getAccessToken(options),
    refresh: () => client.refresh(),
  };
  const serverAuth: Auth = { status: "loading", ...actions };
  let state: AuthState | undefined;
  let auth = serverAuth as Auth;
  const parts = new Map<unknown, unknown>();

  const store: AuthStore = {
    client,
    subscribe: (listener) => client.subscribe(listener),
    getAuth() {
      const current = client.getState();
      if (state !== current) auth = { ...current, ...actions };
      state = current;
      return auth;
    },
    getServerAuth: () => serverAuth,
    once<Part>(make: (store: AuthStore) => Part): Part {
      if (!parts.has(make)) parts.set(make, make(store));
      return parts.get(make) as Part;
    },
  };
  return store;
}
