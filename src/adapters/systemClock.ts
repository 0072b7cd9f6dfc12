import type { Clock } from "../core/ports.ts";

/** The machine's own clock, as far as sockets need one. */
export const systemClock: Pick<Clock, "monotonicNow" | "setTimer"> = {
  monotonicNow: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
