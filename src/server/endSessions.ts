import type { AuthServerContext } from "./authServerContext.ts";
import type { Session, SessionEndReason } from "./authStore.ts";
import type { RequestFacts } from "./requestFacts.ts";

/** Ends sessions and tells everybody concerned; those that have ended already stay as they are. */
export async function endSessions(
  context: AuthServerContext,
  facts: RequestFacts | null,
  sessionIds: readonly string[],
  reason: SessionEndReason,
): Promise<void> {
  if (sessionIds.length === 0) return;
  const ended = await context.store.endSessions(sessionIds, reason);
  context.announceEnd(ended, reason, facts);
}

/**
 * Ends what a session replaces. Only then is the list forgotten: a server that dies in between leaves it for the next
 * presentation.
 */
export async function endReplaced(context: AuthServerContext, facts: RequestFacts, session: Session): Promise<void> {
  await endSessions(context, facts, session.replaces, "replaced");
  await context.store.forgetReplaced(session.id);
}

/** Ends sessions because whoever has them says so, and what they replace. */
export async function signOut(
  context: AuthServerContext,
  facts: RequestFacts,
  sessionIds: readonly string[],
): Promise<void> {
  if (sessionIds.length === 0) return;
  const records = await context.store.readSessions(sessionIds);
  await endSessions(context, facts, sessionIds, "signedOut");
  for (const { session } of records) if (session.replaces.length > 0) await endReplaced(context, facts, session);
}
