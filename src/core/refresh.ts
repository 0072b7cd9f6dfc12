import { AuthError } from "./authError.ts";
import { createActivity } from "./activity.ts";
import type { RefreshTrigger } from "./authState.ts";
import { postpone } from "./pacing.ts";
import type { FlightResult, Parts, Refresh, Retry, Urgency } from "./parts.ts";
import type { Clock } from "./ports.ts";
import { createRefreshAttempt, isSatisfied } from "./refreshAttempt.ts";
import { underRefreshLock } from "./refreshLock.ts";
import { describeFailure } from "./responses.ts";
import { isEnded, isOpen, isSameSession } from "./session.ts";
import { isUsable } from "./token.ts";
import { type ClientState, isInQuestion, type Snapshot } from "./transition.ts";
import { abortable } from "./wait.ts";

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
  const { pacing, tabs } = parts;
  const { clock } = parts.platform;
  const { getState } = parts.store;
  const activity = createActivity(parts);
  const attempt = createRefreshAttempt(parts);
  let current: { readonly flight: Flight; readonly result: Promise<FlightResult> } | null = null;
  let isPosting = false;
  let lastFailure: Error | null = null;
  let retry: (() => Retry) | null = null;
  let shownUntil: number | null = null;

  function showActivity(): void {
    if (isPosting && current !== null) activity.show({ kind: "refreshing", trigger: current.flight.trigger });
    else if (lastFailure !== null && shownUntil !== null) {
      activity.show({ kind: "waiting", until: shownUntil, error: lastFailure });
    } else activity.showNetwork();
  }

  /** The whole way of one refresh; the steps below are its parts, in this order. */
  async function fly(flight: Flight): Promise<FlightResult> {
    const refusedOrigin = attempt.refusedOrigin();
    if (refusedOrigin !== null) return { kind: "failed", error: refusedOrigin, until: null };
    const wanted = getState();
    const result = await underRefreshLock(parts, flight.left.signal, async (waited) => {
      if (await isMadeUnneeded(parts, flight.aborted.signal, wanted, waited)) return DONE;
      for (let round = 1; round <= 2; round += 1) {
        const postponed = postpone(parts, urgencyOf(flight.trigger), lastFailure);
        if (postponed !== null) return postponed;
        const posted = await post(flight);
        if (posted !== "overtaken") return posted;
        // R1: a tab that thaws finds its answer old; the siblings may have a later one by now.
        await abortable(tabs.ask(), flight.aborted.signal).catch(() => {});
        if (flight.aborted.signal.aborted || isSatisfied(parts, wanted)) return DONE;
      }
      return attempt.fail(new AuthError("unavailable", "The answer to a refresh was overtaken twice."), null, wanted);
    });
    return result ?? DONE;
  }

  async function post({ aborted, trigger }: Flight): Promise<FlightResult | "overtaken"> {
    pacing.noteAttempt(urgencyOf(trigger));
    isPosting = true;
    showActivity();
    try {
      return await attempt.make(aborted.signal);
    } finally {
      isPosting = false;
    }
  }

  function settle(flight: Flight, result: FlightResult): FlightResult {
    if (current?.flight !== flight) return result;
    current = null;
    const state = getState();
    // K5: what it set out to renew has ended meanwhile, and nothing is to be found in its place.
    const isOver = state.session !== null && isEnded(state.session) && !isInQuestion(state);
    const unfinished = result.kind === "done" || isOver ? null : result;
    const failure = unfinished?.kind === "failed" ? unfinished : null;
    lastFailure = failure?.error ?? null;
    shownUntil = failure?.until ?? null;
    // A failure that names no moment needs one all the same: the timer of a spent token would run without a pause.
    const at = unfinished === null ? null : (unfinished.until ?? clock.now() + LOOK_AGAIN_MS);
    retry = at === null ? null : planRetry(clock, at, flight.trigger === "wakeUp" ? "wakeUp" : "timer");
    showActivity();
    parts.schedule.arm();
    return result;
  }

  return {
    activity: activity.readable,
    run(trigger) {
      if (current !== null) return current.result; // L1
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
      if (!isSameSession(before.session, session)) attempt.sessionChanged();
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
    isRenewable: attempt.isRenewable,
    retry: () => retry?.() ?? null,
    retryAfterMs: () => (retry === null ? undefined : Math.max(0, retry().at - clock.now())),
    lastFailure: () => lastFailure,
    dispose() {
      current?.flight.aborted.abort();
      current = null;
      activity.readable.clear();
    },
  };
}

/**
 * By the clock that is there first: one that is set back puts nothing off. `at` itself where it can be, since a sum of spans rounds to
 * a moment just before it, at which nothing is due yet.
 */
function planRetry(clock: Clock, at: number, trigger: RefreshTrigger): () => Retry {
  const atMonotonic = clock.monotonicNow() + at - clock.now();
  return () => ({ at: Math.min(at, clock.now() + atMonotonic - clock.monotonicNow()), trigger });
}

/** L4: a lock can be granted before the message and the record arrive, so both are looked at again inside it. */
async function isMadeUnneeded(parts: Parts, aborted: AbortSignal, wanted: Snapshot, waited: boolean): Promise<boolean> {
  const { tabs, record, store } = parts;
  const isOver = (): boolean => aborted.aborted || isSatisfied(parts, wanted);
  tabs.readRecord();
  if (isOver()) return true;
  const written = record.readSession();
  const held = store.getState().session?.token?.claims?.issuedAt ?? null;
  const isNewer = written?.end === "open" && written.issuedAt !== null && written.issuedAt !== held;
  if (!waited && !isNewer) return false;
  await abortable(tabs.ask(), aborted).catch(() => {});
  tabs.readRecord();
  return isOver();
}
