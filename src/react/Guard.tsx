import { Fragment, type ReactElement, type ReactNode } from "react";
import type { AuthState } from "../core/authState.ts";
import type { Auth } from "./authStore.ts";
import { useAuthState } from "./useAuthState.ts";

/** Who may see what, and what everybody else sees. */
export interface GuardProps {
  /** Shown only to somebody who is signed in. */
  children: ReactNode;
  /** Shown to whoever may not see the children: usually a sign-in form. A function is told the state, and so the reason. */
  fallback?: ReactNode | ((auth: Auth) => ReactNode);
  /** Shown until it is known who is signed in. Default: nothing. */
  loading?: ReactNode;
  /** Whether a session is enough, also one without an account. Default: false, guests see the fallback. */
  allowGuests?: boolean;
  /**
   * `"unmount"` (default) takes the children away when the session expires. `"hide"` keeps them mounted, invisible and out of
   * reach, below the fallback, so that half-written input is still there when the same subject signs in again; nobody else
   * ever gets to see it.
   */
  whenExpired?: "unmount" | "hide";
}

/** What all guards have in common. The children of one subject are never those of another: they are mounted anew. */
export function Guard(props: GuardProps & { caller: string }): ReactElement {
  const { children, fallback = null, loading = null, allowGuests = false, whenExpired = "unmount", caller } = props;
  const auth = useAuthState(caller);
  const subject = subjectOf(auth, whenExpired === "hide", allowGuests);
  const isVisible = auth.status === "authenticated" && subject !== null;

  return (
    <>
      {isVisible ? null : auth.status === "loading" ? loading : renderFallback(fallback, auth)}
      {subject !== null && (
        <Fragment key={subject}>
          {whenExpired === "hide" ? (
            <div style={{ display: isVisible ? "contents" : "none" }}>{children}</div>
          ) : (
            children
          )}
        </Fragment>
      )}
    </>
  );
}

function renderFallback(fallback: GuardProps["fallback"], auth: Auth): ReactNode {
  return typeof fallback === "function" ? fallback(auth) : fallback;
}

/** Whose children are mounted: those of who is signed in, or of who was until the session expired. */
function subjectOf(state: AuthState, keepsExpired: boolean, allowGuests: boolean): string | null {
  if (state.status === "loading") return null;
  if (state.status === "authenticated") {
    return state.identity.isGuest && !allowGuests ? null : state.identity.subject;
  }
  const former = state.previousIdentity;
  if (!keepsExpired || state.reason !== "expired" || former === null) return null;
  return former.isGuest && !allowGuests ? null : former.subject;
}
