import { elapsedMs, refreshAheadOf, refreshFloorMs, remainingMs } from "./lifetime.ts";
import type { PlannedRefresh } from "./authClient.ts";
import type { Parts, Schedule } from "./parts.ts";
import { isOpen } from "./session.ts";
import { isUsable } from "./token.ts";
import { isInQuestion } from "./transition.ts";
import { setAlarm } from "./wait.ts";

/** When to act without being asked: before a token ends, when an outage allows it, and about a record in question. */
export function createSchedule(parts: Parts): Schedule {
  const { platform, options, store, refresh } = parts;
  const { clock } = platform;
  let cancel: (() => void) | null = null;
  let planned: PlannedRefresh | null = null;
  let armedFor: unknown = null;
  let spread = 0;
  let verified = { at: Number.NEGATIVE_INFINITY, atMonotonic: Number.NEGATIVE_INFINITY };

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

  function renew(): void {
    const { initialized } = store.getState();
    if (!platform.signals.isOnline()) return refresh.networkChanged();
    if (!options.refreshWhileHidden && !platform.signals.isVisible() && initialized) return;
    const trigger = refresh.retry()?.trigger ?? "timer";
    if (initialized) void refresh.run(trigger);
    else void parts.lifecycle.restore(trigger);
  }

  function verify(): void {
    verified = { at: clock.now(), atMonotonic: clock.monotonicNow() };
    void parts.lifecycle.verify();
  }

  function arm(): void {
    disarm();
    if (!parts.lifecycle.isStarted()) return;
    const state = store.getState();
    const { session } = state;
    const retry = refresh.retry();
    if (!isOpen(session) && retry === null && !isInQuestion(state)) return;
    const token = isOpen(session) ? session.token : null;
    const lifetimeMs = token?.lifetime.lifetimeMs ?? null;
    // One draw a token: drawn anew at each arming, the moment would wander towards the earliest.
    if (armedFor !== token) spread = platform.random();
    armedFor = token;
    if (lifetimeMs !== null && options.refreshAheadMs !== undefined && options.refreshAheadMs >= lifetimeMs) {
      parts.warn(
        "`refreshAheadMs` is longer than the access token's lifetime; a third of the lifetime is used instead.",
      );
    }
    const endsAt = token === null ? 0 : clock.now() + remainingMs(token.lifetime, clock);
    if (!refresh.isRenewable()) {
      if (!isOpen(session) || lifetimeMs === null) return;
      return plan(endsAt, "end", () => store.dispatch({ type: "lifetimePassed", session }));
    }
    // After a renewal too many nothing is due before the good token's own time.
    const isDue = retry !== null && (refresh.lastFailure() !== null || token === null || !isUsable(token, clock));
    if (isDue) return plan(retry.at, "outage", renew);
    // T3: at most one refresh a floor, whatever strays about.
    if (isInQuestion(state)) {
      const restMs = refreshFloorMs(lifetimeMs) - elapsedMs(verified.at, verified.atMonotonic, clock);
      return plan(clock.now() + Math.max(0, restMs), "question", verify);
    }
    if (token === null || lifetimeMs === null) return;
    const aheadMs = token.endsWithSession
      ? 0
      : refreshAheadOf(lifetimeMs, options.refreshAheadMs) + (spread * lifetimeMs) / 10;
    plan(Math.max(endsAt - aheadMs, retry?.at ?? 0), "expiry", renew);
  }

  return { planned: () => planned, arm, disarm };
}
