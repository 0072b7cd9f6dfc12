import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { conformanceChecks } from "../../src/node/conformance/conformanceChecks.ts";
import { createConformanceContext } from "../../src/node/conformance/conformanceContext.ts";

type Fetch = (request: Request) => Promise<Response>;
interface Fault {
  readonly name: string;
  /** The checks that have to notice. */
  readonly noticedBy: readonly string[];
  readonly apply: (request: Request, fetch: Fetch) => Promise<Response>;
}

const isPath = (request: Request, path: string) => new URL(request.url).pathname.endsWith(path);

/** Changes every answer. */
function changeAnswers(change: (headers: Headers, body: Record<string, unknown> | null) => void): Fault["apply"] {
  return async (request, fetch) => {
    const response = await fetch(request);
    const text = await response.text();
    const body = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : null;
    const headers = new Headers(response.headers);
    change(headers, body);
    headers.delete("content-length");
    const { status } = response;
    return new Response(status === 204 ? null : body === null ? text : JSON.stringify(body), { status, headers });
  };
}

function changeCookies(change: (cookie: string) => string): Fault["apply"] {
  return changeAnswers((headers) => {
    const cookies = headers.getSetCookie();
    headers.delete("set-cookie");
    for (const cookie of cookies) headers.append("set-cookie", change(cookie));
  });
}

/** Changes every request before the server sees it. */
function changeRequests(change: (request: Request, headers: Headers) => void): Fault["apply"] {
  return async (request, fetch) => {
    const headers = new Headers(request.headers);
    change(request, headers);
    const body = request.body === null ? null : await request.text();
    return fetch(new Request(request.url, { method: request.method, headers, body }));
  };
}

const faults: readonly Fault[] = [
  {
    name: "scripts can read the cookie",
    noticedBy: ["C1"],
    apply: changeCookies((cookie) => cookie.replace(/; HttpOnly/i, "")),
  },
  {
    name: "other sites send the cookie",
    noticedBy: ["C1"],
    apply: changeCookies((cookie) => cookie.replace("SameSite=Strict", "SameSite=None")),
  },
  {
    name: "all sessions share one cookie name",
    noticedBy: ["C2", "S4"],
    apply: changeCookies((cookie) => cookie.replace(/^refresh_token\.[^=]+/, "refresh_token")),
  },
  {
    name: "a sign-out clears another path",
    noticedBy: ["C5"],
    apply: changeCookies((cookie) =>
      cookie.includes("Max-Age=0") ? cookie.replace("Path=/v1/auth", "Path=/") : cookie,
    ),
  },
  {
    name: "answers may be cached",
    noticedBy: ["X7"],
    apply: changeAnswers((headers) => headers.delete("cache-control")),
  },
  {
    name: "every origin may read",
    noticedBy: ["X6"],
    apply: changeAnswers((headers) => headers.set("access-control-allow-origin", "*")),
  },
  {
    name: "sessions have no number",
    noticedBy: ["E5", "S1"],
    apply: changeAnswers((_, body) => {
      if (body?.session !== undefined) body.session = { id: (body.session as { id: string }).id };
    }),
  },
  {
    name: "a guest is not marked",
    noticedBy: ["E7"],
    apply: changeAnswers((_, body) => {
      if (body !== null && "is_guest" in body) body.is_guest = false;
    }),
  },
  {
    name: "the expiry does not match the token",
    noticedBy: ["A1"],
    apply: changeAnswers((_, body) => {
      if (typeof body?.expires_in === "number") body.expires_in += 60;
    }),
  },
  {
    name: "where a request comes from is not looked at",
    noticedBy: ["X1", "X2", "X3"],
    apply: changeRequests((_, headers) => {
      if (headers.get("auth-transport") !== "body") headers.set("sec-fetch-site", "same-origin");
    }),
  },
  {
    name: "a page can have the refresh token in the body",
    noticedBy: ["X5"],
    apply: changeRequests((_, headers) => {
      if (headers.get("auth-transport") !== "body") return;
      for (const name of ["origin", "sec-fetch-site", "cookie"]) headers.delete(name);
    }),
  },
  {
    name: "a sign-out does nothing",
    noticedBy: ["A4", "R8", "S3", "S4", "S5", "S8", "C4", "C5", "C6"],
    apply: async (request, fetch) =>
      isPath(request, "/logout") ? new Response(null, { status: 204 }) : fetch(request),
  },
  {
    name: "a sign-out that names no session says another one",
    noticedBy: ["S8"],
    apply: async (request, fetch) => {
      const response = await fetch(request);
      if (response.headers.has("Session-Ended")) response.headers.set("Session-Ended", "1 another");
      return response;
    },
  },
  {
    name: "a refused refresh wipes the cookie",
    noticedBy: ["C4", "C6"],
    apply: async (request, fetch) => {
      const response = await fetch(request);
      if (response.status !== 401 || !isPath(request, "/refresh")) return response;
      const headers = new Headers(response.headers);
      headers.append("set-cookie", "refresh_token.whatever=; Max-Age=0");
      return new Response(response.body, { status: 401, headers });
    },
  },
  {
    name: "a fresh access token is enough where the password is asked for",
    noticedBy: ["D5", "S6"],
    apply: async (request, fetch) => {
      const [approves, changes] = [isPath(request, "/device/approve"), isPath(request, "/users/me")];
      if (request.method === "GET" || !(approves || changes)) return fetch(request);
      const field = approves ? "password" : "current_password";
      const body = { [field]: "correct horse battery", ...((await request.clone().json()) as object) };
      const { url, method, headers } = request;
      return fetch(new Request(url, { method, headers, body: JSON.stringify(body) }));
    },
  },
  {
    name: "nobody ever gets a 401",
    noticedBy: ["E6", "A2", "A3", "A4", "R5", "R6"],
    apply: async (request, fetch) => {
      const response = await fetch(request);
      return response.status === 401 ? new Response("{}", { status: 200, headers: response.headers }) : response;
    },
  },
];

describe("the conformance checks notice", () => {
  let auth: AuthServer;

  beforeAll(() => {
    auth = createAuthServer({
      store: memoryStore(),
      accessTokenSecret: "the secret of the conformance tests",
      refreshGraceSeconds: 1,
      rateLimits: false,
      passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    });
  });

  afterAll(() => auth.close());

  function contextWith(apply: Fault["apply"]) {
    const fetch = async (request: Request) => auth.app.fetch(request);
    const faulty: typeof globalThis.fetch = (input, init) => apply(new Request(input, init), fetch);
    return createConformanceContext({ baseUrl: "http://localhost/v1/auth", graceSeconds: 1, fetch: faulty });
  }

  const cases = faults.flatMap(({ name, noticedBy, apply }) => noticedBy.map((id) => [name, id, apply] as const));
  it.concurrent.for(cases)("that %s (%s)", async ([, id, apply]) => {
    const check = conformanceChecks.find((candidate) => candidate.id === id);
    await expect(check?.run(contextWith(apply)) ?? Promise.resolve()).rejects.toThrow();
  });
});
