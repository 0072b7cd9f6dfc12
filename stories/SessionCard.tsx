import type { ReactElement, ReactNode } from "react";
import { useAuth } from "../src/react/useAuth.ts";
import { useSession } from "../src/react/useSession.ts";

export interface SessionCardProps {
  title: string;
  /** More terms and what they come to, `<dt>` and `<dd>`. */
  facts?: ReactNode;
  /** Buttons that stand beside the one that signs out. */
  actions?: ReactNode;
  children?: ReactNode;
}

/** Who is signed in, by the server's own word. */
export function SessionCard({ title, facts, actions, children }: SessionCardProps): ReactElement {
  const auth = useAuth();
  const { user } = useSession();
  return (
    <section className="sheet" aria-label={title}>
      <h2>{title}</h2>
      <dl className="facts">
        <dt>State</dt>
        <dd>{auth.status === "unauthenticated" ? `signed out (${auth.reason})` : auth.status}</dd>
        {auth.status === "authenticated" && (
          <>
            <dt>Account</dt>
            <dd>{auth.identity.isGuest ? "guest" : (user?.email ?? "asking the server…")}</dd>
          </>
        )}
        {facts}
      </dl>
      {children}
      {auth.status === "authenticated" && (
        <div className="buttons">
          {actions}
          <button className="plain" type="button" onClick={() => void auth.signOut()}>
            Sign out
          </button>
        </div>
      )}
    </section>
  );
}
