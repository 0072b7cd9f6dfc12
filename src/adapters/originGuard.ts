import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import { type Address, createAddressReader } from "./addressReader.ts";

/** Whether a request to this address may carry the token. */
export type OriginGuard = (address: string, ownBaseUrl?: string) => boolean;

/**
 * Decides by the parsed URL, and says no whenever it does not parse. Allowed are `allowedOrigins`; without them the origin of
 * `ownBaseUrl`, of the auth endpoints, and of the page. The session's own endpoints never are: their 401 is about a password or
 * a cookie.
 *
 * @throws AuthError `invalidOptions` when an entry of `allowedOrigins` is no origin.
 */
export function createOriginGuard(auth: AuthClient, allowedOrigins?: readonly string[]): OriginGuard {
  const read = createAddressReader();
  const fixed = allowedOrigins === undefined ? undefined : readOrigins(allowedOrigins);
  // The page's own: a <base> may lead elsewhere.
  const page = globalThis.location?.href;
  const [ofOwn, ofAuth, ofPage] = [createOriginOf(read), createOriginOf(read), createOriginOf(read)];
  let endpoints: { readonly place: string; readonly query: string }[] | undefined;

  return (address, ownBaseUrl) => {
    // Anything else that fetch would turn into an address of its own is not looked through.
    const at = typeof address === "string" ? read(address) : undefined;
    if (!at) return false;
    const { origin, query } = at;
    const isAllowed = fixed
      ? fixed.includes(origin)
      : origin === ofOwn(ownBaseUrl) || origin === ofAuth(auth.baseUrl) || origin === ofPage(page);
    if (!isAllowed) return false;
    endpoints ??= auth.internals.sessionEndpoints.flatMap((endpoint) => {
      const known = read(endpoint);
      return known ? [{ place: placeOf(known), query: known.query.slice(1) }] : [];
    });
    const place = placeOf(at);
    return !endpoints.some((known) => known.place === place && query.includes(known.query));
  };
}

const placeOf = ({ origin, path }: Address): string => origin + (path.endsWith("/") ? path.replace(/\/+$/, "") : path);

/** The origin of an address that hardly ever changes. */
function createOriginOf(read: (address: string) => Address | undefined): (address?: string) => string | undefined {
  let last: string | undefined;
  let origin: string | undefined;
  return (address) => {
    if (address !== last) {
      last = address;
      origin = address === undefined ? undefined : read(address)?.origin;
    }
    return origin;
  };
}

function readOrigins(entries: readonly string[]): string[] {
  const read = createAddressReader(() => undefined);
  return [entries].flat().map((entry) => {
    const origin = typeof entry === "string" && read(entry)?.origin;
    if (origin) return origin;
    throw new AuthError(
      "invalidOptions",
      `allowedOrigins: ${JSON.stringify(entry)} is not an origin such as "https://api.example".`,
    );
  });
}
