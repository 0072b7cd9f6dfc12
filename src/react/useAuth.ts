import type { Auth } from "./authStore.ts";
import type { AuthView } from "./authView.ts";
import { useAuthState } from "./useAuthState.ts";
import { useSelection } from "./useSelection.ts";

/**
 * Who is signed in, and what can be done about it. Narrow on `status`; the object and its functions stay the same until the
 * state itself changes, so a renewed token renders nothing.
 *
 * With a selector the component renders only when what it selects changes (compared shallowly); a selector also sees
 * `activity`: whether a refresh is under way, or when the next attempt of an outage is.
 *
 * On the server and while hydrating the answer is always `loading`.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 *
 * @example
 * const auth = useAuth();
 * if (auth.status === "authenticated") return <button onClick={() => auth.signOut()}>{auth.identity.subject}</button>;
 *
 * @example
 * const isOffline = useAuth((auth) => auth.activity.kind === "waiting");
 */
export function useAuth(): Auth;
export function useAuth<Selection>(selector: (auth: AuthView) => Selection): Selection;
export function useAuth<Selection>(selector?: (auth: AuthView) => Selection): Auth | Selection {
  const caller = "useAuth()";
  // A component either selects or it does not, for all of its life: the order of hooks stays the same.
  // oxlint-disable-next-line react-hooks/rules-of-hooks
  return selector === undefined ? useAuthState(caller) : useSelection(caller, selector);
}
