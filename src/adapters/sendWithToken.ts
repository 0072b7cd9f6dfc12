import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { Outcome } from "./authorizeRequest.ts";

export interface AxiosOutcome extends Outcome {
  readonly response: AxiosResponse | undefined;
  /** What axios threw. An answer that `validateStatus` refuses is both: an error and its response. */
  readonly error: unknown;
}

type Adapter = InternalAxiosRequestConfig["adapter"];

/** Hands a request that is ready for the wire to its adapter. */
export type Sender = (ready: InternalAxiosRequestConfig) => Promise<AxiosResponse>;

const authorizationName = /^authorization$/i;

/** Whether the caller decided about `Authorization`: a header of theirs in any letter case (`false` counts), or basic auth. */
export function setsAuthorization({ auth, headers }: InternalAxiosRequestConfig): boolean {
  if (auth) return true;
  if (!headers) return false;
  const names = Object.keys(headers).filter((name) => authorizationName.test(name));
  if (names.some((name) => headers[name] !== undefined)) return true;
  // axios 1.0 keeps the instance's default headers under a symbol, where only toJSON sees them; toJSON leaves out `false`.
  const isHiding = names.length === 0 && Object.getOwnPropertySymbols(headers).length > 0;
  return isHiding && Object.keys(headers.toJSON?.() ?? {}).some((name) => authorizationName.test(name));
}

/** Sends through `instance`'s own axios, without merging, transforming or intercepting anything a second time. */
export function createSender(instance: AxiosInstance): Sender {
  // Adapters may be named, and only this instance's axios resolves its names: an instance of its kind, emptied of defaults,
  // whose interceptor puts the whole request in place.
  const sender = instance.create();
  const defaults = sender.defaults as unknown as Record<string, unknown>;
  for (const name of Object.keys(defaults)) delete defaults[name];
  defaults["headers"] = { common: {} };
  let next: InternalAxiosRequestConfig;
  sender.interceptors.request.use(() => next, undefined, { synchronous: true });
  return (ready) => {
    // What axios does around an adapter has been done by the request that this is the inside of.
    if (typeof ready.adapter === "function") return ready.adapter(ready);
    next = { ...ready, transformRequest: [], transformResponse: [] };
    return sender.request({});
  };
}

/**
 * Sends a request that transforms and interceptors are done with, through `adapter`, as it stands but for `Authorization`.
 * `config` stays as it was (adapters write into headers), and is what the answer and the error show.
 */
export function sendWithToken(
  send: Sender,
  config: InternalAxiosRequestConfig,
  adapter: Adapter,
  token: string | null,
): Promise<AxiosOutcome> {
  const ready: InternalAxiosRequestConfig = { ...config };
  Object.assign(ready, { adapter });
  if (token) ready.headers = withAuthorization(config.headers, token);
  return send(ready).then(
    (response: AxiosResponse) => outcomeOf(config, token, response, undefined),
    (error: { response?: AxiosResponse; cause?: unknown } | undefined) =>
      outcomeOf(config, token, error?.response, error),
  );
}

function withAuthorization<H extends object>(headers: H, token: string): H {
  // A copy of the same kind of container, whichever that is in this version of axios.
  const copy = Object.assign(Object.create(Object.getPrototypeOf(headers)) as H, headers);
  for (const name of Object.keys(copy)) if (authorizationName.test(name)) Reflect.deleteProperty(copy, name);
  return Object.assign(copy, { Authorization: `Bearer ${token}` });
}

function outcomeOf(
  config: InternalAxiosRequestConfig,
  token: string | null,
  response: AxiosResponse | undefined,
  error: { cause?: unknown } | undefined,
): AxiosOutcome {
  const request: { responseURL?: string; res?: { responseUrl?: string } } | undefined = response?.request;
  // The cause: axios 1.7's fetch adapter wraps its own error once more.
  for (const shown of [response, error, error?.cause]) {
    if (typeof shown !== "object" || shown === null) continue;
    if ("config" in shown) shown.config = config;
    // The request holds the header that was sent. It stays readable; logs and crash reports list enumerable fields.
    if (token && "request" in shown) Object.defineProperty(shown, "request", { enumerable: false });
  }
  return { status: response?.status, url: request?.responseURL ?? request?.res?.responseUrl, response, error };
}
