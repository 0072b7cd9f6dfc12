/** What a fault can be chosen by. */
export interface FaultTarget {
  /** The number of the tab that asks. */
  readonly tab: number;
  /** `GET`, `POST` and so on. */
  readonly method: string;
  /** The path of its address. */
  readonly path: string;
}

/**
 * Something that goes wrong with requests on their way. The fault that was added last is looked at first; one
 * applies.
 */
export interface NetworkFault {
  /** The end of the path, a pattern for it, or a choice of your own. Absent: every request. */
  match?: string | RegExp | ((target: FaultTarget) => boolean);
  /** Only requests of this tab. */
  tab?: number;
  /** How many requests it applies to; 1 by default, `Infinity` for an outage. */
  times?: number;
  /** How much later the request reaches the server, ms. */
  delayBeforeMs?: number;
  /** How much later the answer reaches the browser, after the server has acted, ms. */
  delayAfterMs?: number;
  /**
   * Stops the request before the server sees it, or its answer after the server has acted, until the handle's
   * `release`.
   */
  hold?: "before" | "after";
  /**
   * The connection breaks: `before` the server sees the request, `after` it has acted, or in the middle of the
   * `body`, when the answer's cookies are already in the jar.
   */
  cut?: "before" | "after" | "body";
  /** This instead of the server's answer, as a gateway or a captive portal would say it. `status` from 200 to 599. */
  answer?: { status: number; body?: string | undefined; headers?: Record<string, string> | undefined };
  /** With `answer`: whether the server acts all the same. Its cookies are lost. Default: false. */
  reachesServer?: boolean;
}

/** A fault that was added. */
export interface FaultHandle {
  /** How many requests it was applied to. */
  readonly hits: number;
  /** Lets go on what `hold` has stopped, now and from now on. */
  release(): void;
  /** Applies to no further request; what is held stays held. */
  remove(): void;
}

/** A fault that is applied to a request: with it, how to wait for `hold`. */
export interface AppliedFault extends NetworkFault {
  released: Promise<void>;
}

export interface FaultPlan {
  add(fault: NetworkFault): FaultHandle;
  /** Removes all faults and lets go on whatever is held. */
  clear(): void;
  /** The fault that applies to this request, counted as used. */
  take(target: FaultTarget): AppliedFault | null;
}

export function createFaultPlan(): FaultPlan {
  const planned: Array<{ fault: NetworkFault; left: number; use(): AppliedFault }> = [];
  const releases = new Set<() => void>();

  return {
    add(fault) {
      let hits = 0;
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = () => {
          releases.delete(release);
          resolve();
        };
      });
      releases.add(release);
      const entry = {
        fault,
        left: fault.times ?? 1,
        use() {
          hits += 1;
          entry.left -= 1;
          return { ...fault, released };
        },
      };
      planned.unshift(entry);
      return {
        get hits() {
          return hits;
        },
        release,
        remove() {
          entry.left = 0;
        },
      };
    },
    clear() {
      planned.length = 0;
      for (const release of [...releases]) release();
    },
    take(target) {
      return planned.find(({ fault, left }) => left > 0 && applies(fault, target))?.use() ?? null;
    },
  };
}

function applies({ match, tab }: NetworkFault, target: FaultTarget): boolean {
  if (tab !== undefined && tab !== target.tab) return false;
  if (match === undefined) return true;
  if (typeof match === "function") return match(target);
  return typeof match === "string" ? target.path.endsWith(match) : match.test(target.path);
}
