import { expectThat } from "./conformanceCheck.ts";

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** In lower case, as `httponly` or `path=/`. */
  readonly attributes: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or the text of anything else. */
  readonly body: unknown;
  readonly setCookies: readonly SetCookie[];
  /** `detail` of an error body, when it is a text, or `code` within it. */
  readonly code: string | null;
}

export interface SendOptions {
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly bearer?: string;
  /** Replace or, with null, remove a header that the caller sends by itself. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

/** The fields of a token answer that checks look at. */
export interface TokenFields {
  readonly access_token: string;
  readonly expires_in: number;
  readonly session: { readonly id: string; readonly number: number };
  readonly refresh_token?: string;
}

/** Somebody who sends requests: a page with a cookie jar, or a program without. */
export interface Caller {
  /** Cookies by name. A check may put some in, take some out or copy it into another page. */
  readonly jar: Map<string, string>;
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
}

export function createCaller(
  baseUrl: string,
  fetch: typeof globalThis.fetch,
  ownHeaders: Readonly<Record<string, string>>,
): Caller {
  const jar = new Map<string, string>();
  return {
    jar,
    async send(method, path, { json, form, bearer, headers = {} } = {}) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const all: Record<string, string | null> = {
        ...ownHeaders,
        ...(cookie !== "" && { cookie }),
        ...(json !== undefined && { "content-type": "application/json" }),
        ...(form !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...headers,
      };
      const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
      const body = json !== undefined ? JSON.stringify(json) : form && new URLSearchParams(form).toString();
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: Object.fromEntries(sent),
        redirect: "manual",
        ...(body !== undefined && { body }),
      });
      const answer = await readAnswer(response);
      for (const { name, value, attributes } of answer.setCookies) {
        if (attributes.includes("max-age=0")) jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    },
  };
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "") && text !== "";
  const body: unknown = isJson ? JSON.parse(text) : text;
  const setCookies = response.headers.getSetCookie().map((header): SetCookie => {
    const [pair = "", ...attributes] = header.split(/; */);
    const separator = pair.indexOf("=");
    const [name, value] = [pair.slice(0, separator), pair.slice(separator + 1)];
    return { name, value, attributes: attributes.map((attribute) => attribute.toLowerCase()) };
  });
  return { status: response.status, headers: response.headers, body, setCookies, code: codeOf(body) };
}

function codeOf(body: unknown): string | null {
  const detail = (body as { detail?: unknown } | null)?.detail;
  const code = typeof detail === "object" && detail !== null && "code" in detail ? detail.code : detail;
  return typeof code === "string" ? code : null;
}

/** The fields of a token answer. @throws when it is none. */
export function tokenOf(answer: Answer): TokenFields {
  expectThat(answer.status === 200, `Expected a token, got ${answer.status} ${answer.code ?? ""}.`);
  const body = { ...(answer.body as TokenFields) };
  expectThat(typeof body.access_token === "string" && body.access_token !== "", "The answer has no access_token.");
  // A check that needs the session says so itself; one that does not can hold without.
  if (body.session === undefined) {
    Object.defineProperty(body, "session", {
      get() {
        throw new Error("The token answer names no session.");
      },
    });
    return body;
  }
  // Which session it is, without the seconds that it has left.
  return { ...body, session: { id: body.session.id, number: body.session.number } };
}
