import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import type { Outcome } from "./authorizeRequest.ts";
import { type JoinedSignal, joinSignals } from "./joinSignals.ts";
import type { Person } from "./people.ts";
import type { RequestPolicy } from "./requestPolicy.ts";

export interface AxiosOutcome extends Outcome {
  readonly response: AxiosResponse | undefined;
  /** What axios threw. An answer that `validateStatus` refuses is both: an error and its response. */
  readonly error: unknown;
}

type Config = InternalAxiosRequestConfig;
type Send = (token: string | null, person: Person | undefined) => Promise<AxiosOutcome>;

/** Whether the caller decided about this header: by one of their own in any letter case (`false` counts), or by basic auth. */
export function setsHeader({ auth, headers }: Config, name: string): boolean {
  if (auth && name === "authorization") return true;
  if (!headers) return false;
  const own = ownNames(headers, name);
  if (own) return own.some((spelling) => headers[spelling] !== undefined);
  // axios 1.0 keeps the instance's default headers under a symbol, where only toJSON sees them; toJSON leaves out `false`.
  const isHiding = Object.getOwnPropertySymbols(headers).length > 0;
  return isHiding && ownNames(headers.toJSON?.() ?? {}, name) !== undefined;
}

/** The spellings of `name` (in lower case) among the headers; mostly there is none. */
function ownNames(headers: object, name: string): string[] | undefined {
  let found: string[] | undefined;
  for (const own of Object.keys(headers))
    if (own.length === name.length && own.toLowerCase() === name) (found ??= []).push(own);
  return found;
}

/**
 * Sends requests that transforms and interceptors are done with, through the adapter that they were to have, as they stand but
 * for the token's header: by `instance`'s own axios, without merging, transforming or intercepting anything a second time. The
 * config is afterwards as it was (adapters write into headers), and is what answers and errors show.
 */
export function createSender(
  instance: AxiosInstance,
  { header, headerName, isCookie, valueOf }: RequestPolicy<AxiosResponse>,
): (config: Config, address: string) => Send {
  // Adapters may be named, and only this instance's axios resolves its names: an instance of its kind, emptied of defaults,
  // whose interceptor puts the whole request in place.
  const sender = instance.create();
  const defaults = sender.defaults as unknown as Record<string, unknown>;
  for (const name of Object.keys(defaults)) delete defaults[name];
  defaults["headers"] = { common: {} };
  let next: Config;
  sender.interceptors.request.use(() => next, undefined, { synchronous: true });
  const sendNow = (config: Config): Promise<AxiosResponse> => {
    // What axios does around an adapter has been done by the request that this is the inside of.
    if (typeof config.adapter === "function") return config.adapter(config);
    next = { ...config, transformRequest: [], transformResponse: [] };
    return sender.request({});
  };

  return (config, address) => {
    const { headers, data, beforeRedirect } = config;
    const own = config.signal as AbortSignal | undefined;
    let refused: AxiosResponse | undefined;
    return (token, person) => {
      drain(refused?.data);
      const joined = own && person ? joinSignals(own, person) : undefined;
      // In place: a copy would cost more than all the rest.
      if (person) config.signal = joined?.signal ?? person.signal;
      if (isCookie()) config.withCredentials ??= true;
      else if (token) {
        config.headers = withHeader(headers, header, headerName, valueOf(token));
        config.beforeRedirect = keepAtHome(beforeRedirect, headerName, address);
      }
      const settle = (response: AxiosResponse | undefined, error: unknown): AxiosOutcome => {
        refused = response;
        config.headers = headers;
        config.data = data;
        if (person) restore(config, "signal", own);
        if (token) restore(config, "beforeRedirect", beforeRedirect);
        followBody(response?.data, person, joined);
        hide(config, token, response);
        if (error) {
          hide(config, token, error);
          // axios 1.7's fetch adapter wraps its own error once more.
          hide(config, token, (error as Error).cause);
        }
        const left = person?.left();
        if (left) throw left;
        const request: { responseURL?: string; res?: { responseUrl?: string } } | undefined = response?.request;
        return { status: response?.status, url: request?.responseURL ?? request?.res?.responseUrl, response, error };
      };
      return sendNow(config).then(
        (response) => settle(response, undefined),
        (error: { response?: AxiosResponse } | undefined) => settle(error?.response, error),
      );
    };
  };
}

function restore<K extends "signal" | "beforeRedirect">(config: Config, key: K, own: Config[K] | undefined): void {
  if (own === undefined) delete config[key];
  else config[key] = own;
}

function withHeader<H extends object>(headers: H, header: string, name: string, value: string): H {
  // A copy of the same kind of container, whichever that is in this version of axios.
  const copy = Object.assign(Object.create(Object.getPrototypeOf(headers)) as H, headers);
  for (const own of ownNames(copy, name) ?? []) Reflect.deleteProperty(copy, own);
  (copy as Record<string, unknown>)[header] = value;
  return copy;
}

/** In Node redirects are followed by a library that hands `Authorization` on to subdomains, and any other header to everybody. */
function keepAtHome(
  beforeRedirect: Config["beforeRedirect"] | undefined,
  name: string,
  address: string,
): NonNullable<Config["beforeRedirect"]> {
  return (options, ...details) => {
    const headers = options["headers"] as Record<string, unknown>;
    if (new URL(String(options["href"])).origin !== new URL(address).origin)
      for (const own of ownNames(headers, name) ?? []) delete headers[own];
    beforeRedirect?.(options, ...details);
  };
}

/** What Node's streams can do, as far as it matters here. */
interface NodeStream {
  destroy(error: Error): void;
  resume(): void;
  once(event: string, listener: () => void): void;
}

const isNodeStream = (body: unknown): body is NodeStream =>
  typeof body === "object" && body !== null && "destroy" in body && "resume" in body && "once" in body;

/** Ends a streamed answer when `person` leaves; lets go of the caller's signal once the answer is whole. */
function followBody(body: unknown, person: Person | undefined, joined: JoinedSignal | undefined): void {
  if (!isNodeStream(body)) return joined?.release(isWebStream(body) ? body : null);
  const forget = person?.onLeave((reason) => {
    // Whoever does not read it need not hear of it.
    body.once("error", () => {});
    body.destroy(reason);
  });
  body.once("close", () => {
    forget?.();
    joined?.release();
  });
}

const isWebStream = (body: unknown): body is ReadableStream =>
  typeof body === "object" && body !== null && "getReader" in body;

/** Lets go of a streamed body that nobody will read, so that it does not keep its connection busy. */
function drain(body: unknown): void {
  if (isNodeStream(body)) body.resume();
  else if (isWebStream(body)) body.cancel().catch(() => {});
}

/** Takes out of what the caller sees what only this send had. */
function hide(config: Config, token: string | null, shown: unknown): void {
  if (typeof shown !== "object" || shown === null) return;
  if ("config" in shown) shown.config = config;
  // The request may hold the header that was sent. It stays readable; logs and crash reports list enumerable fields.
  if (token && "request" in shown && showsFields(shown.request))
    Object.defineProperty(shown, "request", { enumerable: false });
}

/** Whether an inspection would list anything of it: of an XMLHttpRequest it lists nothing, and to hide takes as long as to send. */
const showsFields = (request: unknown): boolean =>
  typeof request === "object" && request !== null && ("headers" in request || Object.keys(request).length > 0);
