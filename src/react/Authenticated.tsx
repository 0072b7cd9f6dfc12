import type { ReactElement, ReactNode } from "react";
import { RequireAuth } from "./RequireAuth.tsx";

/**
 * Shows its children while somebody is signed in, guests included; nothing otherwise. They are mounted anew when the
 * subject changes.
 *
 * @example
 * <Authenticated><SignOutButton /></Authenticated>
 */
export function Authenticated({ children }: { children: ReactNode }): ReactElement {
  return <RequireAuth allowGuests>{children}</RequireAuth>;
}
