/** Timers that fire when the test says so. */
export function createManualClock() {
  let nowMs = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    monotonicNow: () => nowMs,
    setTimer(run: () => void, delayMs: number): () => void {
      const timer = { at: nowMs + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    /** Moves on to the next timer and fires it; returns the time, or undefined when none is set. */
    fireNext(): number | undefined {
      const next = [...timers].sort((one, other) => one.at - other.at)[0];
      if (!next) return undefined;
      timers.delete(next);
      nowMs = Math.max(nowMs, next.at);
      next.run();
      return nowMs;
    },
    pass: (ms: number) => void (nowMs += ms),
    timerCount: () => timers.size,
  };
}
