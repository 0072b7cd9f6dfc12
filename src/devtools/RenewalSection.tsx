import type { ReactElement } from "react";
import type { AuthClient } from "../core/authClient.ts";
import { useAuth } from "../react/useAuth.ts";
import { useAuthClient } from "../react/useAuthClient.ts";
import { formatTime } from "./formatTime.ts";
import { type Inspection, useInspection } from "./useInspection.ts";

/** What comes next and why, who waits for it, and what the tabs of this browser share. */
export function RenewalSection(): ReactElement {
  const client = useAuthClient();
  const now = useInspection(client, 250);
  const activity = useAuth((auth) => auth.activity);
  const { failures, nextAt, stuckUntil } = now.backoff;
  return (
    <dl>
      <dt>Next</dt>
      <dd>{activity.kind === "refreshing" ? "under way" : describePlan(now, client)}</dd>
      <dt>Waiting</dt>
      <dd>{now.waitingCount === 0 ? "no request" : plural(now.waitingCount, "request")}</dd>
      <dt>Backoff</dt>
      <dd>
        {failures === 0 ? "none" : `${plural(failures, "failure")} in a row; all tabs wait until ${formatTime(nextAt)}`}
      </dd>
      <dt>Siblings</dt>
      <dd>{describeSiblings(now.siblings)}</dd>
      <dt>Lock</dt>
      <dd>
        {describeLock(now.isLockHeld, activity.kind === "refreshing")}
        {stuckUntil > now.at && `; taken to be orphaned until ${formatTime(stuckUntil)}`}
      </dd>
    </dl>
  );
}

function describePlan({ planned, at }: Inspection, client: AuthClient): string {
  if (planned === null) {
    return client.getState().status === "authenticated" ? "at the next request" : "nothing planned";
  }
  const when = `in ${formatSpan(planned.at - at)}`;
  return {
    expiry: `${when}, before the token ends`,
    outage: `${when}, the next attempt after a failure`,
    end: `the session ends ${when}: nothing renews it`,
    question: `${when}: another tab or the storage told of a session that only the server can confirm`,
  }[planned.reason];
}

function describeSiblings(count: number | null): string {
  if (count === null) return "cannot be counted here";
  return count === 0 ? "no other tab" : plural(count, "other tab");
}

function describeLock(isHeld: boolean | null, isRefreshing: boolean): string {
  if (isHeld === null) return "cannot be seen here";
  if (!isHeld) return "free";
  return isRefreshing ? "held by this tab" : "held by another tab";
}

function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
