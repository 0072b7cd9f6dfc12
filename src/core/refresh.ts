import { toSession } from "./answers.ts";
import { AuthError } from "./authError.ts";
import type { Activity, RefreshTrigger } from "./authState.ts";
import type { RefreshOutcome } from "./backend.ts";
import { refreshFloorMs } from "./lifetime.ts";
import type { FlightResult, Parts, Refresh, Retry, Urgency } from "./parts.ts";
import { createReadable } from "./readable.ts";
import { underRefreshLock } from "./refreshLock.ts";
import { describeFailure } from "./responses.ts";
import { isOpen, isSameSession, type OpenSession } from "./session.ts";
import { isUsable } from "./token.ts";
import { type ClientState, hasChanged, isInQuestion, type Snapshot } from "./transition.ts";
import { createSetupHints } from "./setupHints.ts";
import { abortable, withinTime } from "./wait.ts";

const DONE: FlightResult = { kind: "done" };
const LOOK_AGAIN_MS = 5_000;

const urgencyOf = (trigger: RefreshTrigger): Urgency =>
  trigger === "call" ? "now" : trigger === "timer" || trigger === "start" ? "due" : "early";

/** The one flight of this tab: who has asked for it, and what ends it before its time. */
interface Flight {
  readonly trigger: RefreshTrigger;
  /** Aborted by a sign-in or sign-out. */
  readonly aborted: AbortController;
  /** Aborted as well when what it waits for in the queue has come about. */
  readonly left: AbortController;
}

export function createRefresh(parts: Parts): Refresh {
  const { platform, options, pacing, record, store, tabs } = parts;
  const { clock } = platform;
  const { getState, dispatch } = store;
  const activity = createReadable<Activity>({ kind: "idle" }, parts.rethrow);
  const hints = createSetupHints(parts);
  let current: { readonly flight: Flight; readonly result: Promise<FlightResult> } | null = null;
  let isPosting = false;
  let isRenewable = true;
  let refusedOrigin: AuthError | null = null;
  let lastFailure: Error | null = null;
  let retry: Retry | null = null;
  let shownUntil: number | null = null;

  function showActivity(): void {
    const next: Activity =
      isPosting && current !== null
        ? { kind: "refreshing", trigger: current.flight.trigger }
        : lastFailure !== null && shownUntil !== null
          ? { kind: "waiting", until: shownUntil, error: lastFailure }
          : platform.signals.isOnline()
            ? { kind: "idle" }
            : { kind: "waiting", until: null, error: new AuthError("unavailable", "There is no network.") };
    if (!isSameActivity(activity.getState(), next)) activity.assign(next)();
  }

  /** Whether what the flight set out for has come about by another's doing. */
  function isSatisfied(wanted: Snapshot): boolean {
    const state = getState();
    const { session } = state;
    if (isInQuestion(state)) return false;
    if (session !== null && !isOpen(session)) return wanted.session === null || isOpen(wanted.session);
    return isOpen(session) && isUsable(session.token, clock) && hasChanged(state, wanted);
  }

  /** The whole way of one refresh; the steps below are its parts, in this order. */
  async function fly(flight: Flight): Promise<FlightResult> {
    if (refusedOrigin !== null) return { kind: "failed", error: refusedOrigin, until: null };
    const wanted = getState();
    const result = await underRefreshLock(parts, flight.left.signal, async (waited) => {
      if (await isMadeUnneeded(flight, wanted, waited)) return DONE;
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const postponed = postpone(flight.trigger);
        if (postponed !== null) return postponed;
        const posted = await post(flight);
        if (posted !== "overtaken") return posted;
        // R1: a tab that thaws finds its answer old; the siblings may have a later one by now.
        await abortable(tabs.ask(), flight.aborted.signal).catch(() => {});
        if (flight.aborted.signal.aborted || isSatisfied(wanted)) return DONE;
      }
      return fail(new AuthError("unavailable", "The answer to a refresh was overtaken twice."), null, wanted);
    });
    return result ?? DONE;
  }

  /** L4: a lock can be granted before the message and the record arrive, so both are looked at again inside it. */
  async function isMadeUnneeded({ aborted }: Flight, wanted: Snapshot, waited: boolean): Promise<boolean> {
    const isOver = (): boolean => aborted.signal.aborted || isSatisfied(wanted);
    tabs.readRecord();
    if (isOver()) return true;
    const written = record.readSession();
    const held = getState().session?.token?.claims?.issuedAt ?? null;
    const isNewer = written?.end === "open" && written.issuedAt !== null && written.issuedAt !== held;
    if (!waited && !isNewer) return false;
    await abortable(tabs.ask(), aborted.signal).catch(() => {});
    tabs.readRecord();
    return isOver();
  }

  const isOutage = (): boolean => record.readAttempt().failures > 0;

  /** B: what the back-off and the breaker do not allow yet. */
  function postpone(trigger: RefreshTrigger): FlightResult | null {
    const lifetimeMs = getState().session?.token?.lifetime.lifetimeMs ?? null;
    const at = pacing.nextAllowedAt(urgencyOf(trigger), refreshFloorMs(lifetimeMs));
    const waitMs = at - clock.now();
    if (waitMs <= 0) return null;
    const kind = isOutage() ? "failed" : "tooSoon";
    const sentence =
      kind === "failed"
        ? "The server was not reached a moment ago; it is asked again after `retryAfterMs`."
        : "The token was renewed several times just now; this is done again after `retryAfterMs`.";
    const error = new AuthError("unavailable", sentence, { retryAfterMs: waitMs, cause: lastFailure ?? undefined });
    return { kind, until: at, error };
  }

  async function post({ aborted, trigger }: Flight): Promise<FlightResult | "overtaken"> {
    const snapshot = getState();
    pacing.noteAttempt(urgencyOf(trigger));
    isPosting = true;
    showActivity();
    try {
      const outcome = await withinTime(
        clock,
        options.requestTimeoutMs,
        (signal) => ask(snapshot, signal),
        aborted.signal,
      );
      if (outcome.kind === "session") return take(outcome.answer, snapshot);
      if (outcome.kind === "transient") return fail(outcome.error, outcome.retryAfterMs, snapshot);
      if (outcome.kind === "originNotAllowed") return refuseOrigin();
      return await end(outcome, snapshot);
    } catch (error) {
      if (aborted.signal.aborted) return DONE;
      const unavailable =
        error instanceof AuthError ? error : new AuthError("unavailable", undefined, { cause: describeFailure(error) });
      return fail(unavailable, null, snapshot);
    } finally {
      isPosting = false;
    }
  }

  async function ask(
    snapshot: Snapshot,
    signal: AbortSignal,
  ): Promise<Exclude<RefreshOutcome, { kind: "token" }> | { readonly kind: "session"; readonly answer: OpenSession }> {
    const call = { fetch: platform.fetch, signal };
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
    return isSatisfied(snapshot) || (session !== null && !isOpen(session)) ? DONE : "overtaken";
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

  function refuseOrigin(): FlightResult {
    refusedOrigin = new AuthError("originNotAllowed");
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
    if ((outcome.kind === "absent" || !outcome.coded) && isOpen(session) && isUsable(session.token, clock)) {
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

  function settle(flight: Flight, result: FlightResult): FlightResult {
    if (current?.flight !== flight) return result;
    current = null;
    lastFailure = result.kind === "failed" ? result.error : null;
    shownUntil = result.kind === "failed" ? result.until : null;
    // A failure that names no moment needs one all the same: the timer of a spent token would run without a pause.
    const at = result.kind === "done" ? null : (result.until ?? clock.now() + LOOK_AGAIN_MS);
    retry = at === null ? null : { at, trigger: flight.trigger === "wakeUp" ? "wakeUp" : "timer" };
    showActivity();
    parts.schedule.arm();
    return result;
  }

  return {
    activity,
    run(trigger) {
      if (current !== null) return current.result;
      const flight: Flight = { trigger, aborted: new AbortController(), left: new AbortController() };
      flight.aborted.signal.addEventListener("abort", () => flight.left.abort());
      const result = fly(flight)
        .catch((error: unknown): FlightResult => ({ kind: "failed", error: describeFailure(error), until: null }))
        .then((settled) => settle(flight, settled));
      current = { flight, result };
      return result;
    },
    abort() {
      const { flight } = current ?? {};
      current = null;
      isPosting = false;
      flight?.aborted.abort();
      showActivity();
    },
    stateChanged(before: ClientState, after: ClientState) {
      const { session } = after;
      const isRenewed = session?.token !== before.session?.token;
      if (!isSameSession(before.session, session)) isRenewable = true;
      if (isRenewed || before.session?.end !== session?.end) {
        retry = null;
        shownUntil = null;
        lastFailure = null;
        showActivity();
      }
      // Not by the token that it set out to replace: hearing of that one once more is no reason to give up the place.
      const isServed = isOpen(session) ? isRenewed && isUsable(session.token, clock) : session !== before.session;
      if (isServed && !isInQuestion(after)) current?.flight.left.abort();
    },
    networkChanged: showActivity,
    isRenewable: () => isRenewable,
    retry: () => retry,
    lastFailure: () => lastFailure,
    dispose() {
      current?.flight.aborted.abort();
      current = null;
      activity.clear();
    },
  };
}

function isSameActivity(a: Activity, b: Activity): boolean {
  if (a.kind === "refreshing" && b.kind === "refreshing") return a.trigger === b.trigger;
  if (a.kind === "waiting" && b.kind === "waiting")
    return a.until === b.until && (a.until === null || a.error === b.error);
  return a.kind === b.kind;
}
