import type { Pool } from "pg";
import { encodeBase64url, utf8 } from "../encoding.ts";
import type { RateLimit, RateLimiter } from "../rateLimits.ts";

/**
 * Counts in the database, so that an attack on several servers counts once. While it is out of reach each counts for itself.
 */
export async function createPostgresRateLimiter(pool: Pool, name: string, limit: RateLimit): Promise<RateLimiter> {
  const { RateLimiterMemory, RateLimiterPostgres } = await import("rate-limiter-flexible");
  const counted = { points: limit.points, duration: limit.perSeconds, keyPrefix: name };
  const limiter = new RateLimiterPostgres({
    ...counted,
    storeClient: pool,
    storeType: "pool",
    tableName: "auth_rate_limits",
    tableCreated: true,
    // The sweep removes what has run out.
    clearExpiredByTimeout: false,
    insuranceLimiter: new RateLimiterMemory(counted),
  });

  return {
    points: limiter.points,
    get: async (key) => limiter.get(await hashKey(key)),
    penalty: async (key) => limiter.penalty(await hashKey(key)),
    reward: async (key) => limiter.reward(await hashKey(key)),
    block: async (key, seconds) => limiter.block(await hashKey(key), seconds),
    delete: async (key) => limiter.delete(await hashKey(key)),
  };
}

/** Keys hold e-mail addresses, which this table is not to tell, and may be longer than its column. */
async function hashKey(key: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(key))));
}
