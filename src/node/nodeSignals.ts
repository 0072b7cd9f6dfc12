import type { Clock, Signals } from "../core/ports.ts";

const LOOK_EVERY_MS = 5_000;
const SLEPT_FROM_MS = 4_000;

/**
 * The one signal that a process can give: `resumed`, when the machine has slept or the process was stopped. The wall clock has
 * then gone further than the timer was told to wait.
 */
export function createNodeSignals(clock: Clock): Signals {
  return {
    subscribe(listener) {
      let cancel: () => void;
      const watch = (): void => {
        const setAt = clock.now();
        cancel = clock.setTimer(() => {
          const slept = clock.now() - setAt - LOOK_EVERY_MS > SLEPT_FROM_MS;
          watch();
          if (slept) listener("resumed");
        }, LOOK_EVERY_MS);
      };
      watch();
      return () => cancel();
    },
    isVisible: () => true,
    isOnline: () => true,
  };
}
