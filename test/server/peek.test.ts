import { describe, expect, it } from "vitest";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { createDpopProof } from "../../src/bound/dpopProof.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { getServerSession } from "../../src/server/getServerSession.ts";
import { prepareEngines } from "./support/engines.ts";
import { openPage, type Sender, tokenOf } from "./support/page.ts";
import {
  createTestServer,
  openSignedInPage,
  PASSWORD,
  refresh,
  register,
  signIn,
  type TestServer,
} from "./support/testServer.ts";

const KEY = "a-secret-that-renders-pages-and-no-more";
const AUTHORIZATION = `Bearer ${KEY}`;
const engines = prepareEngines();

const start = (options: Partial<AuthServerOptions> = {}): TestServer => createTestServer({ peekKey: KEY, ...options });
const cookieOf = ({ jar }: Sender): string => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");

/** What a rendering server asks for the visitor with these cookies. */
async function peek(server: TestServer, cookie: string, headers: Record<string, string> = {}) {
  const request = new Request("http://localhost/v1/auth/jwt/peek", {
    method: "POST",
    headers: { authorization: AUTHORIZATION, ...(cookie !== "" && { cookie }), ...headers },
  });
  const response = await server.app.fetch(request);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const visitor = (cookie: string, url?: string) => ({
  headers: new Headers({ host: "localhost", ...(cookie !== "" && { cookie }) }),
  url,
});
const remote = (server: TestServer, others: Partial<Parameters<typeof getServerSession>[1] & object> = {}) => ({
  url: "http://localhost/v1/auth",
  key: KEY,
  fetch: async (input: RequestInfo | URL, init?: RequestInit) => server.app.fetch(new Request(input, init)),
  ...others,
});

describe.each(engines.filter(({ isHere }) => isHere))("a look at a visitor's session, on $name", ({ open }) => {
  // C06 https://github.com/vercel/next.js/issues/54266
  it("is answered with a token of a minute, and nothing rotates, ends or sets a cookie", async () => {
    let now = Date.parse("2026-11-25T12:00:00Z");
    const server = start({ store: await open({ now: () => now }) });
    const { page, token } = await openSignedInPage(server);
    const cookie = cookieOf(page);
    for (let n = 0; n < 3; n += 1) {
      now += 120_000;
      const { status, body, headers } = await peek(server, cookie);
      expect([status, body["expires_in"], body["subject"]]).toEqual([200, 60, token.subject]);
      expect([headers.get("set-cookie"), body["refresh_token"]]).toEqual([null, undefined]);
      expect(headers.get("cache-control")).toBe("no-store");
      const verified = await server.verifyAccessToken(String(body["access_token"])).catch(({ code }) => code);
      expect(verified).toMatchObject({ subject: token.subject, sessionId: token.session.id });
    }
    expect(server.events.filter(({ type }) => type === "refreshed")).toEqual([]);
    expect(server.events.filter(({ type }) => type === "peeked")).toHaveLength(3);
    expect((await refresh(page)).status).toBe(200);
    expect(cookieOf(page)).not.toBe(cookie);
    await server.close();
  });
});

describe("a look at a visitor's session", () => {
  it("sees it by the cookie before the last rotation, and not by an older one, which ends nothing", async () => {
    const server = start();
    const { page } = await openSignedInPage(server);
    const cookies = [cookieOf(page)];
    for (let n = 0; n < 2; n += 1) {
      server.advance(600);
      await refresh(page);
      cookies.push(cookieOf(page));
    }
    server.advance(600);
    const answers = await Promise.all(cookies.map((cookie) => peek(server, cookie)));
    expect(answers.map(({ status, body }) => [status, body["detail"]])).toEqual([
      [401, "REFRESH_TOKEN_REUSED"],
      [200, undefined],
      [200, undefined],
    ]);
    expect((await refresh(page)).status).toBe(200);
  });

  it("sees nobody without a cookie, with a forged one, after sign-out, at the session's end", async () => {
    const server = start();
    const { page } = await openSignedInPage(server);
    const cookie = cookieOf(page);
    const details = [
      (await peek(server, "")).body["detail"],
      (await peek(server, `${cookie.slice(0, -3)}AAA`)).body["detail"],
    ];
    server.advance(8 * 86_400);
    details.push((await peek(server, cookie)).body["detail"]);
    await page.send("POST", "/jwt/logout");
    details.push((await peek(server, cookie)).body["detail"]);
    expect(details).toEqual([
      "REFRESH_TOKEN_MISSING",
      "REFRESH_TOKEN_INVALID",
      "REFRESH_TOKEN_EXPIRED",
      "REFRESH_TOKEN_REVOKED",
    ]);
  });

  it("gives a token that ends no later than the session", async () => {
    const server = start({ sessionLifetimeSeconds: 100 });
    const { page } = await openSignedInPage(server);
    server.advance(70);
    expect((await peek(server, cookieOf(page))).body["expires_in"]).toBe(30);
  });

  it.each([
    ["no key", { authorization: "" }],
    ["another", { authorization: `Bearer ${KEY}x` }],
    ["the start of it", { authorization: `Bearer ${KEY.slice(0, -1)}` }],
    ["another scheme", { authorization: `Basic ${KEY}` }],
  ])("is refused to whoever shows %s", async (_, headers) => {
    const server = start();
    const { page } = await openSignedInPage(server);
    const answer = await peek(server, cookieOf(page), headers);
    expect([answer.status, answer.body["detail"]]).toEqual([401, "PEEK_KEY_INVALID"]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("is refused to pages, and to an access token", async () => {
    const server = start();
    const { page, token } = await openSignedInPage(server);
    for (const headers of [{ origin: "http://localhost" }, { "sec-fetch-site": "same-origin" }])
      expect((await peek(server, cookieOf(page), headers as Record<string, string>)).status).toBe(403);
    expect((await peek(server, cookieOf(page), { authorization: `Bearer ${token.access_token}` })).status).toBe(401);
  });

  it("takes each key of a ring; without the option there is no such endpoint", async () => {
    const server = start({ peekKey: ["another-secret-of-more-than-32-characters", KEY] });
    const { page } = await openSignedInPage(server);
    expect((await peek(server, cookieOf(page))).status).toBe(200);
    expect((await peek(start({ peekKey: undefined }), cookieOf(page))).status).toBe(404);
  });

  it("sees no session that is bound to a key, since a page load proves none", async () => {
    const server = start({ sessionBinding: "optional" });
    const page = openPage(server);
    await register(page);
    const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
      "sign",
    ]);
    const { kty = "", crv = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", publicKey);
    const form = { username: "ada@example.org", password: PASSWORD };
    const url = "http://localhost/v1/auth/jwt/login";
    const prove = async (nonce: string | null) => ({
      dpop: await createDpopProof({ privateKey, jwk: { kty, crv, x, y } }, { method: "POST", url, nonce }),
    });
    const asked = await page.send("POST", "/jwt/login", { form, headers: await prove(null) });
    tokenOf(await page.send("POST", "/jwt/login", { form, headers: await prove(asked.headers.get("dpop-nonce")) }));
    const answer = await peek(server, cookieOf(page));
    expect([answer.status, answer.body["detail"]]).toEqual([401, "REFRESH_TOKEN_PROOF_INVALID"]);
  });

  it.each([
    ["short", /at least 32 characters/],
    ["with spaces in it and more than thirty-two long", /at least 32 characters/],
    ["a-secret-of-at-least-thirty-two-bytes", /signs tokens/],
    [42, /must be a text or a list of them/],
  ])("does not start with the key %j", (peekKey, message) => {
    const accessTokenSecret = "a-secret-of-at-least-thirty-two-bytes";
    expect(() => start({ peekKey: peekKey as string, accessTokenSecret })).toThrow(message);
  });
});

describe("getServerSession", () => {
  async function startSignedIn(options: Partial<AuthServerOptions> = {}) {
    const server = start(options);
    const { page, token } = await openSignedInPage(server);
    return { server, page, token, cookie: cookieOf(page) };
  }

  it("knows who asks, in the auth server's own process and from another, and tells the same", async () => {
    const { server, token, cookie } = await startSignedIn();
    const own = await getServerSession(visitor(cookie), server);
    const far = await getServerSession(visitor(cookie), remote(server));
    expect(far).toEqual({ ...own, expiresAt: expect.any(Number) });
    expect(own).toMatchObject({ subject: token.subject, sessionId: token.session.id, isGuest: false });
    for (const session of [own, far])
      expect(await server.verifyAccessToken(session?.accessToken ?? "")).toMatchObject({ subject: token.subject });
  });

  it("keeps the token out of what is spread, printed or handed on as JSON", async () => {
    const { server, cookie } = await startSignedIn();
    const session = await getServerSession(visitor(cookie), remote(server));
    expect(session?.accessToken).toMatch(/^eyJ/);
    expect(Object.keys(session ?? {})).toEqual(["subject", "sessionId", "isGuest", "expiresAt"]);
    expect(JSON.stringify({ ...session }) + JSON.stringify(session)).not.toContain("eyJ");
  });

  it("knows a guest for one", async () => {
    const server = start();
    const page = openPage(server);
    await page.send("POST", "/guest");
    for (const from of [server, remote(server)])
      expect(await getServerSession(visitor(cookieOf(page)), from)).toMatchObject({ isGuest: true });
  });

  it("is null for nobody: no cookie, strange cookies, an ended session", async () => {
    const { server, page, cookie } = await startSignedIn();
    await page.send("POST", "/jwt/logout");
    for (const from of [server, remote(server)])
      for (const sent of ["", "theme=dark", cookie, "refresh_token.80-x.aaaaaaaa=ssr1.a.b.c"])
        expect(await getServerSession(visitor(sent), from)).toBeNull();
  });

  it("finds the cookie by `publicUrl` wherever the page was asked for, else by the request's own address", async () => {
    const publicUrl = "https://app.example";
    const server = start({ publicUrl });
    const page = openPage(server, { origin: publicUrl });
    await register(page);
    await signIn(page);
    expect(await getServerSession(visitor(cookieOf(page)), server)).not.toBeNull();
    const other = start();
    const local = openPage(other, { origin: "http://localhost:3000" });
    await register(local);
    await signIn(local);
    expect(await getServerSession(visitor(cookieOf(local)), other)).toBeNull();
    expect(await getServerSession(visitor(cookieOf(local), "http://localhost:3000/notes"), other)).not.toBeNull();
  });

  it("rejects where it cannot be known: an outage, another key, no such endpoint; and never says a secret", async () => {
    const { server, cookie } = await startSignedIn();
    const failures = [
      remote(server, { fetch: () => Promise.reject(new TypeError("fetch failed")) }),
      remote(server, { fetch: async () => new Response("<html>", { status: 502 }) }),
      remote(server, { fetch: async () => new Response("<html>", { status: 200 }) }),
      remote(server, {
        fetch: () => new Promise<Response>((_, reject) => setTimeout(reject, 50, new Error("late"))),
        timeoutMs: 5,
      }),
      remote(server, { key: `${KEY}x` }),
      remote(start({ peekKey: undefined })),
      remote(server, { url: "http://localhost/elsewhere" }),
    ];
    const codes = await Promise.all(
      failures.map((from) =>
        getServerSession(visitor(cookie), from).then(
          () => "no error",
          (error) => {
            expect(JSON.stringify([error, error.message, error.cause?.message])).not.toMatch(/ssr1|a-secret/);
            return [error.name, error.code];
          },
        ),
      ),
    );
    const [down, wrong] = [
      ["ServerSessionError", "unavailable"],
      ["ServerSessionError", "refused"],
    ];
    expect(codes).toEqual([down, down, down, down, wrong, wrong, wrong]);
  });

  it.each([
    [{ url: "http://auth.internal/v1/auth", key: KEY }, /plain http/],
    [{ url: "/v1/auth", key: KEY }, /where the auth endpoints are/],
    [{ url: "https://auth.internal" }, /needs `url` and `key`/],
    [{ url: "https://auth.internal", key: KEY, timeout: 5 }, /timeoutMs/],
  ])("refuses a source that makes no sense: %j", async (from, message) => {
    await expect(getServerSession(visitor("a=b"), from as never)).rejects.toThrow(message);
  });

  it("takes plain http in a network that is trusted by a dangerous name", async () => {
    const { server, cookie } = await startSignedIn({ publicUrl: "http://localhost" });
    const from = remote(server, { url: "http://auth.internal/v1/auth", dangerouslyAllowHttp: true });
    expect(await getServerSession(visitor(cookie), from)).not.toBeNull();
  });

  it("rejects in the server's own process when its store fails", async () => {
    const store = memoryStore();
    const { server, cookie } = await startSignedIn({ store });
    store.readSessions = () => Promise.reject(new Error("disk"));
    await expect(getServerSession(visitor(cookie), server)).rejects.toMatchObject({
      name: "ServerSessionError",
      code: "unavailable",
    });
  });
});
