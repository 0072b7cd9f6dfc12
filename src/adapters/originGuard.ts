import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import { type Address, pageBase, readAddress } from "./readAddress.ts";

/** Whether a request to this address may carry the token. */
export type OriginGuard = (address: string, ownBaseUrl?: string) => boolean;

const mostVerdicts = 500;

/**
 * Decides by the parsed URL, and says no whenever it does not parse. Allowed are `allowedOrigins`; without them the origin of
 * `ownBaseUrl`, of the auth endpoints, and of the page. The session's own endpoints never are: their 401 is about a password or
 * a cookie.
 *
 * @throws AuthError `invalidOptions` when an entry of `allowedOrigins` is no origin.
 */
export function createOriginGuard(auth: AuthClient, allowedOrigins?: readonly string[]): OriginGuard {
  const fixed = allowedOrigins === undefined ? undefined : readOrigins(allowedOrigins);
  // The page's own: a <base> may lead elsewhere.
  const page = globalThis.location?.href;

  function decide(address: string, ownBaseUrl: string | undefined, base: string | undefined): boolean {
    const at = readAddress(address, base);
    const isAt = (other: string | undefined) => other !== undefined && readAddress(other, base)?.origin === at?.origin;
    if (!at || !(fixed ? fixed.includes(at.origin) : [ownBaseUrl, auth.baseUrl, page].some(isAt))) return false;
    return !auth.internals.sessionEndpoints.some((endpoint) => {
      const known = readAddress(endpoint, base);
      return known && placeOf(known) === placeOf(at) && at.query.includes(known.query.slice(1));
    });
  }

  // The same addresses are asked for again and again.
  const verdicts = new Map<string, boolean>();
  let lastBase: string | undefined;
  let lastOwn: string | undefined;

  return (address, ownBaseUrl) => {
    // Anything else that fetch would turn into an address of its own is not looked through.
    if (typeof address !== "string") return false;
    const base = pageBase();
    if (base !== lastBase || ownBaseUrl !== lastOwn || verdicts.size >= mostVerdicts) verdicts.clear();
    lastBase = base;
    lastOwn = ownBaseUrl;
    let verdict = verdicts.get(address);
    if (verdict === undefined) verdicts.set(address, (verdict = decide(address, ownBaseUrl, base)));
    return verdict;
  };
}

const placeOf = ({ origin, path }: Address): string => origin + path.replace(/\/+$/, "");

function readOrigins(entries: readonly string[]): string[] {
  return [entries].flat().map((entry) => {
    const origin = typeof entry === "string" && readAddress(entry)?.origin;
    if (origin) return origin;
    throw new AuthError(
      "invalidOptions",
      `allowedOrigins: ${JSON.stringify(entry)} is not an origin such as "https://api.example".`,
    );
  });
}
