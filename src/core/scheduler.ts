import { isOpen, type Knowledge } from "./knowledge.ts";
import { refreshAheadOf, remainingMs } from "./lifetime.ts";
import type { Platform } from "./ports.ts";
import { setAlarm } from "./timers.ts";

/** What happens by itself, and when (wall clock, milliseconds): an `expiry` is forestalled, an `outage` is over for all it knows, a session that nothing renews reaches its `end`. */
export interface PlannedRefresh {
  readonly at: number;
  readonly reason: "expiry" | "outage" | "end";
}

export interface Scheduler {
  /** What the timer stands at; null when none is armed. */
  planned(): PlannedRefresh | null;
  /** Arms the one timer anew, for what `known` needs next: `retryAt` when an outage says so. */
  arm(known: Knowledge | null, retryAt: number | null): void;
  disarm(): void;
}

/** When to act without being asked: before a token ends, and when an outage allows the next attempt. */
export function createScheduler({
  platform,
  refreshAheadMs,
  isRenewable,
  onDue,
  onEnd,
  warn,
}: {
  readonly platform: Platform;
  readonly refreshAheadMs: number | undefined;
  readonly isRenewable: () => boolean;
  /** The token is to be renewed now. */
  readonly onDue: () => void;
  /** The token of a session that nothing renews has ended. */
  readonly onEnd: (known: Knowledge) => void;
  readonly warn: (message: string) => void;
}): Scheduler {
  const { clock } = platform;
  let cancel: (() => void) | null = null;
  let planned: PlannedRefresh | null = null;
  let armedFor: unknown = null;
  let share = 0;

  function disarm(): void {
    cancel?.();
    cancel = null;
    planned = null;
  }

  function plan(at: number, reason: PlannedRefresh["reason"], act: () => void): void {
    planned = { at, reason };
    cancel = setAlarm(clock, at, () => {
      planned = null;
      act();
    });
  }

  return {
    planned: () => planned,
    arm(known, retryAt) {
      disarm();
      if (!isOpen(known) && retryAt === null) return;
      const token = isOpen(known) ? known.token : null;
      const lifetimeMs = token?.lifetime.lifetimeMs ?? null;
      // One draw a token: drawn anew at each arming, the moment would wander towards the earliest.
      if (armedFor !== token) share = platform.random();
      armedFor = token;
      if (lifetimeMs !== null && refreshAheadMs !== undefined && refreshAheadMs >= lifetimeMs) {
        warn("`refreshAheadMs` is longer than the access token's lifetime; a third of the lifetime is used instead.");
      }
      if (!isRenewable()) {
        if (token === null || lifetimeMs === null || !isOpen(known)) return;
        return plan(clock.now() + remainingMs(token.lifetime, clock), "end", () => onEnd(known));
      }
      if (retryAt !== null) return plan(retryAt, "outage", onDue);
      if (token === null || lifetimeMs === null) return;
      const aheadMs = refreshAheadOf(lifetimeMs, refreshAheadMs) + (share * lifetimeMs) / 10;
      plan(clock.now() + remainingMs(token.lifetime, clock) - aheadMs, "expiry", onDue);
    },
    disarm,
  };
}
