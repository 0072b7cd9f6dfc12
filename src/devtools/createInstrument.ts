import type { AuthClient, WatchedRequest } from "../core/authClient.ts";
import type { TabLock } from "../core/ports.ts";
import { createReadable, type Writable } from "../core/readable.ts";
import { createRequestLog, type RequestLog } from "./requestLog.ts";

type Fetch = typeof globalThis.fetch;

/** What the client and the app's authorized requests go through in this tab. */
export interface Conditions {
  readonly isOffline: boolean;
  /** How much longer each answer takes. */
  readonly delayMs: number;
  /** Whether the next authorized request goes out with a token that no server takes. */
  readonly isNextRefused: boolean;
  /** Answers in the server's place, or with undefined leaves it to the server. */
  readonly answer: ((input: Parameters<Fetch>[0], init: RequestInit | undefined) => Response | undefined) | null;
}

export const noConditions: Conditions = { isOffline: false, delayMs: 0, isNextRefused: false, answer: null };

/** Stands around what a client sends: writes down, and makes happen what cannot be waited for while developing. */
export interface Instrument {
  readonly conditions: Writable<Conditions>;
  readonly requests: RequestLog;
  /** Since when (wall clock, milliseconds) the client has waited for its turn to refresh; null when it does not. */
  waitsSince(): number | null;
  /** Begins; returns its end, after which the client is as it was. */
  attach(): () => void;
}

export function createInstrument(client: AuthClient): Instrument {
  const { internals } = client;
  const conditions = createReadable<Conditions>(noConditions, (error) => console.error(error));
  const requests = createRequestLog(client);
  const waits = new Set<number>();

  async function travel(): Promise<void> {
    const { delayMs, isOffline } = conditions.getState();
    if (isOffline) throw offlineError();
    if (delayMs === 0) return;
    await new Promise<void>((resolve) => internals.platform.clock.setTimer(resolve, delayMs));
    if (conditions.getState().isOffline) throw offlineError();
  }

  /** Spoils the token once, if that was asked for. */
  function refuseOnce(token: string | null): string | null {
    if (token === null || !conditions.getState().isNextRefused) return token;
    conditions.assign({ ...conditions.getState(), isNextRefused: false })();
    return `${token}refused-by-devtools`;
  }

  function watchRequest<R extends WatchedRequest>(request: R): R {
    const entry = requests.begin(request);
    return {
      ...request,
      wait: (work) => entry.followWait(request.wait(work)),
      send: (token, person) => {
        entry.noteSend();
        const sending = travel().then(() => request.send(refuseOnce(token), person));
        return entry.followSend(sending);
      },
    };
  }

  /** Notes how long the client waits for a lock that another tab has. */
  function watchLock(lock: TabLock): TabLock {
    const request: TabLock["request"] = async (name, signal, work) => {
      const since = internals.platform.clock.now();
      waits.add(since);
      try {
        return await lock.request(name, signal, (waited) => {
          waits.delete(since);
          return work(waited);
        });
      } finally {
        waits.delete(since);
      }
    };
    return { ...lock, request };
  }

  function attach(): () => void {
    const { platform } = internals;
    const { fetch: former, lock } = platform;
    const { watchRequest: formerWatch } = internals;
    let isAttached = true;
    const instrumented: Fetch = async (input, init) => {
      if (!isAttached) return former(input, init);
      await travel();
      return conditions.getState().answer?.(input, init) ?? former(input, init);
    };
    const watchedLock = lock && watchLock(lock);
    if (watchedLock !== undefined) platform.lock = watchedLock;
    platform.fetch = instrumented;
    internals.watchRequest = watchRequest;
    return () => {
      isAttached = false;
      if (platform.fetch === instrumented) platform.fetch = former;
      if (watchedLock !== undefined && platform.lock === watchedLock) platform.lock = lock;
      if (internals.watchRequest === watchRequest) internals.watchRequest = formerWatch;
      conditions.assign(noConditions)();
    };
  }

  return { conditions, requests, waitsSince: () => (waits.size === 0 ? null : Math.min(...waits)), attach };
}

/** As fetch fails, and as axios does, whichever of the two hands it on. */
function offlineError(): TypeError {
  return Object.assign(new TypeError("Offline, by the session devtools"), {
    code: "ERR_NETWORK",
    isAxiosError: true,
  });
}
