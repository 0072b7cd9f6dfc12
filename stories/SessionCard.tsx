import type { ReactElement, ReactNode } from "react";
import { useAuth } from "../src/react/useAuth.ts";
import { useSession } from "../src/react/useSession.ts";

/** Who is signed in, by the server's own word. */
export function SessionCard({ title, children }: { title: string; children?: ReactNode }): ReactElement {
  const auth = useAuth();
  const { data: user } = useSession();
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
      </dl>
      {children}
      {auth.status === "authenticated" && (
        <div className="buttons">
          <button className="plain" type="button" onClick={() => void auth.signOut()}>
            Sign out
          </button>
        </div>
      )}
    </section>
  );
}
