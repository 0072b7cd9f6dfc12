import type { Activity } from "../core/authState.ts";
import type { Auth, AuthStore } from "./authStore.ts";

/** What a selector of `useAuth(selector)` reads: everything of {@link Auth}, and what is being done. */
export type AuthView = Auth & {
  readonly activity: Activity;
  /** When the session ends, wall-clock milliseconds; null where nobody has said. */
  readonly sessionEndsAt: number | null;
};

export interface AuthViewStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getView: () => AuthView;
  readonly getServerView: () => AuthView;
}

/** What selectors see, beside what everybody sees: it changes more often. */
export function createAuthView({ client, subscribe, getAuth, getServerAuth }: AuthStore): AuthViewStore {
  const serverView: AuthView = { ...getServerAuth(), activity: { kind: "idle" }, sessionEndsAt: null };
  let seen: { readonly auth: Auth; readonly view: AuthView } | undefined;
  return {
    subscribe(listener) {
      const undo = [subscribe(listener), client.activity.subscribe(listener), client.sessionEndsAt.subscribe(listener)];
      return () => undo.forEach((step) => step());
    },
    getView() {
      const auth = getAuth();
      const [activity, sessionEndsAt] = [client.activity.getState(), client.sessionEndsAt.getState()];
      if (seen?.auth !== auth || seen.view.activity !== activity || seen.view.sessionEndsAt !== sessionEndsAt)
        seen = { auth, view: { ...auth, activity, sessionEndsAt } };
      return seen.view;
    },
    getServerView: () => serverView,
  };
}
