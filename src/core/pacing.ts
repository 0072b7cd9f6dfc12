import { AuthError } from "./authError.ts";
import { elapsedMs, refreshFloorMs } from "./lifetime.ts";
import type { FlightResult, Pacing, Parts, Urgency } from "./parts.ts";
import { MOST_RETRY_AFTER_MS } from "./record.ts";
import { shownLifetimeMs } from "./token.ts";

/** How many attempts go together before the breaker opens: whoever calls by hand has asked for this very request. */
const MOST_ATTEMPTS = { now: 10, early: 5, due: 5 } as const;
const COUNTED_ATTEMPTS = 10;
/** How many floors those attempts count for. */
const BREAKER_FLOORS = 6;
const EARLY_EVERY_MS = 5_000;
const LONGEST_BACKOFF_MS = 60_000;

/** How often the server is asked (B): a back-off that all tabs share, and a breaker in each tab. */
export function createPacing(parts: Parts): Pacing {
  const { clock, random } = parts.platform;
  let attempts: readonly { readonly madeAt: number; readonly madeAtMonotonic: number }[] = [];
  return {
    nextAllowedAt(urgency, floorMs) {
      const { nextAt, earlyAt } = parts.record.readAttempt();
      const sharedAt = urgency === "due" ? nextAt : Math.min(nextAt, earlyAt + EARLY_EVERY_MS);
      const oldest = attempts[attempts.length - MOST_ATTEMPTS[urgency]];
      const passedMs = oldest ? elapsedMs(oldest.madeAt, oldest.madeAtMonotonic, clock) : Number.POSITIVE_INFINITY;
      const brokenForMs = BREAKER_FLOORS * floorMs - passedMs;
      return Math.max(sharedAt, clock.now() + Math.max(0, brokenForMs));
    },
    noteAttempt(urgency) {
      const made = { madeAt: clock.now(), madeAtMonotonic: clock.monotonicNow() };
      attempts = [...attempts, made].slice(-COUNTED_ATTEMPTS);
      const attempt = parts.record.readAttempt();
      if (urgency !== "due" && attempt.nextAt > clock.now())
        parts.record.writeAttempt({ ...attempt, earlyAt: clock.now() });
    },
    noteFailure(retryAfterMs) {
      const attempt = parts.record.readAttempt();
      // Spread within its own doubling step, so that no gap is shorter than the one before it and a herd comes apart.
      const stepMs = Math.min(1_000 * 2 ** attempt.failures, LONGEST_BACKOFF_MS);
      const spread = stepMs === LONGEST_BACKOFF_MS ? 0.1 : 1;
      const backoffMs = Math.min(stepMs * (1 + random() * spread), LONGEST_BACKOFF_MS * 1.1);
      const askedMs = retryAfterMs === null ? 0 : Math.min(retryAfterMs, MOST_RETRY_AFTER_MS) * (1 + random() * 0.4);
      const madeAt = clock.now();
      const nextAt = madeAt + Math.max(backoffMs, askedMs);
      parts.record.writeAttempt({ ...attempt, nextAt, madeAt, failures: attempt.failures + 1 });
      return nextAt;
    },
    noteSuccess() {
      const { stuckUntil } = parts.record.readAttempt();
      parts.record.writeAttempt(
        stuckUntil > clock.now() ? { nextAt: 0, madeAt: 0, failures: 0, earlyAt: 0, stuckUntil } : null,
      );
    },
  };
}

/** What the back-off and the breaker do not allow yet, as the result of a flight that has not begun; else null. */
export function postpone(parts: Parts, urgency: Urgency, lastFailure: Error | null): FlightResult | null {
  const { platform, pacing, record, store } = parts;
  const token = store.getState().session?.token ?? null;
  const lifetimeMs = token === null ? null : shownLifetimeMs(token, platform.clock);
  const until = pacing.nextAllowedAt(urgency, refreshFloorMs(lifetimeMs));
  const retryAfterMs = until - platform.clock.now();
  if (retryAfterMs <= 0) return null;
  const isOutage = record.readAttempt().failures > 0;
  const sentence = isOutage ? undefined : "The token was renewed several times just now.";
  const error = new AuthError("unavailable", sentence, { retryAfterMs, cause: lastFailure ?? undefined });
  return { kind: isOutage ? "failed" : "tooSoon", until, error };
}
