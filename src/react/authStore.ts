import type { AuthClient } from "../core/authClient.ts";
import type { Activity, AuthState } from "../core/authState.ts";

/** What a component can do. The functions of one client never change, so effects may depend on them. */
export type AuthActions = Pick<
  AuthClient,
  "signIn" | "register" | "signInAsGuest" | "signOut" | "getAccessToken" | "refresh"
>;

/** What `useAuth()` returns: narrows on `status`. */
export type Auth = AuthState & AuthActions;

/** What a selector of `useAuth(selector)` reads: everything of {@link Auth}, and what is being done. */
export type AuthView = Auth & { readonly activity: Activity };

/** A client, seen the way React's `useSyncExternalStore` wants to see things: cached snapshots and fixed functions. */
export interface AuthStore {
  readonly client: AuthClient;
  readonly subscribeToState: (listener: () => void) => () => void;
  readonly subscribeToView: (listener: () => void) => () => void;
  readonly subscribeToAccessToken: (listener: () => void) => () => void;
  readonly getAuth: () => Auth;
  readonly getView: () => AuthView;
  readonly getAccessToken: () => string | null;
  /** Always "loading": what the server has rendered, and what hydration starts from. */
  readonly getServerAuth: () => Auth;
  readonly getServerView: () => AuthView;
}

export function createAuthStore(client: AuthClient): AuthStore {
  const actions: AuthActions = {
    signIn: (credentials) => client.signIn(credentials),
    register: (account) => client.register(account),
    signInAsGuest: () => client.signInAsGuest(),
    signOut: (options) => client.signOut(options),
    getAccessToken: (options) => client.getAccessToken(options),
    refresh: () => client.refresh(),
  };
  const serverAuth: Auth = { status: "loading", ...actions };
  const serverView: AuthView = { ...serverAuth, activity: { kind: "idle" } };

  const getAuth = memoizeLast((state: AuthState): Auth => ({ ...state, ...actions }));
  const getView = memoizeLast((auth: Auth, activity: Activity): AuthView => ({ ...auth, activity }));

  return {
    client,
    subscribeToState: (listener) => client.subscribe(listener),
    subscribeToView: (listener) => {
      const unsubscribes = [client.subscribe(listener), client.activity.subscribe(listener)];
      return () => unsubscribes.forEach((unsubscribe) => unsubscribe());
    },
    subscribeToAccessToken: (listener) => client.accessToken.subscribe(listener),
    getAccessToken: () => client.accessToken.getState(),
    getAuth: () => getAuth(client.getState()),
    getView: () => getView(getAuth(client.getState()), client.activity.getState()),
    getServerAuth: () => serverAuth,
    getServerView: () => serverView,
  };
}

function memoizeLast<Inputs extends readonly unknown[], Output>(
  compute: (...inputs: Inputs) => Output,
): (...inputs: Inputs) => Output {
  let last: { inputs: Inputs; output: Output } | undefined;
  return (...inputs) => {
    if (last === undefined || inputs.some((input, index) => !Object.is(input, last?.inputs[index]))) {
      last = { inputs, output: compute(...inputs) };
    }
    return last.output;
  };
}
