import type { ReactElement } from "react";
import { useAuth } from "../react/useAuth.ts";
import { nameError } from "./nameError.ts";
import { useNow } from "./useNow.ts";

/** Who is signed in, and what is being done. */
export function StatusSection(): ReactElement {
  const { auth, activity, endsAt } = useAuth((view) => ({
    auth: view.status === "loading" ? null : view,
    activity: view.activity,
    endsAt: view.status === "authenticated" ? view.sessionEndsAt : null,
  }));
  const identity = auth === null ? null : auth.status === "authenticated" ? auth.identity : auth.previousIdentity;
  const { amr, auth_time: signedInAt } = identity?.claims ?? {};
  return (
    <dl>
      <dt>Status</dt>
      <dd>
        <span className="stay-badge" data-status={auth?.status ?? "loading"}>
          {auth === null ? "loading" : auth.status === "authenticated" ? "authenticated" : `out: ${auth.reason}`}
        </span>
      </dd>
      {identity !== null && (
        <>
          <dt>{auth?.status === "authenticated" ? "Subject" : "Formerly"}</dt>
          <dd>
            <code>{identity.subject}</code>
            {identity.isGuest && " (guest)"}
          </dd>
          <dt>Session</dt>
          <dd>
            <code>{identity.sessionId ?? "not named"}</code>
            {identity.claims?.["bound"] === true && " (bound to a key)"}
          </dd>
          {Array.isArray(amr) && (
            <>
              <dt>Signed in by</dt>
              <dd>
                <code>{amr.join(", ")}</code>
                {typeof signedInAt === "number" && ` on ${new Date(signedInAt * 1000).toLocaleString()}`}
              </dd>
            </>
          )}
          {endsAt !== null && (
            <>
              <dt>Ends</dt>
              <dd>{new Date(endsAt).toLocaleString()}, unless it is renewed</dd>
            </>
          )}
        </>
      )}
      <dt>Activity</dt>
      <dd>{activity.kind === "waiting" ? <Waiting until={activity.until} error={activity.error} /> : activity.kind}</dd>
    </dl>
  );
}

function Waiting({ until, error }: { until: number | null; error: Error }): ReactElement {
  const now = useNow(250);
  if (until === null) return <>for the network</>;
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return (
    <>
      next attempt in {seconds} s after <code>{nameError(error)}</code>
    </>
  );
}
