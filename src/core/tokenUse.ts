import type { HeldToken } from "./knowledge.ts";
import { defaultMinValidityMs, refreshFloorMs, remainingMs } from "./lifetime.ts";
import type { Clock } from "./ports.ts";

/** What a held token is still good for. */
export interface TokenUse {
  leftMs(token: HeldToken): number;
  /** Refused by a server, or past its lifetime. */
  isSpent(token: HeldToken): boolean;
  /** Good for the next moments, as far as anybody here can tell. */
  isUsable(token: HeldToken | null): boolean;
  /** Whether it will do for a caller who needs it for `minValidityMs`, without asking the server. */
  willDo(token: HeldToken, minValidityMs: number | undefined): boolean;
}

export function createTokenUse(clock: Clock): TokenUse {
  const leftMs = (token: HeldToken): number => remainingMs(token.lifetime, clock);
  return {
    leftMs,
    isSpent: (token) => token.rejected || leftMs(token) <= 0,
    isUsable: (token) =>
      token !== null && !token.rejected && leftMs(token) > defaultMinValidityMs(token.lifetime.lifetimeMs),
    willDo(token, minValidityMs) {
      if (token.rejected) return false;
      const { lifetimeMs } = token.lifetime;
      const neededMs = minValidityMs ?? defaultMinValidityMs(lifetimeMs);
      if (leftMs(token) > neededMs) return true;
      // What no token of this server can give is not asked for again and again.
      const isAskable = minValidityMs !== undefined && lifetimeMs !== null && minValidityMs < lifetimeMs;
      const ageMs = lifetimeMs === null ? 0 : lifetimeMs - leftMs(token);
      return !isAskable && leftMs(token) > 0 && ageMs < refreshFloorMs(lifetimeMs);
    },
  };
}
