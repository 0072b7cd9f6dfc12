import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import { checkOptions } from "../core/checkOptions.ts";
import { attachOnce } from "./attachOnce.ts";
import { authorizeRequest } from "./authorizeRequest.ts";
import { isOneShot } from "./isOneShot.ts";
import {
  type AuthorizationOptions,
  assertClient,
  authorizationRules,
  createRequestPolicy,
  type RequestAuthorization,
} from "./requestPolicy.ts";
import { type AxiosOutcome, createSender, setsHeader } from "./sendWithToken.ts";
import { waitWithin } from "./waitWithin.ts";

/** How {@link authorizeAxios} sends tokens, and where. For `isRefused`, `data` is parsed where it is JSON. */
export type AuthorizeAxiosOptions = AuthorizationOptions<AxiosResponse>;

/**
 * What a request's config may hold besides axios' own. Not declared into axios' typings: `AxiosRequestConfig` has more type
 * parameters in some versions than in others, and one declaration would break it in the rest.
 *
 * @example
 * const once: AxiosRequestConfig & AuthorizedRequestConfig = { retryOn401: false };
 * await api.post("/payments", payment, once);
 */
export type AuthorizedRequestConfig = RequestAuthorization;

/**
 * Makes an axios instance send the access token of whoever is signed in, renewed beforehand when it is about to expire, and only
 * to allowed origins. A 401 for that token is followed by one renewal and one more send, equal to the first but for
 * `Authorization`; a second 401 is yours, and so is the first when no new token was to be had (its `cause` then says why).
 * Bodies that are streams are not sent twice; `retryOn401: false` on a request turns resending off, `token: false` sends it
 * without a token. An `Authorization` of your own is left alone. With nobody signed in the request goes out as it is. When whoever
 * made a request leaves, it ends with `identityChanged`, and so do streamed bodies, unless it says `outlives: true`.
 * Interceptors, transforms and `validateStatus` see one request and one answer. The same client again changes nothing; another
 * client of the same session takes its place. Detaching leaves requests under way to finish as they began.
 *
 * The instance's requests reject with AuthError `sessionEnded`, `identityChanged`, `unavailable`, `aborted` (the request's
 * `timeout` ended the wait for a token) or `disposed` when they were not sent. RFC 6750 §2.1.
 *
 * @throws AuthError `invalidOptions`.
 * @returns its detachment.
 *
 * @example
 * const api = axios.create({ baseURL: "https://api.example/v1" });
 * const detach = authorizeAxios(api, auth);
 */
export function authorizeAxios(
  instance: AxiosInstance,
  auth: AuthClient,
  options: AuthorizeAxiosOptions = {},
): () => void {
  assertClient(auth, "authorizeAxios(axios, auth)");
  checkOptions(options, authorizationRules, "`authorizeAxios`");
  if (typeof instance?.interceptors?.request?.use !== "function")
    throw new AuthError("invalidOptions", "Pass axios or axios.create(…) first: authorizeAxios(axios, auth).");
  return attachOnce(instance, auth, () => {
    const policy = createRequestPolicy(auth, options);
    const sender = createSender(instance, policy);
    const addressOf = createAddresses(instance);
    const isAllowed = (address: string) => policy.isAllowed(address, instance.defaults.baseURL);

    // The adapter is wrapped, not the answer intercepted: transforms and interceptors then run once, and what is sent again is
    // the very request that was prepared for the wire, not a config to be prepared anew.
    const authorize = (prepared: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
      const pinned = auth.getState();
      const { adapter } = prepared;
      const authorized = (config: InternalAxiosRequestConfig & AuthorizedRequestConfig) => {
        // Whoever gets this config back, a retry library say, finds the adapter that they had chosen.
        if (config.adapter === authorized) config.adapter = adapter as typeof authorized;
        const address = addressOf(config);
        const send = sender(config, address);
        const isExempt = config.token === false || setsHeader(config, policy.headerName) || !isAllowed(address);
        const outcome = isExempt
          ? send(null, undefined)
          : authorizeRequest(policy, {
              method: config.method ?? "get",
              address,
              isAllowed,
              answerOf: readableAnswer,
              headerOf,
              onRefreshFailed,
              pinned,
              options: config,
              isRepeatable: !isOneShot(config.data),
              send,
              wait: (work) => waitWithin(config, work),
            });
        return outcome.then(settled);
      };
      prepared.adapter = authorized;
      return prepared;
    };
    const id = instance.interceptors.request.use(authorize, undefined, { synchronous: true });
    return () => instance.interceptors.request.eject(id);
  });
}

function settled({ response, error }: AxiosOutcome): AxiosResponse {
  if (error || !response) throw error;
  return response;
}

const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i;

const mostAddresses = 500;

/**
 * Says where a request goes. Versions of axios differ in what an absolute address is: it decides; nowhere allowed if it cannot
 * tell. The same text is given for the same request: to look a new one up takes a good part of the time that all this may take.
 */
function createAddresses(instance: AxiosInstance): (config: InternalAxiosRequestConfig) => string {
  const known = new Map<string, string>();
  let base: string | undefined;

  return ({ baseURL, url = "", allowAbsoluteUrls = true }) => {
    if (!baseURL) return url;
    if (url && !absolute.test(url)) {
      if (baseURL !== base || known.size >= mostAddresses) known.clear();
      base = baseURL;
      let address = known.get(url);
      if (address === undefined)
        known.set(url, (address = `${baseURL.replace(/\/+$/, "")}/${url.replace(/^\/+/, "")}`));
      return address;
    }
    try {
      return instance.getUri({ baseURL, url, allowAbsoluteUrls, params: null });
    } catch {
      return "unknown:";
    }
  };
}

function headerOf({ response }: AxiosOutcome, name: string): string | undefined {
  const headers = response?.headers as (Record<string, string> & { get?(name: string): string }) | undefined;
  return headers?.[name] ?? headers?.get?.(name);
}

function onRefreshFailed({ error }: AxiosOutcome, cause: unknown): void {
  if (error) Object.defineProperty(error, "cause", { value: cause, writable: true, configurable: true });
}

/** The answer as `isRefused` may look at it: transforms have not run yet. */
function readableAnswer({ response }: AxiosOutcome): AxiosResponse | undefined {
  if (!response) return undefined;
  const { data } = response;
  if (typeof data !== "string") return response;
  try {
    return { ...response, data: JSON.parse(data) as unknown };
  } catch {
    return response;
  }
}
