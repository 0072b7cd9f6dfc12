import { describe, expect, it } from "vitest";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { detailOf, openPage, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, register, signIn } from "./support/testServer.ts";

const EVIL = "https://evil.example";

describe("who may use the cookie", () => {
  type Headers = Record<string, string>;
  const rows: [string, Headers, number, object?][] = [
    [
      "an origin of the allow-list, whatever Sec-Fetch-Site says",
      { origin: "https://admin.app.example", "sec-fetch-site": "same-site" },
      200,
    ],
    [
      "Sec-Fetch-Site: same-origin, whatever Origin a development proxy left",
      { origin: EVIL, "sec-fetch-site": "same-origin" },
      200,
    ],
    ["Sec-Fetch-Site: same-origin without Origin", { "sec-fetch-site": "same-origin" }, 200],
    ["the origin of `publicUrl` from a browser without Sec-Fetch-Site", { origin: "https://app.example" }, 200],
  ];
  const refused: [string, Headers][] = [
    ["cross-site", { origin: EVIL, "sec-fetch-site": "cross-site" }],
    ["same-site, when not on the allow-list", { origin: "https://other.app.example", "sec-fetch-site": "same-site" }],
    ["none, which is an address typed by hand", { "sec-fetch-site": "none" }],
    [
      "the own origin with a contradicting Sec-Fetch-Site",
      { origin: "https://app.example", "sec-fetch-site": "cross-site" },
    ],
    ["a strange origin without Sec-Fetch-Site", { origin: EVIL }],
    ["`null`", { origin: "null" }],
    ["an origin with another port", { origin: "https://app.example:8443" }],
    ["http instead of https", { origin: "http://app.example" }],
    ["neither header, with a cookie", {}],
  ];

  async function signedIn() {
    const server = createTestServer({
      publicUrl: "https://app.example",
      allowedOrigins: ["https://admin.app.example"],
    });
    const page = openPage(server, { origin: "https://app.example" });
    await register(page);
    await signIn(page);
    const cookie = [...page.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const send = (path: string, headers: Headers) =>
      server.app.fetch(
        new Request(`https://app.example/v1/auth${path}`, { method: "POST", headers: { cookie, ...headers } }),
      );
    return { server, page, send };
  }

  it.each(rows)("accepts %s", async (_, headers, status) => {
    const { send } = await signedIn();
    expect((await send("/jwt/refresh", headers)).status).toBe(status);
  });

  // B117 https://github.com/hashtopolis/server/pull/2493
  // B118 https://github.com/OurUncomplicatedTemplates/fastify-prisma-redis-swagger-jwt-template/pull/17
  it.each(refused)("refuses %s for refresh, sign-out, sign-in and guests, and changes nothing", async (_, headers) => {
    const { server, page, send } = await signedIn();
    server.events.length = 0;
    for (const path of ["/jwt/refresh", "/jwt/logout", "/jwt/login", "/guest"]) {
      const response = await send(path, headers);
      expect(response.status, path).toBe(403);
      expect(((await response.json()) as { detail: string }).detail).toBe("ORIGIN_NOT_ALLOWED");
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(server.events).toEqual([]);
    expect((await refresh(page)).status).toBe(200);
    expect(server.events.map(({ type }) => type)).toEqual(["refreshed"]);
  });

  it("compares Origin with Host where there is no `publicUrl`", async () => {
    const server = createTestServer();
    const send = (origin: string) =>
      server.app.fetch(
        new Request("http://localhost:3000/v1/auth/guest", {
          method: "POST",
          headers: { origin, host: "localhost:3000" },
        }),
      );
    expect((await send("http://localhost:3000")).status).toBe(200);
    expect((await send("http://localhost:4000")).status).toBe(403);
  });

  it("takes forwarded headers from trusted proxies only", async () => {
    const server = createTestServer({ trustedProxies: ["10.0.0.0/8"] });
    const send = (remoteAddress: string) =>
      server.app.fetch(
        new Request("http://internal:8080/v1/auth/guest", {
          method: "POST",
          headers: { origin: "https://app.example", "x-forwarded-proto": "https", "x-forwarded-host": "app.example" },
        }),
        { incoming: { socket: { remoteAddress } } },
      );
    const trusted = await send("10.1.2.3");
    expect(trusted.status).toBe(200);
    expect(trusted.headers.getSetCookie()[0]).toMatch(/^__Host-Http-/);
    expect((await send("192.0.2.1")).status).toBe(403);
  });
});

describe("the two transports", () => {
  it("gives a refresh token in the body to a program that asks for it, and never in both places", async () => {
    const server = createTestServer();
    const program = startProgram(server);
    await register(program);
    const answer = await program.send("POST", "/jwt/login", {
      form: { username: "ada@example.org", password: PASSWORD },
    });
    expect(answer.setCookies).toEqual([]);
    const { refresh_token: token } = tokenOf(answer);
    expect(token).toMatch(/^ssr1\./);
    const again = await program.send("POST", "/jwt/refresh", { json: { refresh_token: token } });
    expect(tokenOf(again).refresh_token).toMatch(/^ssr1\./);
    expect(again.setCookies).toEqual([]);
    const { page } = await openSignedInPage(server, "bob@example.org");
    expect(tokenOf(await refresh(page)).refresh_token).toBeUndefined();
  });

  it.each([{ origin: "http://localhost" }, { "sec-fetch-site": "same-origin" }, { cookie: "a=b" }])(
    "refuses the body transport to whatever may be a page: %j",
    async (headers) => {
      const server = createTestServer();
      const program = startProgram(server);
      await register(program);
      const { refresh_token: token } = await signIn(program);
      for (const [path, options] of [
        ["/jwt/login", { form: { username: "ada@example.org", password: PASSWORD } }],
        ["/guest", {}],
        ["/jwt/refresh", { json: { refresh_token: token } }],
        ["/jwt/logout", { json: { refresh_token: token } }],
        ["/device/token", { form: { grant_type: "x", device_code: "y", client_id: "z" } }],
      ] as const) {
        expect((await program.send("POST", path, { ...options, headers })).status, path).toBe(403);
      }
      expect((await program.send("POST", "/jwt/refresh", { json: { refresh_token: token } })).status).toBe(200);
    },
  );

  it("takes no token of one transport in the other", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const [name = "", cookieToken = ""] = [...page.jar][0] ?? [];
    const program = startProgram(server);
    const inBody = await program.send("POST", "/jwt/refresh", { json: { refresh_token: cookieToken } });
    expect(detailOf(inBody)).toBe("REFRESH_TOKEN_INVALID");
    const { refresh_token: bodyToken = "" } = await signIn(program);
    const inCookie = await refresh(openPage(server, { jar: new Map([[name, bodyToken]]) }));
    expect(detailOf(inCookie)).toBe("REFRESH_TOKEN_INVALID");
  });

  it("gives an access token alone to a sign-in that shows neither a page nor the wish for the body", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const answer = await openPage(server).send("POST", "/guest", { headers: {} });
    expect(answer.setCookies).toHaveLength(1);
    const bare = await server.app.fetch(
      new Request("http://localhost/v1/auth/jwt/login", {
        method: "POST",
        body: new URLSearchParams({ username: "ada@example.org", password: PASSWORD }),
      }),
    );
    expect(bare.headers.getSetCookie()).toEqual([]);
    const token = (await bare.json()) as { access_token: string; refresh_token?: string };
    expect(token.refresh_token).toBeUndefined();
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(200);
    server.advance(900);
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(401);
  });
});

describe("CORS", () => {
  const ADMIN = "https://admin.app.example";
  const server = createTestServer({ publicUrl: "https://app.example", allowedOrigins: [ADMIN] });
  const send = (method: string, path: string, headers: Record<string, string>, body?: string) =>
    server.app.fetch(
      new Request(`https://app.example/v1/auth${path}`, { method, headers, ...(body !== undefined && { body }) }),
    );

  // B144 https://github.com/axios/axios/issues/1026
  it.each([
    ["GET", "/users/me", 401],
    ["POST", "/jwt/refresh", 401],
    ["GET", "/nothing", 404],
    ["POST", "/register", 422],
    ["GET", "/health", 200],
  ])("names the exact origin on %s %s, which is answered %d", async (method, path, status) => {
    const response = await send(method, path, { origin: ADMIN });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe(ADMIN);
    expect(response.headers.get("access-control-allow-credentials")).toBe("true");
    expect(response.headers.get("access-control-expose-headers")).toBe("Date, Retry-After, DPoP-Nonce, Session-Ended");
  });

  // B229 https://github.com/nocodb/nocodb/issues/3792
  it("names it on whatever a refresh is answered with, and names no other", async () => {
    const store = memoryStore({});
    let isBroken = false;
    const own = createTestServer({
      publicUrl: "https://app.example",
      allowedOrigins: [ADMIN],
      rateLimits: { refresh: { points: 1, perSeconds: 60 } },
      store: {
        ...store,
        rotateSession: (rotation) =>
          isBroken ? Promise.reject(new Error("The disk is full.")) : store.rotateSession(rotation),
      },
    });
    const page = openPage(own, { origin: ADMIN });
    await register(page);
    await signIn(page);
    const cookie = [...page.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const ask = (headers: Record<string, string>) =>
      own.app.fetch(new Request("https://app.example/v1/auth/jwt/refresh", { method: "POST", headers }));
    const answers = [await ask({ origin: ADMIN })];
    isBroken = true;
    answers.push(await ask({ origin: ADMIN, cookie }));
    isBroken = false;
    answers.push(await ask({ origin: ADMIN, cookie }));
    expect(answers.map(({ status }) => status)).toEqual([401, 503, 429]);
    const answered = await refresh(await openAnother(own));
    expect(answered.status).toBe(200);
    for (const { headers } of [...answers, answered]) {
      expect(headers.get("access-control-allow-origin")).toBe(ADMIN);
      expect(headers.get("access-control-allow-credentials")).toBe("true");
      expect(headers.get("vary")).toContain("Origin");
    }
    const refused = await ask({ origin: EVIL, cookie });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
  });

  async function openAnother(own: ReturnType<typeof createTestServer>) {
    const page = openPage(own, { origin: ADMIN });
    await register(page, "bob@example.org");
    await signIn(page, "bob@example.org");
    return page;
  }

  it("answers a body that is too large with CORS headers, too", async () => {
    const response = await send("POST", "/register", { origin: ADMIN }, "x".repeat(20_000));
    expect(response.status).toBe(413);
    expect(response.headers.get("access-control-allow-origin")).toBe(ADMIN);
  });

  it("answers preflights, for the methods and headers that there are", async () => {
    const ask = (origin: string) => send("OPTIONS", "/users/me", { origin, "access-control-request-method": "PATCH" });
    const allowed = await ask(ADMIN);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(ADMIN);
    expect(allowed.headers.get("access-control-allow-headers")).toBe("authorization, content-type, dpop");
    expect(allowed.headers.get("access-control-allow-methods")).toBe("GET, POST, PATCH, DELETE");
    const strange = await ask(EVIL);
    expect(strange.headers.get("access-control-allow-origin")).toBeNull();
    expect(strange.headers.get("access-control-allow-methods")).toBeNull();
  });

  // Q09 https://github.com/getsentry/sentry-javascript/issues/6077
  it("answers preflights for what tracing tools add, and for no text that is no list of header names", async () => {
    const ask = async (asked: string, origin = ADMIN) => {
      const headers = { "access-control-request-method": "POST", "access-control-request-headers": asked };
      return (await send("OPTIONS", "/jwt/login", { origin, ...headers })).headers.get("access-control-allow-headers");
    };
    for (const asked of ["baggage,content-type,sentry-trace,traceparent", "Auth-Transport, x-datadog-trace-id", "b3"]) {
      expect(await ask(asked)).toBe(asked);
      expect(await ask(asked, EVIL)).toBeNull();
    }
    for (const asked of ["*, x: y", "a b", "traceparent,", "x".repeat(10_000).replaceAll("xx", "x,"), "é", ""]) {
      expect(await ask(asked)).toBe("authorization, content-type, dpop");
    }
  });

  it("says nothing to a stranger, and never a star", async () => {
    for (const origin of [EVIL, "null", "https://app.example.evil.example"]) {
      const { headers } = await send("GET", "/health", { origin });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  it("keeps every answer out of every cache, but the keys", async () => {
    for (const [method, path] of [
      ["GET", "/users/me"],
      ["POST", "/jwt/refresh"],
      ["GET", "/nothing"],
      ["GET", "/health"],
      ["OPTIONS", "/guest"],
    ] as const) {
      const { headers } = await send(method, path, {});
      expect(headers.get("cache-control"), path).toBe("no-store");
      expect(headers.get("vary")).toBe("Origin, Cookie, Authorization");
    }
    expect((await send("GET", "/.well-known/jwks.json", {})).headers.get("cache-control")).toBe("public, max-age=300");
  });

  it.each(["*", "null", "https://app.example/", "https://*.app.example", "app.example", "ftp://app.example"])(
    "takes no allow-list with %s",
    (origin) => {
      const options = { store: memoryStore(), accessTokenSecret: "x".repeat(32), allowedOrigins: [origin] };
      expect(() => createAuthServer(options)).toThrow("allowedOrigins");
    },
  );
});

// C05 https://github.com/observ-ing/core/pull/411 · https://github.com/LanternOps/breeze/issues/3723
describe("an origin that is named as an app's own", () => {
  const APP = "capacitor://localhost";
  const headers = { origin: APP, "sec-fetch-site": "cross-site", "auth-transport": "body" };
  const form = { username: "ada@example.org", password: PASSWORD };

  async function startWithApp() {
    const server = createTestServer({ publicUrl: "https://app.example", nativeOrigins: [APP, "https://localhost"] });
    const program = startProgram(server, { origin: "https://app.example" });
    await register(program);
    return { server, program };
  }

  it("gets its refresh token in the body, renews and signs out by it, and never gets a cookie", async () => {
    const { program } = await startWithApp();
    const answer = await program.send("POST", "/jwt/login", { form, headers });
    expect(answer.setCookies).toEqual([]);
    expect(answer.headers.get("access-control-allow-origin")).toBe(APP);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    const { refresh_token } = tokenOf(answer);
    expect(
      tokenOf(await program.send("POST", "/jwt/refresh", { json: { refresh_token }, headers })).subject,
    ).toBeTruthy();
    expect((await program.send("POST", "/jwt/logout", { json: { refresh_token }, headers })).status).toBe(204);
    expect((await program.send("POST", "/jwt/refresh", { json: { refresh_token }, headers })).status).toBe(401);
  });

  it("may send what it has to, by its preflight", async () => {
    const { server } = await startWithApp();
    const preflight = { origin: APP, "access-control-request-method": "POST" };
    const { headers: given } = await server.app.fetch(
      new Request("https://app.example/v1/auth/jwt/login", { method: "OPTIONS", headers: preflight }),
    );
    expect(given.get("access-control-allow-headers")).toContain("auth-transport");
    expect(given.get("access-control-allow-origin")).toBe(APP);
  });

  it.each([
    ["with a cookie", { ...headers, cookie: "theme=dark" }, 403],
    ["of another host of that scheme", { ...headers, origin: "capacitor://elsewhere" }, 403],
    ["of the same host by another scheme", { ...headers, origin: "tauri://localhost" }, 403],
    ["with a port", { ...headers, origin: "https://localhost:8443" }, 403],
  ])("is refused %s", async (_, sent, status) => {
    const { program } = await startWithApp();
    expect((await program.send("POST", "/jwt/login", { form, headers: sent })).status).toBe(status);
  });

  it("without asking for the body transport gets an access token alone", async () => {
    const { program } = await startWithApp();
    const answer = await program.send("POST", "/jwt/login", { form, headers: { ...headers, "auth-transport": "" } });
    expect([tokenOf(answer).refresh_token, answer.setCookies]).toEqual([undefined, []]);
  });

  it("has no use for the cookie of a page", async () => {
    const { server, program } = await startWithApp();
    const page = openPage(server, { origin: "https://app.example" });
    await signIn(page);
    const cookie = [...page.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await program.send("POST", "/jwt/refresh", { headers: { origin: APP, cookie } });
    expect([answer.status, answer.setCookies]).toEqual([403, []]);
  });

  it.each([
    "capacitor://*",
    "localhost",
    "capacitor://localhost/",
    "null",
    "https://me@localhost",
    "https://app.example",
  ])("is no %s", (origin) => {
    expect(() => createTestServer({ publicUrl: "https://app.example", nativeOrigins: [origin] })).toThrow(origin);
  });
});
