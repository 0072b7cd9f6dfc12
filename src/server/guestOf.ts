import type { Subject } from "./authStore.ts";
import { isOwnersToken, type PresentedSession } from "./presentedSessions.ts";
import { sessionStatus } from "./sessionStatus.ts";

/** The guest whose live session this is; null for anybody else's, and for what only looks like it: a copy without the key. */
export function guestOf(presented: PresentedSession, provedKey: string | null): Subject | null {
  const { subject, session } = presented.record;
  const isProved = session.boundKey === null || session.boundKey === provedKey;
  const isOwn = isProved && isOwnersToken(presented) && sessionStatus(presented.record) === "live";
  return isOwn && subject?.isGuest === true ? subject : null;
}
