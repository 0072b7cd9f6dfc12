import type { AuthClient } from "../core/authClient.ts";
import { aFunction, checkOptions, type OptionRules } from "../core/checkOptions.ts";
import { authorizeRequest } from "./authorizeRequest.ts";
import { isOneShot } from "./isOneShot.ts";
import { joinSignals } from "./joinSignals.ts";
import type { Person } from "./people.ts";
import { readableAnswer } from "./readableAnswer.ts";
import {
  type AuthorizationOptions,
  assertClient,
  authorizationRules,
  createRequestPolicy,
  type RequestAuthorization,
} from "./requestPolicy.ts";

/** How {@link authorizeFetch} sends tokens, and where. */
export interface AuthorizeFetchOptions extends AuthorizationOptions<Response> {
  /** What really sends. Default: the global `fetch` at the time of the call. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** What a request's `init` may hold besides the usual. */
export interface AuthorizedRequestInit extends RequestInit, RequestAuthorization {}

/** A `fetch` to use in place of the global one. */
export type AuthorizedFetch = (input: RequestInfo | URL, init?: AuthorizedRequestInit) => Promise<Response>;

const RULES: OptionRules<AuthorizeFetchOptions> = { ...authorizationRules, fetch: aFunction };

// On the function and not in a module: of a module there may be two, after a hot reload or in two bundles on one page.
const key = Symbol.for("stay-signed-in:fetch");
type Fetch = typeof globalThis.fetch & { readonly [key]?: { readonly namespace: string; readonly base: Fetch } };

/**
 * Makes a `fetch` that sends the access token of whoever is signed in, renewed beforehand when it is about to expire, and only to
 * allowed origins. A 401 for that token is followed by one renewal and one more send; a second 401 is yours, and so is the
 * first when no new token was to be had. Bodies that are streams are not sent twice; `retryOn401: false` on a request turns
 * resending off, `token: false` sends it without a token. An `Authorization` header of your own is left alone. With nobody signed
 * in the request goes out as it is. Aborting rejects with the signal's reason. When whoever made a request leaves, it ends with
 * `identityChanged`, and so does a body that is still being read, unless it says `outlives: true`.
 *
 * @throws AuthError `sessionEnded`, `identityChanged`, `unavailable`, `disposed`; `invalidOptions` at once. RFC 6750 §2.1.
 *
 * @example
 * const api = authorizeFetch(auth);
 * const answer = await api("/v1/things", { method: "POST", body: JSON.stringify(thing) });
 */
export function authorizeFetch(auth: AuthClient, options: AuthorizeFetchOptions = {}): AuthorizedFetch {
  assertClient(auth, "authorizeFetch(auth)");
  checkOptions(options, RULES, "`authorizeFetch`");
  const policy = createRequestPolicy(auth, options);
  const { header, headerName, valueOf } = policy;
  const { namespace } = auth.internals;
  let takesSignals: boolean | undefined;
  const own: Fetch = options.fetch ?? globalThis.fetch;

  /** What really sends: never an authorized fetch of this session, which may be a former client's, or this one. */
  const baseFetch = (): Fetch => {
    let base: Fetch = options.fetch ?? globalThis.fetch;
    for (let wrapped = base[key]; wrapped?.namespace === namespace; wrapped = base[key]) base = wrapped.base;
    return base;
  };

  const authorized: AuthorizedFetch = async (input, init) => {
    const base = baseFetch();
    // What is sent is what was asked for, even where these objects are changed before it is sent.
    const target = typeof input === "object" && "href" in input ? input.href : input;
    const source = typeof target === "object" && "headers" in target ? target : undefined;
    const asked = { ...init };
    const headers = new Headers(init?.headers ?? source?.headers);
    const address = source?.url ?? (target as string);
    const isExempt = asked.token === false || headers.has(header) || !policy.isAllowed(address);
    if (isExempt) return base(target, init);

    const signal = (init?.signal === undefined ? source?.signal : init.signal) ?? undefined;
    const isRepeatable = !isOneShot(asked.body);
    const canResend = isRepeatable && asked.retryOn401 !== false;
    // A Request is rebuilt once and cloned, since `fetch(request, { headers })` would lose its referrer and use up its body.
    const request = source && new Request(source, init);
    let previous: Response | undefined;

    const send = async (token: string | null, person: Person | undefined): Promise<Response> => {
      // An unread body would keep the connection of the refused answer busy.
      previous?.body?.cancel().catch(() => {});
      const joined = signal && person ? joinSignals(signal, person) : undefined;
      const extra: RequestInit = {};
      if (person && (takesSignals ??= canTake(person.signal))) extra.signal = joined?.signal ?? person.signal;
      const isCookie = policy.isCookie();
      if (isCookie) extra.credentials = asked.credentials ?? "include";
      else if (token) headers.set(header, valueOf(token));
      // Any other header than `Authorization` would go along to wherever a redirect leads.
      if (token && !isCookie && headerName !== "authorization") extra.redirect = asked.redirect ?? "error";
      try {
        if (request) previous = await base(rebuild(previous || !canResend ? request : request.clone(), headers, extra));
        else previous = await base(target, { ...asked, headers, ...extra });
      } catch (error) {
        joined?.release();
        throw (!signal?.aborted && person?.left()) || error;
      }
      joined?.release(previous.body);
      const left = person?.left();
      if (!left) return previous;
      previous.body?.cancel().catch(() => {});
      throw left;
    };
    try {
      return await authorizeRequest(policy, {
        method: asked.method ?? source?.method ?? "GET",
        address,
        pinned: auth.getState(),
        options: asked,
        isRepeatable,
        wait: (work) => work(signal),
        send,
        isAllowed: policy.isAllowed,
        answerOf: readableAnswer,
        headerOf: (answer, name) => answer.headers.get(name),
        onRefreshFailed: () => throwIfAborted(signal),
      });
    } catch (error) {
      throwIfAborted(signal);
      throw error;
    }
  };
  return Object.defineProperty(authorized, key, { value: { namespace, base: own } });
}

/** The same request with these headers; its referrer, which `new Request(request, init)` resets, as it was. */
function rebuild(request: Request, headers: Headers, extra: RequestInit): Request {
  const { referrer, referrerPolicy } = request;
  return new Request(request, { referrer, referrerPolicy, headers, ...extra });
}

/** The signal's own reason, or what comes nearest where signals have none (React Native). */
function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw signal.reason ?? Object.assign(new Error("The request was aborted."), { name: "AbortError" });
}

/** Test environments such as jsdom have an AbortSignal that the fetch beside them refuses. */
function canTake(signal: AbortSignal): boolean {
  try {
    return Boolean(new Request("http://localhost", { signal }));
  } catch {
    return false;
  }
}
