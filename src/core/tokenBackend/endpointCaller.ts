import type { BackendCall } from "../backend.ts";
import { AuthError } from "../authError.ts";
import { checkOptions, type OptionRules } from "../checkOptions.ts";
import type { EndpointCall, TokenBackendOptions } from "./tokenBackendOptions.ts";

/** An answer with its body read: undefined where it is no JSON. */
export interface EndpointAnswer {
  readonly response: Response;
  readonly body: unknown;
  /** Which endpoint answered, for messages: method and path, nothing that was sent. */
  readonly place: string;
}

export interface EndpointCaller {
  /** What asked for it names the call in messages: `signIn`. */
  send(name: string, call: EndpointCall, given: BackendCall, init?: RequestInit): Promise<EndpointAnswer>;
  /** Where a call goes, without what it is given. */
  addressOf(call: Pick<EndpointCall, "path">): string;
  /** Where calls that begin, renew or end a session have gone so far. */
  seenAddresses(): readonly string[];
}

const RULES: OptionRules<EndpointCall> = {
  path: true,
  method: true,
  json: true,
  form: true,
  query: true,
  headers: true,
  bearer: true,
};

/** Sends what a description says. */
export function createEndpointCaller({
  baseUrl,
  headers,
  credentials,
}: {
  readonly baseUrl: string;
  readonly headers: TokenBackendOptions["headers"];
  readonly credentials: RequestCredentials;
}): EndpointCaller {
  const prefix = baseUrl.replace(/\/+$/, "");

  const seen = new Set<string>();

  const addressOf = ({ path }: Pick<EndpointCall, "path">): string =>
    /^[a-z][a-z0-9+.-]*:/i.test(path) ? path : `${prefix}/${path.replace(/^\/+/, "")}`;

  function addressWithQuery(call: EndpointCall): string {
    const address = addressOf(call);
    const { query } = call;
    if (query === undefined) return address;
    return `${address}${address.includes("?") ? "&" : "?"}${new URLSearchParams(given(query)).toString()}`;
  }

  function initOf(call: EndpointCall): RequestInit {
    const own = { Accept: "application/json", ...headers?.(), ...call.headers };
    const method = call.method?.toUpperCase() ?? "POST";
    if (call.form !== undefined) return { method, headers: own, body: new URLSearchParams(given(call.form)) };
    if (call.json === undefined || method === "GET") return { method, headers: own };
    return { method, headers: { "Content-Type": "application/json", ...own }, body: JSON.stringify(call.json) };
  }

  return {
    addressOf,
    seenAddresses: () => [...seen],
    async send(name, call, { fetch, signal }, init = {}) {
      if (typeof call?.path !== "string")
        throw new AuthError("invalidOptions", `\`${name}\` must return an object with a \`path\`.`);
      checkOptions(call, RULES, `What \`${name}\` returns`);
      const request = initOf(call);
      // A redirect would hand a credential to an address that nobody named, and turns a POST into a GET.
      if (name !== "user") seen.add(addressOf(call));
      const response = await fetch(addressWithQuery(call), {
        credentials,
        redirect: "error",
        cache: "no-store",
        signal,
        ...request,
        ...init,
        headers: { ...(request.headers as Record<string, string>), ...(init.headers as Record<string, string>) },
      });
      const text = await response.text();
      return { response, body: parseJson(text), place: `${request.method} ${call.path}` };
    },
  };
}

const given = (fields: Readonly<Record<string, string | null | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] != null));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
