import type { AuthServer } from "../../../src/server/createAuthServer.ts";

/** One parsed `Set-Cookie` header. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly setCookies: readonly SetCookie[];
}

export interface SendOptions {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly bearer?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a token answer holds, as far as tests look at it. */
export interface TokenFields {
  readonly access_token: string;
  readonly expires_in: number;
  readonly session: { readonly id: string; readonly number: number };
  readonly subject: string;
  readonly refresh_token?: string;
}

export function tokenOf(answer: Answer): TokenFields {
  if (answer.status !== 200) throw new Error(`No token, but ${answer.status}.`);
  const body = answer.body as TokenFields;
  // Which session it is, without the seconds that it has left.
  return { ...body, session: { id: body.session.id, number: body.session.number } };
}

export function detailOf(answer: Answer): unknown {
  return (answer.body as { detail?: unknown } | null)?.detail;
}

/** Something that sends requests to the server in process: a page with a cookie jar, or a program without. */
export interface Sender {
  readonly jar: Map<string, string>;
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
}

export interface PageOptions {
  readonly origin?: string;
  readonly jar?: Map<string, string>;
  /** The network address that its requests come from. Default: none is known. */
  readonly address?: string | undefined;
}

/**
 * A page of the server's own origin: its requests carry Origin, Sec-Fetch-Site and the jar's cookies, as a browser's
 * do.
 */
export function openPage(
  server: Pick<AuthServer, "app">,
  { origin = "http://localhost", jar = new Map(), address }: PageOptions = {},
): Sender {
  return createSender(server, origin, jar, address, () => ({
    origin,
    "sec-fetch-site": "same-origin",
    ...(jar.size > 0 && { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") }),
  }));
}

/** A program without a browser, which keeps its refresh token itself. */
export function startProgram(
  server: Pick<AuthServer, "app">,
  { origin = "http://localhost", address }: Omit<PageOptions, "jar"> = {},
): Sender {
  return createSender(server, origin, new Map(), address, () => ({ "auth-transport": "body" }));
}

function createSender(
  server: Pick<AuthServer, "app">,
  origin: string,
  jar: Map<string, string>,
  address: string | undefined,
  ownHeaders: () => Record<string, string>,
): Sender {
  return {
    jar,
    async send(method, path, { json, form, bearer, headers } = {}) {
      const body = json !== undefined ? JSON.stringify(json) : form && new URLSearchParams(form).toString();
      const response = await server.app.fetch(
        new Request(`${origin}/v1/auth${path}`, {
          method,
          headers: {
            ...ownHeaders(),
            ...(json !== undefined && { "content-type": "application/json" }),
            ...(form && { "content-type": "application/x-www-form-urlencoded" }),
            ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
            ...headers,
          },
          ...(body !== undefined && { body }),
        }),
        address === undefined ? {} : { incoming: { socket: { remoteAddress: address } } },
      );
      const answer = await readAnswer(response);
      keepCookies(jar, answer.setCookies);
      return answer;
    },
  };
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("application/json") === true;
  const setCookies = response.headers.getSetCookie().map((header) => {
    const [pair = "", ...attributes] = header.split(/; ?/);
    const separator = pair.indexOf("=");
    return { name: pair.slice(0, separator), value: pair.slice(separator + 1), attributes };
  });
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text, setCookies };
}

/** What a browser does with the answer's cookies, for tests in which they all belong to one host and path. */
export function keepCookies(jar: Map<string, string>, setCookies: readonly SetCookie[]): void {
  for (const { name, value, attributes } of setCookies) {
    if (attributes.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, value);
  }
}
