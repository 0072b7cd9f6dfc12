import { MOST_RETRY_AFTER_MS, type Notes } from "./note.ts";
import type { Clock } from "./ports.ts";

const MOST_ATTEMPTS = 5;
const EARLY_EVERY_MS = 5_000;
const LONGEST_BACKOFF_MS = 60_000;

export interface Pacing {
  /** When the next attempt may be made: a moment that has passed means now. `early`: a person or a wake-up asks for it. */
  nextAllowedAt(early: boolean, floorMs: number): number;
  noteAttempt(early: boolean): void;
  /** Writes down a failure for all tabs; returns when the next attempt is due. */
  noteFailure(retryAfterMs: number | null): number;
  noteSuccess(): void;
}

/** How often the server is asked: a back-off that all tabs share, and a breaker in each tab that nothing overrides. */
export function createPacing(notes: Notes, clock: Clock, random: () => number): Pacing {
  let attempts: readonly { readonly madeAt: number; readonly madeAtMonotonic: number }[] = [];
  return {
    nextAllowedAt(early, floorMs) {
      const { nextAt, earlyAt } = notes.readAttempt();
      const sharedAt = early ? Math.min(nextAt, earlyAt + EARLY_EVERY_MS) : nextAt;
      const oldest = attempts.length < MOST_ATTEMPTS ? undefined : attempts[0];
      // By whichever clock says more: one may be set back, the other may stand still from one short waking to the next.
      const passedMs = oldest
        ? Math.max(clock.now() - oldest.madeAt, clock.monotonicNow() - oldest.madeAtMonotonic)
        : Number.POSITIVE_INFINITY;
      const brokenForMs = (MOST_ATTEMPTS + 1) * floorMs - passedMs;
      return Math.max(sharedAt, clock.now() + Math.max(0, brokenForMs));
    },
    noteAttempt(early) {
      const made = { madeAt: clock.now(), madeAtMonotonic: clock.monotonicNow() };
      attempts = [...attempts, made].slice(-MOST_ATTEMPTS);
      const attempt = notes.readAttempt();
      if (early && attempt.nextAt > clock.now()) notes.writeAttempt({ ...attempt, earlyAt: clock.now() });
    },
    noteFailure(retryAfterMs) {
      const attempt = notes.readAttempt();
      // Spread within its own doubling step, so that no gap is shorter than the one before it and a herd comes apart.
      const stepMs = Math.min(1_000 * 2 ** attempt.failures, LONGEST_BACKOFF_MS);
      const spread = stepMs === LONGEST_BACKOFF_MS ? 0.1 : 1;
      const backoffMs = Math.min(stepMs * (1 + random() * spread), LONGEST_BACKOFF_MS * 1.1);
      const askedMs = retryAfterMs === null ? 0 : Math.min(retryAfterMs, MOST_RETRY_AFTER_MS) * (1 + random() * 0.4);
      const madeAt = clock.now();
      const nextAt = madeAt + Math.max(backoffMs, askedMs);
      notes.writeAttempt({ ...attempt, nextAt, madeAt, failures: attempt.failures + 1 });
      return nextAt;
    },
    noteSuccess() {
      const { stuckUntil } = notes.readAttempt();
      notes.writeAttempt(
        stuckUntil > clock.now() ? { nextAt: 0, madeAt: 0, failures: 0, earlyAt: 0, stuckUntil } : null,
      );
    },
  };
}
