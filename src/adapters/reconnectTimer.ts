import type { Clock } from "../core/ports.ts";

const firstDelayMs = 1_000;
const maxDelayMs = 30_000;

/**
 * Times the reconnects of one socket: 1 s doubling to 30 s, half of it random, so that sockets that a restarted server lost do
 * not all come back at once. A connection that lasted longer than the longest delay starts anew; a short one does not, since a
 * server that drops everybody right after the connect would otherwise be knocked at in a tight loop.
 */
export function createReconnectTimer(clock: Pick<Clock, "monotonicNow" | "setTimer">, random: () => number) {
  let failures = 0;
  let connectedAt = Number.POSITIVE_INFINITY;
  let stop: (() => void) | undefined;
  const cancel = () => {
    stop?.();
    stop = undefined;
  };

  return {
    cancel,
    schedule(reconnect: () => void): void {
      cancel();
      const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** failures++) * (1 + random()) * 0.5;
      stop = clock.setTimer(() => {
        stop = undefined;
        reconnect();
      }, delayMs);
    },
    isPending: () => stop !== undefined,
    connected(): void {
      cancel();
      connectedAt = clock.monotonicNow();
    },
    disconnected(): void {
      if (clock.monotonicNow() - connectedAt > maxDelayMs) failures = 0;
    },
    reset(): void {
      cancel();
      failures = 0;
    },
  };
}
