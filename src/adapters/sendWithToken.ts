import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { Outcome } from "./authorizeRequest.ts";

export interface AxiosOutcome extends Outcome {
  readonly response: AxiosResponse | undefined;
  /** What axios threw. An answer that `validateStatus` refuses is both: an error and its response. */
  readonly error: unknown;
}

type Adapter = InternalAxiosRequestConfig["adapter"];

const authorizationName = /^authorization$/i;

/** Whether the caller decided about `Authorization`: a header of theirs in any letter case (`false` counts), or basic auth. */
export function setsAuthorization({ auth, headers }: InternalAxiosRequestConfig): boolean {
  // axios 1.0 keeps the instance's default headers where only toJSON sees them; toJSON leaves out `false`.
  const all = Object.assign({}, headers?.toJSON?.(), headers) as Record<string, unknown>;
  return (
    Boolean(auth) || Object.entries(all).some(([name, value]) => authorizationName.test(name) && value !== undefined)
  );
}

/**
 * Sends a request that transforms and interceptors are done with, through `adapter`, as it stands but for `Authorization`.
 * `config` stays as it was (adapters write into headers), and is what the answer and the error show.
 */
export function sendWithToken(
  instance: AxiosInstance,
  config: InternalAxiosRequestConfig,
  adapter: Adapter,
  token: string | null,
): Promise<AxiosOutcome> {
  // Adapters may be named, and only this instance's own axios resolves its names. An instance without our interceptor does,
  // and an interceptor that puts the whole config in place keeps it from merging and transforming anything a second time.
  const sender = instance.create();
  const ready: InternalAxiosRequestConfig = { ...config, transformRequest: [], transformResponse: [] };
  Object.assign(ready, { adapter });
  if (token) ready.headers = withAuthorization(config.headers, token);
  sender.interceptors.request.use(() => ready);
  return sender.request({}).then(
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
