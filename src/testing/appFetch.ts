import { type CookieJar, createCookieJar } from "./cookieJar.ts";
import { callApp, type ServerApp, toPageResponse, toWire, usesCookies } from "./wire.ts";

/** The page, or the program, that fetches. */
export interface AppFetchOptions {
  /** The origin of the page that fetches, against which relative addresses are read. Absent: a program, not a page. */
  origin?: string | undefined;
  /** The page's cookies. Default for a page: a jar of its own. A program has none unless it is given one. */
  jar?: CookieJar | undefined;
  /** The clock by which a jar made here lets cookies expire. Default: the real one. */
  clock?: { now(): number } | undefined;
}

/**
 * A `fetch` that asks `app` in this process, without a port, as a browser would ask it over the network: relative
 * addresses, cookies by path, prefix and age, `Origin` and `Sec-Fetch-Site`, abort signals, no `Set-Cookie` for
 * scripts. A redirect that the request wants followed is handed over as it is, and answers are not hidden as CORS
 * would.
 *
 * Cookies are read from the answer's `Set-Cookie`. An app that runs inside a page (a story) cannot show that header; it
 * calls `environment.inPage.onSetCookie(line)` of the second argument of its `fetch` instead ({@link AppEnvironment}).
 *
 * @example
 * const { app } = createAuthServer(options);
 * const fetch = appFetch(app, { origin: "https://app.example" });
 * await fetch("/v1/auth/guest", { method: "POST" });
 */
export function appFetch(app: ServerApp, options: AppFetchOptions = {}): typeof globalThis.fetch {
  const origin = options.origin ?? null;
  const { clock } = options;
  const jar = options.jar ?? (origin === null ? null : createCookieJar(clock ? { now: () => clock.now() } : {}));

  return async (input, init) => {
    const request = new Request(addressOf(input, origin), init);
    request.signal.throwIfAborted();
    // Not cut short by an abort: the server has its request, and the browser keeps the cookie of a late answer.
    const answer = toWire(request, origin, jar).then(async (wire) => {
      const response = await callApp(app, wire);
      if (usesCookies(request, origin)) jar?.receive(response.setCookie, request.url);
      return response;
    });
    return toPageResponse(await unlessAborted(answer, request.signal), request, origin);
  };
}

/** `input` with its address made absolute. */
export function addressOf(input: RequestInfo | URL, origin: string | null): Request | URL {
  if (typeof input === "object" && "method" in input) return input;
  return origin === null ? new URL(input) : new URL(input, origin);
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
