import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import type { AuditEvent } from "../../src/server/auditEvent.ts";
import type { AuthStore } from "../../src/server/authStore.ts";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { openApiDocument } from "../../src/server/openApiDocument.ts";
import { detailOf, openPage, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, signIn } from "./support/testServer.ts";

describe("mounting", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  });

  async function listen(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  type Fetch = Parameters<typeof getRequestListener>[0];
  const listenTo = (fetchCallback: Fetch) => {
    const listener = getRequestListener(fetchCallback);
    return listen((request, response) => void listener(request, response));
  };

  async function goThrough(url: string): Promise<void> {
    const headers = { origin: url, "content-type": "application/json" };
    const guest = await fetch(`${url}/v1/auth/guest`, { method: "POST", headers });
    expect(guest.status).toBe(200);
    const [cookie = ""] = guest.headers.getSetCookie();
    const refreshed = await fetch(`${url}/v1/auth/jwt/refresh`, {
      method: "POST",
      headers: { ...headers, cookie: cookie.split(";")[0] ?? "" },
    });
    expect(refreshed.status).toBe(200);
  }

  it("works in plain node:http, and knows the client's address", async () => {
    const auth = createTestServer();
    await goThrough(await listenTo(auth.app.fetch));
    expect(auth.events[0]).toMatchObject({ type: "guestStarted", address: "127.0.0.1" });
  });

  it("works in front of another listener, as in Express", async () => {
    const auth = createTestServer();
    const listener = getRequestListener(auth.app.fetch);
    const url = await listen((request, response) => {
      if (request.url?.startsWith("/v1/auth/")) void listener(request, response);
      else response.end("the application");
    });
    await goThrough(url);
    expect(await (await fetch(url)).text()).toBe("the application");
  });

  it("works inside another Hono app, and under another prefix", async () => {
    const auth = createTestServer();
    const app = new Hono().route("/", auth.app);
    app.get("/", (context) => context.text("the application"));
    await goThrough(await listenTo(app.fetch));
    const moved = createTestServer({ prefix: "/auth/" });
    expect((await moved.app.request("/auth/health")).status).toBe(200);
    expect((await moved.app.request("/v1/auth/health")).status).toBe(404);
  });

  it("runs inside a page, where scripts can neither set nor see these headers", async () => {
    const auth = createTestServer();
    const setCookies: string[] = [];
    const inPage = { origin: "http://localhost", onSetCookie: (header: string) => void setCookies.push(header) };
    const send = (path: string, cookie?: string) =>
      auth.app.fetch(new Request(`http://localhost/v1/auth${path}`, { method: "POST" }), {
        inPage: { ...inPage, ...(cookie !== undefined && { cookie }) },
      });
    expect((await send("/guest")).status).toBe(200);
    expect(setCookies).toHaveLength(1);
    expect((await send("/jwt/refresh", setCookies[0]?.split(";")[0])).status).toBe(200);
  });

  it("is described by a document that names every route", async () => {
    const secondFactor = { challenge: () => null, verify: () => false };
    const peekKey = "a-key-of-more-than-thirty-two-signs-for-tests";
    const auth = createTestServer({ peekKey, secondFactor });
    const served = (await (await auth.app.request("/v1/auth/openapi.json")).json()) as ReturnType<
      typeof openApiDocument
    >;
    expect(served).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
    const described = Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    );
    const routes = auth.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual(
      [...new Set(routes)].filter((route) => !route.endsWith("/openapi.json")).toSorted(),
    );
  });
});

describe("a store that fails", () => {
  /** The real store, until it is told to fail. */
  function createBrittleStore(): { store: AuthStore; breakAll: () => void; mend: () => void } {
    const inner = memoryStore();
    let isBroken = false;
    const store = new Proxy(inner, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function" || key === "clock") return member;
        return async (...values: unknown[]) => {
          if (isBroken) throw new Error("connect ECONNREFUSED 192.0.2.7:5432");
          return Reflect.apply(member, target, values) as unknown;
        };
      },
    });
    return { store, breakAll: () => void (isBroken = true), mend: () => void (isBroken = false) };
  }

  it("is 503 with `Retry-After` everywhere, never a verdict on a session, and nobody learns where it is", async () => {
    const { store, breakAll, mend } = createBrittleStore();
    const server = createTestServer({ store });
    const { page, token } = await openSignedInPage(server);
    breakAll();
    for (const [method, path, options] of [
      ["POST", "/jwt/refresh", {}],
      ["POST", "/jwt/logout", {}],
      ["POST", "/jwt/login", { form: { username: "ada@example.org", password: PASSWORD } }],
      ["GET", "/users/me", { bearer: token.access_token }],
      ["GET", "/health", {}],
    ] as const) {
      const answer = await page.send(method, path, options);
      expect([answer.status, answer.headers.get("retry-after"), answer.body], path).toEqual([
        503,
        "1",
        { detail: "SERVICE_UNAVAILABLE" },
      ]);
      expect(answer.setCookies).toEqual([]);
    }
    expect(server.errors).toHaveLength(5);
    expect((server.errors[0] as Error).cause).toMatchObject({ message: "connect ECONNREFUSED 192.0.2.7:5432" });
    mend();
    expect((await refresh(page)).status).toBe(200);
  });

  it("may throw at once just as well", async () => {
    const store: AuthStore = {
      ...memoryStore(),
      readSessions() {
        throw new Error("not connected");
      },
    };
    expect((await openPage(createTestServer({ store })).send("GET", "/health")).status).toBe(503);
  });

  it("makes a bug 500 without a word about it", async () => {
    const server = createTestServer({
      passwordHasher: {
        hash: () => Promise.reject(new Error("secret path")),
        verify: async () => false,
        needsRehash: () => false,
      },
    });
    const answer = await openPage(server).send("POST", "/register", {
      json: { email: "a@example.org", password: PASSWORD },
    });
    expect([answer.status, answer.body]).toEqual([500, { detail: "INTERNAL_ERROR" }]);
    expect(String(server.errors[0])).toContain("secret path");
  });
});

describe("sweeping", () => {
  it("happens once an hour, when requests come, and is not put off by a clock that was set back", async () => {
    let sweeps = 0;
    let now = Date.parse("2026-11-25T12:00:00Z");
    const inner = memoryStore({ now: () => now });
    const store: AuthStore = {
      ...inner,
      sweep(retentionMs) {
        sweeps += 1;
        return inner.sweep(retentionMs);
      },
    };
    const page = openPage(createTestServer({ store }));
    const sweepsAfter = async (hours: number) => {
      now += hours * 3_600_000;
      await page.send("GET", "/health");
      return sweeps;
    };
    expect(await sweepsAfter(0.9)).toBe(0);
    expect(await sweepsAfter(0.1)).toBe(1);
    expect(await sweepsAfter(0.5)).toBe(1);
    expect(await sweepsAfter(-100)).toBe(2);
    expect(await sweepsAfter(1)).toBe(3);
  });
});

// X09
describe("closing in time", () => {
  it("does not wait for a body that never ends", async () => {
    let closed = 0;
    const inner = memoryStore();
    const server = createTestServer({ store: { ...inner, close: async () => void (closed += 1) } });
    let isReading = () => {};
    const reading = new Promise<void>((done) => (isReading = done));
    const body = new ReadableStream({ pull: () => isReading() }, { highWaterMark: 0 });
    const request = new Request("http://localhost/v1/auth/jwt/login", {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    void server.app.fetch(request);
    await reading;
    await server.close({ timeoutSeconds: 0.01 });
    expect(closed).toBe(1);
  });

  it("does not wait for a store that never closes", async () => {
    const server = createTestServer({ store: { ...memoryStore(), close: () => new Promise(() => undefined) } });
    await server.close({ timeoutSeconds: 0.01 });
    expect((await openPage(server).send("GET", "/health")).status).toBe(503);
  });
});

describe("closing", () => {
  it("answers what has come in, refuses what comes later, then closes the store once", async () => {
    const inner = memoryStore();
    let closed = 0;
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    let isHeld = false;
    const server = createTestServer({
      store: {
        ...inner,
        async readSessions(ids) {
          if (isHeld) await held;
          return inner.readSessions(ids);
        },
        async close() {
          closed += 1;
        },
      },
    });
    const { page } = await openSignedInPage(server);
    isHeld = true;
    const underWay = refresh(page);
    await new Promise((done) => setImmediate(done));
    const closing = [server.close(), server.close()];
    expect((await openPage(server).send("POST", "/guest")).status).toBe(503);
    expect(closed).toBe(0);
    release();
    expect((await underWay).status).toBe(200);
    await Promise.all(closing);
    expect(closed).toBe(1);
  });
});

describe("audit events", () => {
  it("tell what happened to whom from where, and hold no token, password, code or cookie", async () => {
    const server = createTestServer();
    const page = openPage(server);
    const headers = { "user-agent": `Browser/1 ${"x".repeat(400)}` };
    await page.send("POST", "/register", { json: { email: "ada@example.org", password: PASSWORD }, headers });
    const login = { form: { username: "ada@example.org", password: PASSWORD }, headers };
    await page.send("POST", "/jwt/login", { form: { ...login.form, password: "wrong password" } });
    const token = tokenOf(await page.send("POST", "/jwt/login", login));
    const [refreshToken = ""] = page.jar.values();
    await refresh(page);
    await refresh(page);
    await page.send("POST", "/jwt/logout");
    const { subject, session } = token;
    expect(server.events).toMatchObject([
      { type: "registered", subject },
      { type: "signInFailed", subject },
      {
        type: "signedIn",
        subject,
        sessionId: session.id,
        userAgent: expect.stringMatching(/^Browser\/1 x+$/),
        at: server.now(),
      },
      { type: "refreshed", subject, sessionId: session.id, keyId: refreshToken.split(".")[1] },
      { type: "graceRepeat", subject, sessionId: session.id },
      { type: "sessionEnded", subject, sessionId: session.id, reason: "signedOut" },
    ]);
    expect(server.events[2]?.userAgent).toHaveLength(256);
    const log = JSON.stringify(server.events);
    for (const secret of [
      PASSWORD,
      "wrong password",
      token.access_token,
      refreshToken,
      refreshToken.split(".")[3] ?? "",
    ]) {
      expect(log).not.toContain(secret);
    }
  });

  it.each<[string, (event: AuditEvent) => void | Promise<void>]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["never settles", () => new Promise(() => undefined)],
  ])("change nothing when the hook %s", async (_, onAuditEvent) => {
    const server = createTestServer({ onAuditEvent, onError: onAuditEvent as () => void });
    const { page } = await openSignedInPage(server);
    expect((await refresh(page)).status).toBe(200);
    server.onSessionEnded(() => {
      throw new Error("no");
    });
    expect((await page.send("POST", "/jwt/logout")).status).toBe(204);
  });
});

describe("errors and options", () => {
  it("show no secret when they are printed", async () => {
    const secret = "a secret of at least thirty-two bytes";
    const server = createAuthServer({ store: memoryStore(), accessTokenSecret: secret, rateLimits: false });
    const { inspect } = await import("node:util");
    const failure: unknown = await server
      .verifyAccessToken("eyJhbGciOiJIUzI1NiJ9.e30.x")
      .catch((error: unknown) => error);
    expect(inspect(failure, { depth: 9 })).not.toContain("eyJ");
    expect(inspect(server, { depth: 9 })).not.toContain(secret);
    expect(() => createAuthServer({ store: memoryStore(), accessTokenSecret: "too short a secret" })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("too short a secret") }),
    );
  });

  it("answer with nothing but a code where a path or a method is unknown", async () => {
    const page = openPage(createTestServer());
    const unknown = await page.send("GET", "/nothing");
    expect([unknown.status, detailOf(unknown)]).toEqual([404, "Not Found"]);
    expect((await page.send("GET", "/jwt/refresh")).status).toBe(404);
    expect(
      (await page.send("POST", "/jwt/refresh", { headers: { "content-type": "application/json" }, json: "x" })).status,
    ).toBe(422);
    await expect(signIn(page)).rejects.toThrow("400");
  });
});
