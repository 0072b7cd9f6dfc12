import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { AuthClient } from "../core/authClient.ts";
import { attachOnce } from "./attachOnce.ts";
import { authorizeRequest } from "./authorizeRequest.ts";
import { isOneShot } from "./isOneShot.ts";
import { createOriginGuard } from "./originGuard.ts";
import { type AxiosOutcome, createSender, sendWithToken, setsAuthorization } from "./sendWithToken.ts";
import { waitWithin } from "./waitWithin.ts";

/** How {@link authorizeAxios} decides where tokens go. */
export interface AuthorizeAxiosOptions {
  /** Origins that may see the token. Default: those of the instance's base URL, the auth endpoints and the page. */
  allowedOrigins?: readonly string[] | undefined;
}

/**
 * What a request's config may hold besides axios' own. Not declared into axios' typings: `AxiosRequestConfig` has more type
 * parameters in some versions than in others, and one declaration would break it in the rest.
 *
 * @example
 * const once: AxiosRequestConfig & AuthorizedRequestConfig = { retryOn401: false };
 * await api.post("/payments", payment, once);
 */
export interface AuthorizedRequestConfig {
  /** `false`: a 401 is handed over without a second send (the token is renewed for the next request). Default: true. */
  retryOn401?: boolean | undefined;
}

/**
 * Makes an axios instance send the access token of whoever is signed in, renewed beforehand when it is about to expire, and only
 * to allowed origins. A 401 for that token is followed by one renewal and one more send, equal to the first but for
 * `Authorization`; a second 401 is yours, and so is the first when no new token was to be had (its `cause` then says why).
 * Bodies that are streams are not sent twice; `retryOn401: false` on a request turns resending off. An `Authorization` of your
 * own is left alone. With nobody signed in the request goes out as it is. Interceptors, transforms and `validateStatus` see one
 * request and one answer. Attaching twice changes nothing; detaching leaves requests under way to finish as they began.
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
  return attachOnce(instance, auth, () => {
    const guard = createOriginGuard(auth, options.allowedOrigins);
    const sender = createSender(instance);
    const isAllowed = (address: string) => guard(address, instance.defaults.baseURL);

    // The adapter is wrapped, not the answer intercepted: transforms and interceptors then run once, and what is sent again is
    // the very request that was prepared for the wire, not a config to be prepared anew.
    const authorize = (prepared: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
      const pinned = auth.getState();
      const { adapter } = prepared;
      const authorized = async (
        config: InternalAxiosRequestConfig & AuthorizedRequestConfig,
      ): Promise<AxiosResponse> => {
        // Whoever gets this config back, a retry library say, finds the adapter that they had chosen.
        if (config.adapter === authorized) Object.assign(config, { adapter });
        let refused: AxiosOutcome | undefined;
        const send = async (token: string | null) => {
          drain(refused?.response?.data);
          return (refused = await sendWithToken(sender, config, adapter, token));
        };
        const { response, error } =
          setsAuthorization(config) || !isAllowed(addressOf(instance, config))
            ? await send(null)
            : await authorizeRequest(auth, {
                pinned,
                canResend: config.retryOn401 !== false && !isOneShot(config.data),
                wait: (work) => waitWithin(config, work),
                send,
                isAllowed,
                onRefreshFailed: (outcome, cause) => {
                  const options = { value: cause, writable: true, configurable: true };
                  if (outcome.error) Object.defineProperty(outcome.error, "cause", options);
                },
              });
        if (error || !response) throw error;
        return response;
      };
      prepared.adapter = authorized;
      return prepared;
    };
    const id = instance.interceptors.request.use(authorize, undefined, { synchronous: true });
    return () => instance.interceptors.request.eject(id);
  });
}

const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i;

/** Where the request goes. Versions of axios differ in what an absolute address is: it decides; nowhere allowed if it cannot tell. */
function addressOf(
  instance: AxiosInstance,
  { baseURL = "", url = "", allowAbsoluteUrls = true }: InternalAxiosRequestConfig,
): string {
  if (baseURL && url && !absolute.test(url)) return `${baseURL.replace(/\/+$/, "")}/${url.replace(/^\/+/, "")}`;
  try {
    return instance.getUri({ baseURL, url, allowAbsoluteUrls, params: null });
  } catch {
    return "unknown:";
  }
}

/** Lets go of a streamed body that nobody will read, so that it does not keep its connection busy. */
function drain(body: unknown): void {
  if (typeof body !== "object" || body === null) return;
  if ("resume" in body && typeof body.resume === "function") body.resume();
  else if (body instanceof ReadableStream) body.cancel().catch(() => {});
}
