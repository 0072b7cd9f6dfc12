import type { Clock } from "../core/ports.ts";

/** The clock of this process. Its timers keep no process alive; whoever waits for one must. */
export function createNodeClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
