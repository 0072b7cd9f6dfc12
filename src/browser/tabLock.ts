import type { TabLock } from "../core/ports.ts";

/**
 * The cross-tab lock on the Web Locks API; undefined where there is none (plain http, old browsers). The browser
 * frees what a closed or crashed tab held; a frozen tab keeps it, which is why nothing may hang on it.
 */
export function createTabLock(): TabLock | undefined {
  const locks = findLocks();
  if (!locks) return undefined;
  const announced = new Map<string, number>();

  function countOwn(name: string, change: number): void {
    announced.set(name, (announced.get(name) ?? 0) + change);
  }

  return {
    request<T>(name: string, signal: AbortSignal, work: (waited: boolean) => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        // Listened to here, not left to the API: it rejects with an AbortError of its own in older browsers, and
        // answers nothing at all before a prerendered page is shown.
        const giveUp = () => reject(signal.reason);
        let isGranted = false;
        const granted = async (waited: boolean) => {
          signal.throwIfAborted();
          isGranted = true;
          signal.removeEventListener("abort", giveUp);
          // Settled by the work itself: a lock that is stolen meanwhile rejects, and the work goes on all the same.
          await run(work, waited).then(resolve, reject);
        };
        if (signal.aborted) return giveUp();
        signal.addEventListener("abort", giveUp, { once: true });
        acquire(locks, name, signal, granted)
          // Refused, as in a frame with an opaque origin: the work goes on as if there were no lock.
          .catch(() => (isGranted ? undefined : granted(false)))
          .catch(giveUp)
          .finally(() => signal.removeEventListener("abort", giveUp));
      });
    },

    announce(name) {
      const withdrawal = new AbortController();
      let release = () => {};
      const untilWithdrawn = new Promise<void>((resolve) => {
        release = resolve;
      });
      locks
        .request(name, { mode: "shared", signal: withdrawal.signal }, async () => {
          countOwn(name, 1);
          await untilWithdrawn;
          countOwn(name, -1);
        })
        // Withdrawn before it was granted, or not allowed here: a tab that is not counted only costs its siblings a
        // refresh.
        .catch(() => {});
      return () => {
        withdrawal.abort();
        release();
      };
    },

    async countSiblings(name) {
      // Where the browser tells nobody anything, not even this tab is counted.
      return Math.max(0, (await countHeld(locks, name, "shared")) - (announced.get(name) ?? 0));
    },

    isHeld: async (name) => (await countHeld(locks, name, "exclusive")) > 0,
  };
}

async function acquire(
  locks: LockManager,
  name: string,
  signal: AbortSignal,
  granted: (waited: boolean) => Promise<void>,
): Promise<void> {
  // `ifAvailable` and `signal` exclude each other; trying for a free lock first also tells whether we had to wait.
  const wasFree = await locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await granted(false);
    return lock !== null;
  });
  if (!wasFree) await locks.request(name, { signal }, () => granted(true));
}

/** Calls `work`, which may also throw at once. */
async function run<T>(work: (waited: boolean) => Promise<T>, waited: boolean): Promise<T> {
  return work(waited);
}

async function countHeld(locks: LockManager, name: string, mode: LockMode): Promise<number> {
  try {
    const { held = [] } = await locks.query();
    return held.filter((lock) => lock.name === name && lock.mode === mode).length;
  } catch {
    return 0;
  }
}

/** happy-dom has `navigator.locks` as null, Node 20 no `navigator`, plain http no `locks`. */
function findLocks(): LockManager | undefined {
  const locks: LockManager | null | undefined = typeof navigator === "undefined" ? undefined : navigator.locks;
  return typeof locks?.request === "function" ? locks : undefined;
}
