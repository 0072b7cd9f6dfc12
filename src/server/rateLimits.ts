import type { AuthStore } from "./authStore.ts";
import { requirePeer } from "./requirePeer.ts";

/** So much in so long a time. */
export interface RateLimit {
  /** How many are let through. */
  readonly points: number;
  /** In how many seconds. */
  readonly perSeconds: number;
}

/** What counts under one limit, as the limiters of `rate-limiter-flexible` do. */
export interface RateLimiter {
  /** How many are let through. */
  readonly points: number;
  /** What was counted for `key`; null for nothing. */
  get(key: string): Promise<CountedPoints | null>;
  /** Counts one. */
  penalty(key: string): Promise<CountedPoints>;
  /** Takes one back. */
  reward(key: string): Promise<CountedPoints>;
  /** Takes `key` for used up for so many seconds. */
  block(key: string, seconds: number): Promise<CountedPoints>;
  /** Forgets what was counted for `key`. */
  delete(key: string): Promise<boolean>;
}

/** How often, and for how long that still counts. */
export interface CountedPoints {
  /** How many were counted. */
  readonly consumedPoints: number;
  /** When they are forgotten, in milliseconds from now. */
  readonly msBeforeNext: number;
}

/** What is limited, and by what. Each can be changed; `false` turns it off. */
export interface RateLimitOptions {
  /**
   * Sign-in attempts for one account from one address, or by one client that shows a cookie of an earlier session of the
   * account. Default 8 in 10 minutes; a success clears it.
   */
  readonly signIn?: RateLimit | false | undefined;
  /**
   * Failed sign-ins from one address, whatever the accounts; who has signed in to the account before, from there or with a
   * cookie that says so, is let pass. Default 50 in 10 minutes.
   */
  readonly signInAddress?: RateLimit | false | undefined;
  /**
   * Failed sign-ins of strangers for one account from several addresses, before each further one makes the next stranger
   * wait: 1 s, doubling to 60 s, never for good. One address counts at most as often as `signIn` lets it through, so that
   * two never make anybody wait. Default 16 in a day; a stranger's success clears it.
   */
  readonly signInDelay?: RateLimit | false | undefined;
  /**
   * Answers to the challenges of one account (a second factor), by each of its own devices and places, and by all others
   * together. Default 5 in 10 minutes; a right one clears it.
   */
  readonly challenge?: RateLimit | false | undefined;
  /** Registrations from one address. Default 20 in an hour. */
  readonly register?: RateLimit | false | undefined;
  /** Guest sessions from one address. Default 60 in an hour. */
  readonly guest?: RateLimit | false | undefined;
  /**
   * Refreshes of one session, counted after the token was found genuine. Default 300 in a minute: no client needs as
   * many.
   */
  readonly refresh?: RateLimit | false | undefined;
  /** Password checks in one session. Default 10 in 5 minutes; a success clears it. */
  readonly password?: RateLimit | false | undefined;
  /** Device codes asked for from one address. Default 30 in 10 minutes. */
  readonly deviceCode?: RateLimit | false | undefined;
  /** Questions for a token with a device code from one address. Default 240 in a minute. */
  readonly deviceToken?: RateLimit | false | undefined;
  /** Unknown user codes typed by one subject or from one address. Default 5 in 10 minutes. */
  readonly userCode?: RateLimit | false | undefined;
}

/** The name of a limit. */
export type RateLimitName = keyof RateLimitOptions;

export class RateLimitedError extends Error {
  override readonly name = "RateLimitedError";
  readonly limit: RateLimitName;
  readonly retryAfterSeconds: number;

  constructor(limit: RateLimitName, retryAfterMs: number) {
    super("Too many attempts; try again later.");
    this.limit = limit;
    this.retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  }
}

export interface RateLimits {
  /** Counts one. @throws RateLimitedError when that is one too many. */
  count(limit: RateLimitName, key: string): Promise<void>;
  /** Takes one back that turned out not to count. */
  giveBack(limit: RateLimitName, key: string): Promise<void>;
  /** @throws RateLimitedError when the next one would be one too many; counts nothing. */
  check(limit: RateLimitName, key: string): Promise<void>;
  clear(limit: RateLimitName, key: string): Promise<void>;
  /**
   * Counts one failed sign-in and, beyond the limit, makes the account's strangers wait longer each time. `source` is where
   * it came from; null where that is unknown.
   */
  countFailure(account: string, source: string | null): Promise<void>;
}

const DEFAULTS: Readonly<Record<RateLimitName, RateLimit>> = {
  signIn: { points: 8, perSeconds: 600 },
  signInAddress: { points: 50, perSeconds: 600 },
  signInDelay: { points: 16, perSeconds: 86_400 },
  challenge: { points: 5, perSeconds: 600 },
  register: { points: 20, perSeconds: 3600 },
  guest: { points: 60, perSeconds: 3600 },
  refresh: { points: 300, perSeconds: 60 },
  password: { points: 10, perSeconds: 300 },
  deviceCode: { points: 30, perSeconds: 600 },
  deviceToken: { points: 240, perSeconds: 60 },
  userCode: { points: 5, perSeconds: 600 },
};
const MAX_DELAY_SECONDS = 60;

/** These only stop clients that run wild: not worth a statement to the database each. */
const COUNTED_IN_MEMORY: ReadonlySet<string> = new Set<RateLimitName>(["refresh", "deviceToken"]);

/** What {@link RateLimits.countFailure} counts beside the limits that have a name. */
type Counter = RateLimitName | "share" | "streak" | "wait";

const UNLIMITED: RateLimits = {
  async count() {},
  async giveBack() {},
  async check() {},
  async clear() {},
  async countFailure() {},
};

/** Limits that all servers of one store count together where it can, else in this process's memory. `false`: none. */
export function createRateLimits(options: RateLimitOptions | false, store: AuthStore): RateLimits {
  if (options === false) return UNLIMITED;
  requirePeer("rate-limiter-flexible", "the limits count with it (`rateLimits: false` turns them off)");
  const limits: Readonly<Record<RateLimitName, RateLimit | false>> = {
    ...DEFAULTS,
    ...Object.fromEntries(Object.entries(options).filter(([, limit]) => limit !== undefined)),
  };
  const limiters = new Map<Counter, Promise<RateLimiter | null>>();

  function limiterFor(name: Counter): Promise<RateLimiter | null> {
    const limiter = limiters.get(name) ?? createLimiter(store, name, limitOf(name));
    limiters.set(name, limiter);
    // A database that is not there yet may be there at the next request.
    limiter.catch(() => limiters.delete(name));
    return limiter;
  }

  function limitOf(name: Counter): RateLimit | false {
    const { signIn, signInDelay } = limits;
    // An address that nothing else holds back counts each time.
    if (name === "share") return signIn === false ? false : { ...signIn, perSeconds: DEFAULTS.signInDelay.perSeconds };
    if (name === "streak") return signInDelay;
    return name === "wait" ? { points: 1, perSeconds: MAX_DELAY_SECONDS } : limits[name];
  }

  async function check(name: Counter, key: string): Promise<void> {
    const limiter = await limiterFor(name);
    const used = await limiter?.get(key);
    // An entry that has run out may still be there until its timer has fired.
    if (used && used.msBeforeNext > 0 && limiter && used.consumedPoints >= limiter.points) {
      throw new RateLimitedError(name === "wait" ? "signInDelay" : (name as RateLimitName), used.msBeforeNext);
    }
  }

  /** The account's failures so far, this one included unless its source has made up its share of them. */
  async function countForAccount(limiter: RateLimiter, account: string, source: string | null): Promise<number> {
    const share = source === null ? null : await limiterFor("share");
    const used = source === null ? undefined : await share?.penalty(source);
    if (share && used && used.consumedPoints > share.points) return (await limiter.get(account))?.consumedPoints ?? 0;
    return (await limiter.penalty(account)).consumedPoints;
  }

  return {
    async count(name, key) {
      const limiter = await limiterFor(name);
      if (limiter === null) return;
      const used = await limiter.penalty(key);
      if (used.consumedPoints > limiter.points) throw new RateLimitedError(name, used.msBeforeNext);
    },
    async giveBack(name, key) {
      await (await limiterFor(name))?.reward(key);
    },
    check: (name, key) => check(name === "signInDelay" ? "wait" : name, key),
    async clear(name, key) {
      const counters: readonly Counter[] = name === "signInDelay" ? [name, "streak", "wait"] : [name];
      for (const counter of counters) await (await limiterFor(counter))?.delete(key);
    },
    async countFailure(account, source) {
      const limiter = await limiterFor("signInDelay");
      if (limiter === null || (await countForAccount(limiter, account, source)) <= limiter.points) return;
      const streak = await (await limiterFor("streak"))?.penalty(account);
      const delaySeconds = Math.min(2 ** ((streak?.consumedPoints ?? 1) - 1), MAX_DELAY_SECONDS);
      await (await limiterFor("wait"))?.block(account, delaySeconds);
    },
  };
}

async function createLimiter(store: AuthStore, name: Counter, limit: RateLimit | false): Promise<RateLimiter | null> {
  if (limit === false) return null;
  if (store.createRateLimiter !== undefined && !COUNTED_IN_MEMORY.has(name))
    return store.createRateLimiter(name, limit);
  const { RateLimiterMemory } = await import("rate-limiter-flexible");
  return new RateLimiterMemory({ points: limit.points, duration: limit.perSeconds });
}
