import type { ReactElement, ReactNode } from "react";
import { useAuthState } from "./useAuthState.ts";

/**
 * Shows its children when it is certain that nobody is signed in: not while loading, and not to guests, who have a session. What
 * a guest is to see as well, a link to the sign-in for one, belongs into the `fallback` of `<RequireAuth>`.
 *
 * @example
 * <Unauthenticated><Link to="/sign-in">Sign in</Link></Unauthenticated>
 */
export function Unauthenticated({ children }: { children: ReactNode }): ReactElement {
  const { status } = useAuthState("<Unauthenticated>");
  return <>{status === "unauthenticated" ? children : null}</>;
}
