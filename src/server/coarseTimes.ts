import type { Session } from "./authStore.ts";

const HOUR_MS = 3_600_000;

/**
 * What clients are told of a session's moments, in steps of an hour (a twenty-fourth of the idle lifetime where that is
 * less than a day): who knows when a token was last rotated knows when to present a copy of it.
 */
export function coarseTimes(
  session: Session,
  idleMs: number,
): { readonly lastRefreshedAt: number; readonly expiresAt: number } {
  const stepMs = Math.max(1, Math.min(HOUR_MS, Math.floor(idleMs / 24)));
  const floor = (moment: number) => Math.floor(moment / stepMs) * stepMs;
  const { createdAt, lastRefreshedAt, expiresAt, absoluteExpiresAt } = session;
  return {
    lastRefreshedAt: Math.max(createdAt, floor(lastRefreshedAt)),
    // No rotation moves the absolute end, so that tells nobody anything.
    expiresAt: expiresAt === absoluteExpiresAt ? expiresAt : floor(expiresAt),
  };
}
