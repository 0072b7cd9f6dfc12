import type { ReactElement, ReactNode } from "react";
import type { Identity } from "../core/authState.ts";
import type { RegisteredUser } from "../core/register.ts";
import { Guard, type GuardProps } from "./Guard.tsx";
import { Permission } from "./Permission.tsx";

/** Who may see what, and what everybody else sees. */
export interface RequireAuthProps extends GuardProps {
  /**
   * Whether this person may see the children. A function of two parameters is asked when the server has said who the user is
   * (as `useSession()`), and `loading` is shown until then; one that takes the identity alone is asked at once, and nothing is
   * fetched for it. Asked again when either changes. For display: what the server gives out, it decides itself. Default:
   * everybody whom the guard lets in may.
   */
  when?: (identity: Identity, user: RegisteredUser) => boolean;
  /** Shown to whom `when` refuses: signing in would not help. Default: nothing. */
  forbidden?: ReactNode;
}

/**
 * Shows its children only to somebody who has an account and is signed in to it; with `allowGuests` to everybody who has a
 * session. The children of one subject are never those of another: they are mounted anew when the subject changes.
 *
 * A sign-in page that sends people on asks with the same guard, or it sends guests in a circle:
 * `<RequireAuth fallback={<SignInForm />}><Navigate to="/" /></RequireAuth>`.
 *
 * @example
 * <RequireAuth fallback={<SignInForm />} loading={<Spinner />}>
 *   <Dashboard />
 * </RequireAuth>
 *
 * @example
 * <RequireAuth fallback={<SignInForm />} when={(_, user) => user.is_superuser} forbidden={<p>For administrators.</p>}>
 *   <Accounts />
 * </RequireAuth>
 */
export function RequireAuth({ when, forbidden = null, children, ...guard }: RequireAuthProps): ReactElement {
  const { loading = null } = guard;
  return (
    <Guard {...guard} caller="<RequireAuth>">
      {when === undefined ? children : <Permission {...{ when, forbidden, loading }}>{children}</Permission>}
    </Guard>
  );
}
