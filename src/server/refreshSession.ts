import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord } from "./authStore.ts";
import { decideRotation } from "./decideRotation.ts";
import { endReplaced } from "./endSessions.ts";
import type { PresentedSession } from "./presentedSessions.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { idleMsOf } from "./idleLifetime.ts";
import { ServiceUnavailableError } from "./serviceUnavailableError.ts";
import { addressKey } from "./networkAddress.ts";

export type RefreshOutcome =
  | { readonly kind: "refreshed"; readonly record: SessionRecord }
  /** An access token alone: the client keeps the refresh token that it has. */
  | { readonly kind: "held"; readonly record: SessionRecord }
  | {
      readonly kind: "refused";
      readonly code: "REFRESH_TOKEN_REVOKED" | "REFRESH_TOKEN_EXPIRED" | "REFRESH_TOKEN_REUSED";
    };

/**
 * Another request can win a race against this one only by rotating, after which the grace time answers: a few
 * attempts are plenty.
 */
const MAX_ATTEMPTS = 8;

const EVENTS = { current: "refreshed", lateRepeat: "lateRepeat", restored: "restoredSession" } as const;

/** Takes one step of PROTOCOL's rotation table for a session of which a genuine token was presented. */
export async function refreshSession(
  context: AuthServerContext,
  facts: RequestFacts,
  { record: firstSeen, token }: PresentedSession,
): Promise<RefreshOutcome> {
  const { store, options } = context;
  const sessionId = firstSeen.session.id;
  // Whoever proved the key is the same caller wherever the network has put it.
  const callerName = firstSeen.session.boundKey ?? addressKey(facts.address);
  const caller = await context.refreshTokens.markCaller(firstSeen.session, callerName);
  const fields = { subject: firstSeen.session.subjectId, sessionId, keyId: token.keyId };
  let record: SessionRecord | undefined = firstSeen;

  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (record === undefined) return { kind: "refused", code: "REFRESH_TOKEN_REVOKED" };
    const decision = decideRotation(record, token.counter, caller, options.graceMs);
    switch (decision.kind) {
      case "revoked":
        return { kind: "refused", code: "REFRESH_TOKEN_REVOKED" };
      case "expired":
        return { kind: "refused", code: "REFRESH_TOKEN_EXPIRED" };
      case "reused": {
        const ended = await store.endSessions([sessionId], "reused");
        context.audit("reuseDetected", facts, fields);
        context.announceEnd(ended, "reused", facts);
        return { kind: "refused", code: "REFRESH_TOKEN_REUSED" };
      }
      case "hold":
        context.audit(decision.elsewhere ? "graceRepeatElsewhere" : "graceRepeat", facts, fields);
        return { kind: "held", record };
      case "repeat": {
        const { session, subject, now } = record;
        if (session.replaces.length > 0) {
          await endReplaced(context, facts, session);
          break;
        }
        const current = decision.toPrevious
          ? await store.noteRepeat(sessionId, session.counter, session.previous)
          : session;
        if (current === null) break;
        context.audit("graceRepeat", facts, fields);
        return { kind: "refreshed", record: { session: current, subject, now } };
      }
      case "rotate": {
        const { counter, previous, replaces, persistent } = record.session;
        const idleMs = idleMsOf(options, persistent);
        const { nextCounter, nextPrevious, graceMs } = decision;
        const step = { sessionId, counter, previous, nextCounter, nextPrevious, graceMs };
        const rotated = await store.rotateSession({ ...step, rotatedBy: caller, idleMs });
        if (rotated !== null) {
          context.audit(EVENTS[decision.because], facts, fields);
          if (replaces.length > 0) await endReplaced(context, facts, rotated);
          return { kind: "refreshed", record: { session: rotated, subject: record.subject, now: rotated.rotatedAt } };
        }
        break;
      }
    }
    [record] = await store.readSessions([sessionId]);
  }
  throw new ServiceUnavailableError("The session changes too fast to be refreshed.");
}
