import type { ReactElement, ReactNode } from "react";
import { useAuth } from "./useAuth.ts";

/**
 * Shows its children when it is certain that nobody is signed in: not while loading, and not to guests.
 *
 * @example
 * <Unauthenticated><Link to="/sign-in">Sign in</Link></Unauthenticated>
 */
export function Unauthenticated({ children }: { children: ReactNode }): ReactElement {
  const isOut = useAuth((auth) => auth.status === "unauthenticated");
  return <>{isOut ? children : null}</>;
}
