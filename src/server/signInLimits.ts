import { type AuthServerContext, limited } from "./authServerContext.ts";
import { addressKey } from "./networkAddress.ts";
import type { RateLimitName } from "./rateLimits.ts";
import { type RequestFacts, UNKNOWN_ADDRESS } from "./requestFacts.ts";

/** A sign-in attempt that the limits let through; one of the three says how it went. */
export interface SignInAttempt {
  /** Whose turn it takes among the passwords that wait to be checked. */
  readonly line: string;
  succeeded(): Promise<void>;
  failed(): Promise<void>;
  /** The password was not looked at: nothing was tried. */
  givenUp(): Promise<void>;
}

/**
 * Counts an attempt before the password is looked at. Who is known as the account's has limits of their own, which no
 * stranger's failures use up; all others count by address, and together for the account.
 *
 * @throws RateLimitedError
 */
export async function beginSignIn(
  server: AuthServerContext,
  facts: RequestFacts,
  account: string,
  knownBy: string | null,
): Promise<SignInAttempt> {
  const { rateLimits } = server;
  // Where all clients share one address, a count by it would let anybody shut out everybody.
  const address = facts.address === UNKNOWN_ADDRESS ? null : addressKey(facts.address);
  const own = `${account} ${knownBy ?? address ?? ""}`;
  const counters: (readonly [RateLimitName, string])[] = knownBy === null && address === null ? [] : [["signIn", own]];
  if (knownBy === null && address !== null) counters.push(["signInAddress", address]);
  const counted: (readonly [RateLimitName, string])[] = [];

  async function giveBack(): Promise<void> {
    await Promise.all(counted.map(([limit, key]) => rateLimits.giveBack(limit, key)));
  }

  if (knownBy === null) await limited(server, facts, rateLimits.check("signInDelay", account));
  for (const [limit, key] of counters) {
    try {
      counted.push([limit, key]);
      await limited(server, facts, rateLimits.count(limit, key));
    } catch (error) {
      await giveBack();
      throw error;
    }
  }

  return {
    line: knownBy ?? address ?? account,
    async succeeded() {
      await giveBack();
      await rateLimits.clear("signIn", own);
      if (knownBy === null) await rateLimits.clear("signInDelay", account);
    },
    async failed() {
      if (knownBy === null) await rateLimits.countFailure(account, address === null ? null : own);
    },
    givenUp: giveBack,
  };
}
