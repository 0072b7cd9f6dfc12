import type { AuthClient } from "../core/authClient.ts";
import { authorizeRequest } from "./authorizeRequest.ts";
import { isOneShot } from "./isOneShot.ts";
import { createOriginGuard } from "./originGuard.ts";

/** How {@link authorizeFetch} decides where tokens go, and how it sends. */
export interface AuthorizeFetchOptions {
  /** Origins that may see the token. Default: those of the page and the auth endpoints. */
  allowedOrigins?: readonly string[] | undefined;
  /** What really sends. Default: the global `fetch` at the time of the call. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** What a request's `init` may hold besides the usual. */
export interface AuthorizedRequestInit extends RequestInit {
  /** `false`: a 401 is handed over without a second send (the token is renewed for the next request). Default: true. */
  retryOn401?: boolean | undefined;
}

/** A `fetch` to use in place of the global one. */
export type AuthorizedFetch = (input: RequestInfo | URL, init?: AuthorizedRequestInit) => Promise<Response>;

/**
 * Makes a `fetch` that sends the access token of whoever is signed in, renewed beforehand when it is about to expire, and only to
 * allowed origins. A 401 for that token is followed by one renewal and one more send; a second 401 is yours, and so is the
 * first when no new token was to be had. Bodies that are streams are not sent twice. An `Authorization` header of your own is
 * left alone. With nobody signed in the request goes out as it is. Aborting rejects with the signal's reason.
 *
 * @throws AuthError `sessionEnded`, `identityChanged`, `unavailable`, `disposed`; `invalidOptions` at once. RFC 6750 §2.1.
 *
 * @example
 * const api = authorizeFetch(auth);
 * const answer = await api("/v1/things", { method: "POST", body: JSON.stringify(thing) });
 */
export function authorizeFetch(auth: AuthClient, options: AuthorizeFetchOptions = {}): AuthorizedFetch {
  const isAllowed = createOriginGuard(auth, options.allowedOrigins);
  const baseFetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => fetch(input, init));

  return async (input, init) => {
    const pinned = auth.getState();
    const source = typeof input === "object" && "headers" in input ? input : undefined;
    const headers = new Headers(init?.headers ?? source?.headers);
    if (headers.has("authorization") || !isAllowed(addressOf(input))) return baseFetch(input, init);

    const signal = (init?.signal === undefined ? source?.signal : init.signal) ?? undefined;
    const canResend = init?.retryOn401 !== false && !isOneShot(init?.body);
    // A Request is rebuilt once and cloned, since `fetch(request, { headers })` would lose its referrer and use up its body.
    const request = source && new Request(source, init);
    let previous: Response | undefined;
    const send = async (token: string | null): Promise<Response> => {
      // An unread body would keep the connection of the refused answer busy.
      previous?.body?.cancel().catch(() => {});
      if (token) headers.set("Authorization", `Bearer ${token}`);
      if (!request) return (previous = await baseFetch(input, { ...init, headers }));
      const copy = previous || !canResend ? request : request.clone();
      if (token) copy.headers.set("Authorization", `Bearer ${token}`);
      return (previous = await baseFetch(copy));
    };
    try {
      return await authorizeRequest(auth, {
        pinned,
        canResend,
        wait: (work) => work(signal),
        send,
        isAllowed,
        onRefreshFailed: () => signal?.throwIfAborted(),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  };
}

function addressOf(input: RequestInfo | URL): string {
  if (typeof input === "string") return input;
  return "url" in input ? input.url : input.href;
}
