import type { RateLimiterMemory } from "rate-limiter-flexible";
import { requirePeer } from "./requirePeer.ts";

/** So much in so long a time. */
export interface RateLimit {
  /** How many are let through. */
  readonly points: number;
  /** In how many seconds. */
  readonly perSeconds: number;
}

/** What is limited, and by what. Each can be changed; `false` turns it off. */
export interface RateLimitOptions {
  /** Sign-in attempts for one account from one address. Default 10 in 5 minutes; a success clears it. */
  readonly signIn?: RateLimit | false | undefined;
  /**
   * Failed sign-ins for one account from anywhere, before each further one makes the next wait: 1 s, doubling to 60 s,
   * never for good. Default 20 in a day; a success clears it.
   */
  readonly signInDelay?: RateLimit | false | undefined;
  /** Registrations from one address. Default 20 in an hour. */
  readonly register?: RateLimit | false | undefined;
  /** Guest sessions from one address. Default 60 in an hour. */
  readonly guest?: RateLimit | false | undefined;
  /**
   * Refreshes of one session, counted after the token was found genuine. Default 300 in a minute: no client needs as
   * many.
   */
  readonly refresh?: RateLimit | false | undefined;
  /** Password checks of one subject that is signed in. Default 10 in 5 minutes. */
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
  /** @throws RateLimitedError when the next one would be one too many; counts nothing. */
  check(limit: RateLimitName, key: string): Promise<void>;
  clear(limit: RateLimitName, key: string): Promise<void>;
  /** Counts one failed sign-in and, beyond the limit, makes the account wait longer each time. */
  countFailure(account: string): Promise<void>;
}

const DEFAULTS: Readonly<Record<RateLimitName, RateLimit>> = {
  signIn: { points: 10, perSeconds: 300 },
  signInDelay: { points: 20, perSeconds: 86_400 },
  register: { points: 20, perSeconds: 3600 },
  guest: { points: 60, perSeconds: 3600 },
  refresh: { points: 300, perSeconds: 60 },
  password: { points: 10, perSeconds: 300 },
  deviceCode: { points: 30, perSeconds: 600 },
  deviceToken: { points: 240, perSeconds: 60 },
  userCode: { points: 5, perSeconds: 600 },
};
const MAX_DELAY_SECONDS = 60;

const UNLIMITED: RateLimits = {
  async count() {},
  async check() {},
  async clear() {},
  async countFailure() {},
};

/** Limits in this process's memory. `false` turns all of them off. */
export function createRateLimits(options: RateLimitOptions | false): RateLimits {
  if (options === false) return UNLIMITED;
  requirePeer("rate-limiter-flexible", "the limits count with it (`rateLimits: false` turns them off)");
  const limits = {
    ...DEFAULTS,
    ...Object.fromEntries(Object.entries(options).filter(([, limit]) => limit !== undefined)),
  };
  const limiters = new Map<string, Promise<RateLimiterMemory | null>>();

  function limiterFor(name: RateLimitName | "wait"): Promise<RateLimiterMemory | null> {
    const limiter =
      limiters.get(name) ?? create(name === "wait" ? { points: 1, perSeconds: MAX_DELAY_SECONDS } : limits[name]);
    limiters.set(name, limiter);
    return limiter;
  }

  async function check(name: RateLimitName | "wait", key: string): Promise<void> {
    const limiter = await limiterFor(name);
    const used = await limiter?.get(key);
    // An entry that has run out may still be there until its timer has fired.
    if (used && used.msBeforeNext > 0 && limiter && used.consumedPoints >= limiter.points) {
      throw new RateLimitedError(name === "wait" ? "signInDelay" : name, used.msBeforeNext);
    }
  }

  return {
    async count(name, key) {
      const limiter = await limiterFor(name);
      if (limiter === null) return;
      const used = await limiter.penalty(key);
      if (used.consumedPoints > limiter.points) throw new RateLimitedError(name, used.msBeforeNext);
    },
    check: (name, key) => check(name === "signInDelay" ? "wait" : name, key),
    async clear(name, key) {
      await (await limiterFor(name))?.delete(key);
      if (name === "signInDelay") await (await limiterFor("wait"))?.delete(key);
    },
    async countFailure(account) {
      const limiter = await limiterFor("signInDelay");
      if (limiter === null) return;
      const { consumedPoints } = await limiter.penalty(account);
      const excess = consumedPoints - limiter.points;
      if (excess > 0) await (await limiterFor("wait"))?.block(account, Math.min(2 ** (excess - 1), MAX_DELAY_SECONDS));
    },
  };
}

async function create(limit: RateLimit | false): Promise<RateLimiterMemory | null> {
  if (limit === false) return null;
  const { RateLimiterMemory } = await import("rate-limiter-flexible");
  return new RateLimiterMemory({ points: limit.points, duration: limit.perSeconds });
}
