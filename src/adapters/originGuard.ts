import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";

/** Endpoints that make, renew or end a session: a token has no business there, and their 401 says nothing of it. */
const sessionEndpoint = /^\/(jwt\/(login|refresh|logout)|register|guest|device\/(code|token))\/?$/;

/** Whether a request to this address may carry the token. */
export type OriginGuard = (address: string, ownBaseUrl?: string) => boolean;

/**
 * Decides by the parsed URL, and says no whenever it does not parse. Allowed are `allowedOrigins`; without them the origin of
 * `ownBaseUrl`, of the auth endpoints, and of the page.
 *
 * @throws AuthError `invalidOptions` when an entry of `allowedOrigins` is no URL.
 */
export function createOriginGuard(auth: AuthClient, allowedOrigins?: readonly string[]): OriginGuard {
  const page = globalThis.location?.href;
  const authUrl = parse(auth.baseUrl);
  const authBase = authUrl && (authUrl.origin + authUrl.pathname).replace(/\/$/, "");
  const fixed = allowedOrigins?.map((entry) => {
    const url = parse(entry);
    if (!url)
      throw new AuthError("invalidOptions", `allowedOrigins: "${entry}" is not an origin such as https://api.example`);
    return url.origin;
  });

  // A request's own address is new each time, the three that it is compared with hardly ever are.
  const originsOf = new Map<string, string | undefined>();
  const originOf = (base: string): string | undefined => {
    if (!originsOf.has(base)) originsOf.set(base, parse(base)?.origin);
    return originsOf.get(base);
  };

  return (address, ownBaseUrl) => {
    // Anything else that fetch would turn into an address of its own is not looked through.
    const url = typeof address === "string" ? parse(address) : undefined;
    // A blob: URL has its creator's origin, and user:password@ is the caller's own way to say who is asking.
    if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return false;
    const origins = fixed ?? [ownBaseUrl, auth.baseUrl, page].map((base) => base && originOf(base));
    if (!origins.includes(url.origin)) return false;
    const path = url.origin + url.pathname;
    return !(authBase && path.startsWith(authBase) && sessionEndpoint.test(path.slice(authBase.length)));
  };
}

function parse(address: string): URL | undefined {
  try {
    return new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href);
  } catch {
    return undefined;
  }
}
