import type { CookieJar } from "./cookieJar.ts";
import { siteRelation } from "./siteRelation.ts";

/** Anything that answers requests as a Hono app does: `environment` is what Hono shows as `c.env`. */
export interface ServerApp {
  /** Answers one request. */
  fetch(request: Request, environment?: unknown): Response | Promise<Response>;
}

/**
 * What is handed to the app as its environment. In a page a script can neither set these request headers nor see
 * `Set-Cookie` on any `Response`, not even on one that it made itself; elsewhere an app may leave this unused.
 */
export interface AppEnvironment {
  /** The headers of the request that only a browser may set, and a way to hand back cookies. */
  readonly inPage: {
    readonly cookie: string | undefined;
    readonly origin: string | undefined;
    readonly secFetchSite: string | undefined;
    /** Takes each `Set-Cookie` line of the answer; an app that calls it does so for all of them. */
    onSetCookie(line: string): void;
  };
}

/** A request as it goes over the wire: with the headers that only a browser may set. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | null;
}

/** An answer as it comes over the wire. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly setCookie: readonly string[];
  readonly body: ArrayBuffer | null;
}

// https://fetch.spec.whatwg.org/#forbidden-request-header: a browser ignores these when a script sets them.
const FORBIDDEN = /^(cookie|origin|host|referer|content-length|connection|keep-alive|date|te|via|sec-.*|proxy-.*)$/;
const NO_BODY = new Set([204, 205, 304]);

/**
 * What a browser makes of a page's request: cookies from the jar, `Origin`, `Sec-Fetch-Site`. `pageOrigin` null is a
 * program outside a browser, which adds none of them.
 */
export async function toWire(request: Request, pageOrigin: string | null, jar: CookieJar | null): Promise<WireRequest> {
  // `new Headers()` is unguarded: unlike a Request's, it takes Cookie and Origin in a page, too.
  const headers = new Headers();
  request.headers.forEach((value, name) => {
    if (pageOrigin === null || !FORBIDDEN.test(name)) headers.append(name, value);
  });
  const relation = pageOrigin === null ? "same-origin" : siteRelation(pageOrigin, request.url);
  const cookies = jar !== null && usesCookies(request, pageOrigin) ? jar.header(request.url, relation) : null;
  const body = request.body === null ? null : await request.arrayBuffer();
  if (body !== null) headers.set("content-length", String(body.byteLength));
  if (cookies !== null) headers.set("cookie", cookies);
  if (pageOrigin !== null) {
    headers.set("sec-fetch-site", relation);
    headers.set("sec-fetch-mode", "cors");
    headers.set("sec-fetch-dest", "empty");
    if (relation !== "same-origin" || !/^(GET|HEAD)$/.test(request.method)) headers.set("origin", pageOrigin);
  }
  return { method: request.method, url: request.url, headers, body };
}

/** Whether the request carries cookies, and its answer may leave some. */
export function usesCookies(request: Request, pageOrigin: string | null): boolean {
  if (request.credentials === "include") return true;
  return (
    request.credentials !== "omit" && (pageOrigin === null || siteRelation(pageOrigin, request.url) === "same-origin")
  );
}

/** Lets `app` answer, in this process. */
export async function callApp(app: ServerApp, wire: WireRequest): Promise<WireResponse> {
  const told: string[] = [];
  const header = (name: string) => wire.headers.get(name) ?? undefined;
  const environment: AppEnvironment = {
    inPage: {
      cookie: header("cookie"),
      origin: header("origin"),
      secFetchSite: header("sec-fetch-site"),
      onSetCookie: (line) => void told.push(line),
    },
  };
  const response = await app.fetch(asServerRequest(wire), environment);
  return {
    status: response.status,
    headers: response.headers,
    setCookie: told.length > 0 ? told : response.headers.getSetCookie(),
    body: response.body === null ? null : await response.arrayBuffer(),
  };
}

function asServerRequest({ method, url, headers, body }: WireRequest): Request {
  const request = new Request(url, { method, headers, body });
  const lacksHeaders = [...headers.keys()].some((name) => !request.headers.has(name));
  return lacksHeaders ? withHeaders(request, headers) : request;
}

/** In a page a Request drops Cookie, Origin and the like, so the app is shown a Request whose `headers` are others. */
function withHeaders(request: Request, headers: Headers): Request {
  return new Proxy(request, {
    get(target, key) {
      if (key === "headers") return headers;
      if (key === "clone") return () => withHeaders(target.clone(), headers);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What the page's script sees of the answer: no `Set-Cookie`, and a redirect as its request asked for it. */
export function toPageResponse(wire: WireResponse, request: Request, pageOrigin: string | null): Response {
  const headers = new Headers(wire.headers);
  if (pageOrigin !== null) headers.delete("set-cookie");
  const response = new Response(NO_BODY.has(wire.status) ? null : wire.body, { status: wire.status, headers });
  Object.defineProperty(response, "url", { value: request.url });
  if (!isRedirect(wire) || request.redirect === "follow") return response;
  if (request.redirect === "error") throw new TypeError("Failed to fetch");
  const opaque = new Response(null);
  return Object.defineProperties(opaque, {
    type: { value: "opaqueredirect" },
    status: { value: 0 },
    ok: { value: false },
  });
}

function isRedirect(wire: WireResponse): boolean {
  return [301, 302, 303, 307, 308].includes(wire.status) && wire.headers.has("location");
}
