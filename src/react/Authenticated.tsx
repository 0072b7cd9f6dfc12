import type { ReactElement, ReactNode } from "react";
import { Guard } from "./Guard.tsx";

/**
 * Shows its children while somebody is signed in, guests included; nothing otherwise. They are mounted anew when the
 * subject changes.
 *
 * @example
 * <Authenticated><SignOutButton /></Authenticated>
 */
export function Authenticated({ children }: { children: ReactNode }): ReactElement {
  return (
    <Guard allowGuests caller="<Authenticated>">
      {children}
    </Guard>
  );
}
