import { nextMacrotask } from "./nextMacrotask.ts";

/** The one queue through which everything reaches a simulated tab, so that the order is the same in each run. */
export interface EventLoop {
  /**
   * Runs `task` in a later task, first come first served; between two tasks all promise callbacks run, as in a
   * browser.
   */
  post(task: () => void): void;
  /** Counts `work` as under way until it settles; returns it. */
  track<T>(work: Promise<T>): Promise<T>;
  /**
   * Resolves when nothing is posted or under way any more.
   * @throws Error when tracked work has not settled after 10 s of real time: it waits for something that time must
   * bring.
   */
  quiet(): Promise<void>;
}

// One would do for promise callbacks alone; reading a body takes tasks of its own.
const CALM_ROUNDS = 3;
const REAL_PATIENCE_MS = 10_000;

export function createEventLoop(): EventLoop {
  const posted: Array<() => void> = [];
  let isDraining = false;
  let underWay = 0;
  let onIdle: (() => void) | null = null;

  async function drain(): Promise<void> {
    isDraining = true;
    for (;;) {
      await nextMacrotask();
      const task = posted.shift();
      if (!task) break;
      try {
        task();
      } catch (error) {
        // As in a browser: one failing handler is reported and stops nothing else.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    isDraining = false;
  }

  function settled(): void {
    underWay -= 1;
    if (underWay === 0) onIdle?.();
  }

  async function idle(): Promise<void> {
    let patience: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        onIdle = resolve;
        patience = setTimeout(() => {
          reject(
            new Error(
              `${underWay} piece(s) of tracked work did not settle within ${REAL_PATIENCE_MS} ms of real time. ` +
                "A server that waits for simulated time cannot answer while time stands still; delay the answer with a fault.",
            ),
          );
        }, REAL_PATIENCE_MS);
      });
    } finally {
      clearTimeout(patience);
      onIdle = null;
    }
  }

  return {
    post(task) {
      posted.push(task);
      if (!isDraining) void drain();
    },
    track(work) {
      underWay += 1;
      work.then(settled, settled);
      return work;
    },
    async quiet() {
      for (let calm = 0; calm < CALM_ROUNDS; calm += 1) {
        await nextMacrotask();
        if (underWay > 0) await idle();
        if (isDraining || underWay > 0) calm = -1;
      }
    },
  };
}
