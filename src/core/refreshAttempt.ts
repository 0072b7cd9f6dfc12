import { toSession } from "./answers.ts";
import { AuthError } from "./authError.ts";
import type { BackendCall, RefreshOutcome } from "./backend.ts";
import type { FlightResult, Parts } from "./parts.ts";
import { refusedOriginError, toAuthError } from "./responses.ts";
import { isOpen, type OpenSession } from "./session.ts";
import { createSetupHints } from "./setupHints.ts";
import { isUsable } from "./token.ts";
import { hasChanged, isInQuestion, type Snapshot } from "./transition.ts";

/** One request for a new token, and what comes of its answer. */
export interface RefreshAttempt {
  /** `overtaken`: the answer was late, and what it set out for has not come about. */
  make(aborted: AbortSignal): Promise<FlightResult | "overtaken">;
  /** A failure, told to all tabs. R3: it keeps all. */
  fail(error: Error, retryAfterMs: number | null, snapshot: Snapshot): FlightResult;
  /** The server does not take refreshes from this origin: a wrong set-up, which no further attempt mends. */
  refusedOrigin(): AuthError | null;
  /** False once the server has turned out to have no refresh. */
  isRenewable(): boolean;
  /** Another session may be renewable where the former was not. */
  sessionChanged(): void;
}

const DONE: FlightResult = { kind: "done" };

/** Whether what a refresh set out for has come about by another's doing. */
export function isSatisfied({ store, platform: { clock } }: Parts, wanted: Snapshot): boolean {
  const state = store.getState();
  const { session } = state;
  if (isInQuestion(state)) return false;
  if (session !== null && !isOpen(session)) return wanted.session === null || isOpen(wanted.session);
  return isOpen(session) && isUsable(session.token, clock) && hasChanged(state, wanted);
}

export function createRefreshAttempt(parts: Parts): RefreshAttempt {
  const { platform, pacing, record, store, tabs } = parts;
  const { clock } = platform;
  const { getState, dispatch } = store;
  const hints = createSetupHints(parts);
  let isRenewable = true;
  let refusedOrigin: AuthError | null = null;

  async function make(aborted: AbortSignal): Promise<FlightResult | "overtaken"> {
    const snapshot = getState();
    try {
      const outcome = await parts.call((call) => ask(snapshot, call), aborted);
      if (outcome.kind === "session") return take(outcome.answer, snapshot);
      if (outcome.kind === "transient") return fail(outcome.error, outcome.retryAfterMs, snapshot);
      if (outcome.kind === "originNotAllowed") return refuseOrigin(outcome.reason);
      return await end(outcome, snapshot);
    } catch (error) {
      if (aborted.aborted) return DONE;
      return fail(toAuthError(error), null, snapshot);
    }
  }

  async function ask(
    snapshot: Snapshot,
    call: BackendCall,
  ): Promise<Exclude<RefreshOutcome, { kind: "token" }> | { readonly kind: "session"; readonly answer: OpenSession }> {
    const sent = { sentAt: clock.now(), sentAtMonotonic: clock.monotonicNow() };
    const outcome = await parts.backend.refresh(call);
    if (outcome.kind !== "token") return outcome;
    const answer = await toSession(parts, outcome.answer, { snapshot, sent, isRefresh: true, call });
    return { kind: "session", answer };
  }

  function take(answer: OpenSession, snapshot: Snapshot): FlightResult | "overtaken" {
    hints.succeeded();
    pacing.noteSuccess();
    dispatch({ type: "refreshAnswered", answer, snapshot });
    const { session } = getState();
    return isSatisfied(parts, snapshot) || (session !== null && !isOpen(session)) ? DONE : "overtaken";
  }

  /** R3: a transient failure keeps all. */
  function fail(error: Error, retryAfterMs: number | null, { session }: Snapshot): FlightResult {
    const held = session?.token?.claims?.issuedAt ?? null;
    const written = record.readSession();
    // B: somebody else got a newer token meanwhile, so an outage is not what this was.
    const isOvertaken = written?.issuedAt != null && held !== null && written.issuedAt > held;
    const until = isOvertaken ? null : pacing.noteFailure(retryAfterMs);
    dispatch({ type: "startUnanswered", isFirstVisit: record.isShared && written === null });
    hints.failed(error);
    store.emit("refreshFailed", { error, nextAttemptAt: until });
    return { kind: "failed", error, until };
  }

  function refuseOrigin(reason: string | undefined): FlightResult {
    refusedOrigin = refusedOriginError(reason);
    parts.warn(refusedOrigin.message);
    store.emit("refreshFailed", { error: refusedOrigin, nextAttemptAt: null });
    return { kind: "failed", error: refusedOrigin, until: null };
  }

  async function end(
    outcome: Extract<RefreshOutcome, { kind: "absent" | "ended" }>,
    snapshot: Snapshot,
  ): Promise<FlightResult> {
    if (outcome.kind === "absent" && hints.hasSucceeded()) {
      return fail(new AuthError("unavailable", "The refresh endpoint has gone; it is tried again."), null, snapshot);
    }
    hints.ended(outcome, snapshot.session);
    const { session } = getState();
    if (
      (outcome.kind === "absent" || !outcome.namesRefreshToken) &&
      isOpen(session) &&
      isUsable(session.token, clock)
    ) {
      isRenewable = false;
      return DONE;
    }
    if (isOpen(snapshot.session)) {
      // Without a lock that works, a sibling may have spent this very refresh token and not yet have told.
      await tabs.ask();
      tabs.readRecord();
    }
    const reason = outcome.kind === "ended" ? outcome.reason : snapshot.session === null ? "none" : "expired";
    dispatch({ type: "refreshDenied", reason, snapshot });
    return DONE;
  }

  return {
    make,
    fail,
    refusedOrigin: () => refusedOrigin,
    isRenewable: () => isRenewable,
    sessionChanged() {
      isRenewable = true;
    },
  };
}
