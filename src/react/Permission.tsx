import { type ReactElement, type ReactNode, useState } from "react";
import type { Identity } from "../core/authState.ts";
import type { RegisteredUser } from "../core/register.ts";
import { useAuthState } from "./useAuthState.ts";
import { useSession } from "./useSession.ts";

interface PermissionProps {
  when: (identity: Identity, user: RegisteredUser) => boolean;
  forbidden: ReactNode;
  loading: ReactNode;
  children: ReactNode;
}

/** What `when` of a guard comes to. Below the guard's key: one subject's verdict is never another's. */
export function Permission(props: PermissionProps): ReactElement {
  return props.when.length > 1 ? <ByUser {...props} /> : <ByIdentity {...props} />;
}

function ByUser(props: PermissionProps): ReactElement {
  const { identity, user } = useSession();
  return <Verdict {...props} verdict={identity === null || user === null ? null : props.when(identity, user)} />;
}

function ByIdentity(props: PermissionProps): ReactElement {
  const auth = useAuthState("<RequireAuth>");
  // It takes one parameter; there is no user to give it.
  const when = props.when as (identity: Identity) => boolean;
  return <Verdict {...props} verdict={auth.status === "authenticated" ? when(auth.identity) : null} />;
}

/** While nothing can be said, after an expiry or before a new answer, the last verdict holds: what was typed stays mounted. */
function Verdict({
  verdict,
  forbidden,
  loading,
  children,
}: PermissionProps & { verdict: boolean | null }): ReactElement {
  const [held, setHeld] = useState(verdict);
  if (verdict !== null && verdict !== held) setHeld(verdict);
  const current = verdict ?? held;
  return <>{current === null ? loading : current ? children : forbidden}</>;
}
