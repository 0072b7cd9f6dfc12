import type { Clock } from "../core/ports.ts";

/** The page's clock. Every global is looked up at each call, so that test runners that replace timers are heeded. */
export function createBrowserClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
