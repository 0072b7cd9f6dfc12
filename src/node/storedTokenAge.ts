import { refreshAheadOf, refreshFloorMs } from "../core/lifetime.ts";
import type { StoredSession } from "./sessionFileFormat.ts";

const isOfTheFuture = (session: StoredSession, now: number): boolean => session.accessTokenSentAt > now + 60_000;

/** Whether the stored access token is good until well after its processes would renew it. */
export function isWorthUsing(session: StoredSession, now: number, refreshAheadMs?: number): boolean {
  const { accessTokenExpiresAt: expiresAt, accessTokenSentAt: sentAt } = session;
  // The clock was set back since: nothing can be told of the token's age.
  if (isOfTheFuture(session, now)) return false;
  if (expiresAt === null) return true;
  const lifetimeMs = expiresAt - sentAt;
  // Less than the least time between two refreshes would leave a gap without a good token; and `exp` counts whole seconds.
  return expiresAt - now > Math.max(refreshAheadOf(lifetimeMs, refreshAheadMs), refreshFloorMs(lifetimeMs) + 1_000);
}

/** Whether the stored access token may still be accepted. */
export function isStillGood(session: StoredSession, now: number): boolean {
  return session.accessTokenExpiresAt !== null && !isOfTheFuture(session, now) && session.accessTokenExpiresAt > now;
}
