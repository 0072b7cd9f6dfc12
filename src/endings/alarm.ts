import type { Clock, Signals } from "../core/ports.ts";

/** Wakes at a moment of the wall clock, or looks again when the page wakes: timers stand still while a machine sleeps. */
export interface Alarm {
  /** `at`: wall-clock milliseconds; null for nothing to wait for. */
  set(at: number | null): void;
  stop(): void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createAlarm({ clock, signals }: { clock: Clock; signals: Signals }, look: () => void): Alarm {
  let cancel: (() => void) | null = null;
  const unsubscribe = signals.subscribe((signal) => {
    if (signal !== "hidden" && signal !== "offline" && signal !== "suspended") look();
  });
  return {
    set(at) {
      cancel?.();
      cancel = null;
      if (at === null) return;
      const delayMs = Math.min(Math.max(0, at - clock.now()), LONGEST_TIMER_MS);
      cancel = clock.setTimer(look, delayMs);
    },
    stop() {
      cancel?.();
      unsubscribe();
    },
  };
}
