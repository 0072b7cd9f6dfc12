import { toKnowledge } from "./answers.ts";
import { AuthError } from "./authError.ts";
import type { Activity, RefreshTrigger } from "./authState.ts";
import type { Backend, RefreshOutcome } from "./backend.ts";
import { type HeldToken, isOpen, type Knowledge } from "./knowledge.ts";
import { refreshFloorMs } from "./lifetime.ts";
import type { Notes } from "./note.ts";
import type { Pacing } from "./pacing.ts";
import type { Clock, Platform } from "./ports.ts";
import { underRefreshLock } from "./refreshLock.ts";
import { describeFailure } from "./responses.ts";
import type { Tabs } from "./tabs.ts";
import { abortable, withinTime } from "./timers.ts";
import { type Basis, type ClientEvent, type ClientState, hasChanged } from "./transition.ts";

/** `done`: look at the state again. `failed`: nothing new; the error says why, and when it is tried again. */
export type FlightResult =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: Error; readonly until: number | null };

export interface RefresherOptions {
  readonly platform: Platform;
  readonly namespace: string;
  readonly requestTimeoutMs: number;
  readonly backend: Backend;
  readonly notes: Notes;
  readonly pacing: Pacing;
  readonly tabs: Tabs;
  readonly getState: () => ClientState;
  readonly dispatch: (event: ClientEvent) => void;
  readonly readNote: () => void;
  readonly isUsable: (token: HeldToken | null) => boolean;
  readonly setActivity: (activity: Activity) => void;
  readonly warn: (message: string) => void;
  /** This server has no refresh: the session lasts until its access token ends. */
  readonly onUnsupported: () => void;
  readonly onFailed: (error: Error, until: number | null) => void;
  /** Once a flight, not once for each of those who wait for it. */
  readonly onSettled: (result: FlightResult) => void;
}

export interface Refresher {
  /** The one flight of this tab; whoever asks while it is under way shares it. */
  refresh(trigger: RefreshTrigger): Promise<FlightResult>;
  /** A sign-in or sign-out makes its answer worthless: stops waiting for it. */
  abort(): void;
  /** A token came in, or the session ended: leaves the queue for the lock, unless the answer is already awaited. */
  leaveQueue(): void;
}

const DONE: FlightResult = { kind: "done" };

/** Somebody waits for it, or something has just become better: it need not wait for the end of a back-off. */
const isEarly = (trigger: RefreshTrigger): boolean => trigger !== "timer" && trigger !== "start";

export function createRefresher(options: RefresherOptions): Refresher {
  const { platform, namespace, requestTimeoutMs, backend, notes, pacing, tabs, getState, dispatch, readNote } = options;
  const clock: Clock = platform.clock;
  let flight: {
    readonly result: Promise<FlightResult>;
    readonly aborted: AbortController;
    readonly left: AbortController;
  } | null = null;
  let succeededBefore = false;
  let refusedOrigin: AuthError | null = null;
  let lastError: Error | null = null;

  /** Whether what the flight set out for has come about by another's doing. */
  function isMet(basis: Basis): boolean {
    const { known } = getState();
    if (known !== null && !isOpen(known)) return basis.known === null || isOpen(basis.known);
    if (known === null || !options.isUsable(known.token)) return false;
    return hasChanged(getState(), basis);
  }

  function commit(knowledge: Knowledge, basis: Basis): void {
    succeededBefore = true;
    pacing.noteSuccess();
    dispatch({ type: "refreshAnswered", knowledge, basis });
  }

  function fail(error: Error, retryAfterMs: number | null, basis: Basis): FlightResult {
    const held = basis.known?.token?.claims?.issuedAt ?? null;
    const noted = notes.readSession();
    // Somebody else got a newer token meanwhile: an outage is not what this was.
    const overtaken = noted?.issuedAt != null && held !== null && noted.issuedAt > held;
    const until = overtaken ? null : pacing.noteFailure(retryAfterMs);
    dispatch({ type: "startFailed" });
    options.onFailed(error, until);
    return { kind: "failed", error, until };
  }

  async function post(aborted: AbortSignal, trigger: RefreshTrigger): Promise<FlightResult | "dropped"> {
    const basis = getState();
    const sent = { sentAt: clock.now(), sentAtMonotonic: clock.monotonicNow() };
    pacing.noteAttempt(isEarly(trigger));
    options.setActivity({ kind: "refreshing", trigger });
    let outcome: Exclude<RefreshOutcome, { kind: "token" }> | { readonly kind: "known"; readonly knowledge: Knowledge };
    try {
      outcome = await withinTime(
        clock,
        requestTimeoutMs,
        async (signal) => {
          const call = { fetch: platform.fetch, signal };
          const answered = await backend.refresh(call);
          if (answered.kind !== "token") return answered;
          const held = basis.known;
          const knowledge = await toKnowledge(answered.answer, { held, sent, isRefresh: true, backend, call, clock });
          return { kind: "known" as const, knowledge };
        },
        aborted,
      );
    } catch (error) {
      if (aborted.aborted) return DONE;
      const cause = error instanceof AuthError ? error : describeFailure(error);
      const unavailable = new AuthError(
        "unavailable",
        "The server could not be reached; the session goes on and this is tried again.",
        { cause },
      );
      return fail(error instanceof AuthError ? error : unavailable, null, basis);
    }
    switch (outcome.kind) {
      case "known":
        commit(outcome.knowledge, basis);
        return isMet(basis) || !isOpen(getState().known) ? DONE : "dropped";
      case "transient":
        return fail(outcome.error, outcome.retryAfterMs, basis);
      case "originNotAllowed":
        refusedOrigin = new AuthError(
          "originNotAllowed",
          "The server refuses refreshes from this page's origin: add it to the server's allowed origins, then reload.",
        );
        options.warn(refusedOrigin.message);
        options.onFailed(refusedOrigin, null);
        return { kind: "failed", error: refusedOrigin, until: null };
      case "absent":
      case "ended":
        return end(outcome, basis);
    }
  }

  async function end(
    outcome: Extract<RefreshOutcome, { kind: "absent" | "ended" }>,
    basis: Basis,
  ): Promise<FlightResult> {
    const { token } = getState().known ?? { token: null };
    if (outcome.kind === "absent" && succeededBefore) {
      const gone = new AuthError(
        "unavailable",
        "The refresh endpoint has gone; the session goes on and this is tried again.",
      );
      return fail(gone, null, basis);
    }
    if (outcome.kind === "absent" || !outcome.coded) {
      if (token !== null && !token.rejected && options.isUsable(token)) {
        options.onUnsupported();
        return DONE;
      }
    }
    // Without a lock that works, a sibling may have spent this very refresh token and not yet have told.
    if (basis.known !== null && isOpen(basis.known)) {
      await tabs.ask();
      readNote();
    }
    const reason = outcome.kind === "ended" ? outcome.reason : basis.known === null ? "none" : "expired";
    dispatch({ type: "refreshDenied", reason, basis });
    return DONE;
  }

  async function fly(trigger: RefreshTrigger, aborted: AbortSignal, left: AbortSignal): Promise<FlightResult> {
    if (refusedOrigin !== null) return { kind: "failed", error: refusedOrigin, until: null };
    const wanted = getState();
    const result = await underRefreshLock(
      { lock: platform.lock, clock, notes, namespace, waitMs: requestTimeoutMs + 2_000 },
      left,
      async (waited): Promise<FlightResult> => {
        readNote();
        if (aborted.aborted || isMet(wanted)) return DONE;
        const noted = notes.readSession();
        const held = getState().known?.token?.claims?.issuedAt ?? null;
        if (waited || (noted?.end === "open" && noted.issuedAt !== null && noted.issuedAt !== held)) {
          await abortable(tabs.ask(), aborted).catch(() => {});
          readNote();
          if (aborted.aborted || isMet(wanted)) return DONE;
        }
        for (const isLast of [false, true]) {
          const allowedAt = pacing.nextAllowedAt(
            isEarly(trigger),
            refreshFloorMs(getState().known?.token?.lifetime.lifetimeMs ?? null),
          );
          if (allowedAt > clock.now()) {
            return {
              kind: "failed",
              until: allowedAt,
              error:
                lastError ??
                new AuthError(
                  "unavailable",
                  "The server was not reached a moment ago; this is tried again in a while.",
                ),
            };
          }
          const posted = await post(aborted, trigger);
          if (posted !== "dropped") return posted;
          if (isLast) break;
          // A tab that thaws finds its answer old: the siblings may have a later one by now.
          await abortable(tabs.ask(), aborted).catch(() => {});
          if (aborted.aborted || isMet(wanted)) return DONE;
        }
        return fail(
          new AuthError("unavailable", "The answer to a refresh was overtaken twice; it is asked again."),
          null,
          wanted,
        );
      },
    );
    return result ?? DONE;
  }

  return {
    refresh(trigger) {
      if (flight !== null) return flight.result;
      const aborted = new AbortController();
      const left = new AbortController();
      aborted.signal.addEventListener("abort", () => left.abort());
      const result = fly(trigger, aborted.signal, left.signal)
        .catch((error: unknown): FlightResult => ({ kind: "failed", error: describeFailure(error), until: null }))
        .then((settled) => {
          if (flight !== null && flight.result !== result) return settled;
          flight = null;
          lastError = settled.kind === "failed" ? settled.error : null;
          options.setActivity(
            settled.kind === "failed" && settled.until !== null
              ? { kind: "waiting", until: settled.until, error: settled.error }
              : { kind: "idle" },
          );
          options.onSettled(settled);
          return settled;
        });
      flight = { result, aborted, left };
      return result;
    },
    abort() {
      flight?.aborted.abort();
      flight = null;
    },
    leaveQueue: () => flight?.left.abort(),
  };
}
