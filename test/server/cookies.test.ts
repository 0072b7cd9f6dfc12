import { describe, expect, it } from "vitest";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import type { CookieOptions } from "../../src/server/refreshCookie.ts";
import { type Answer, detailOf, openPage, type SetCookie, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, register, signIn } from "./support/testServer.ts";

const HTTPS = "https://app.example";

async function signInAt(origin: string, options: Parameters<typeof createTestServer>[0] = {}) {
  const server = createTestServer(options);
  const page = openPage(server, { origin });
  await register(page);
  const answer = await page.send("POST", "/jwt/login", { form: { username: "ada@example.org", password: PASSWORD } });
  return { server, page, answer, cookie: onlyCookie(answer) };
}

function onlyCookie(answer: Answer): SetCookie {
  const [cookie, ...others] = answer.setCookies;
  if (cookie === undefined || others.length > 0) throw new Error(`There are ${answer.setCookies.length} cookies.`);
  return cookie;
}

/** All but the age, which is what sets and what clears. */
const lasting = ({ attributes }: SetCookie) => attributes.filter((attribute) => !attribute.startsWith("Max-Age"));

describe("the refresh cookie", () => {
  // B109 https://github.com/better-auth/better-auth/issues/3470
  it("can be set by no other host on https, and is kept by every browser on http localhost", async () => {
    const secure = await signInAt(HTTPS, { publicUrl: HTTPS });
    const shortId = tokenOf(secure.answer).session.id.slice(0, 8);
    expect(secure.cookie.name).toMatch(new RegExp(`^__Host-Http-refresh_token\\.443-[a-z0-9]+\\.${shortId}$`));
    expect(lasting(secure.cookie)).toEqual(["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]);

    const local = await signInAt("http://localhost:3000");
    expect(local.cookie.name).toMatch(/^refresh_token\.3000-[a-z0-9]+\.[A-Za-z0-9_-]{8}$/);
    expect(lasting(local.cookie)).toEqual(["Path=/v1/auth", "HttpOnly", "SameSite=Strict"]);
  });

  it("names the port of `publicUrl`, else of the request, since all ports of a host share one jar", async () => {
    const { cookie } = await signInAt("http://localhost:3000", { publicUrl: "http://localhost:5173" });
    expect(cookie.name).toMatch(/^refresh_token\.5173-/);
    expect((await signInAt("http://localhost:3000")).cookie.name).toMatch(/^refresh_token\.3000-/);
  });

  it("follows `publicUrl`, not the address that a proxy in between uses", async () => {
    const { cookie } = await signInAt("http://10.0.0.7:8080", { publicUrl: HTTPS });
    expect(cookie.name).toMatch(/^__Host-Http-/);
  });

  it.each(["http://app.example", "http://192.168.1.5:3000", "http://localhost.evil.example"])(
    "is refused on plain http to %s, unless that is allowed by a dangerous name",
    async (origin) => {
      const server = createTestServer();
      const page = openPage(server, { origin });
      await register(page);
      const login = { form: { username: "ada@example.org", password: PASSWORD } };
      const refused = await page.send("POST", "/jwt/login", login);
      expect([refused.status, detailOf(refused)]).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
      expect(refused.setCookies).toEqual([]);
      const { cookie } = await signInAt(origin, { allowInsecureCookies: true });
      expect(cookie.name).toMatch(/^refresh_token\./);
    },
  );

  it.each(["http://127.0.0.1:3000", "http://[::1]:3000", "http://app.localhost"])(
    "works on this machine at %s",
    async (origin) => {
      expect((await signInAt(origin)).cookie.attributes).not.toContain("Secure");
    },
  );

  // B116 https://github.com/FusionAuth/fusionauth-site/pull/138
  it("lasts as long as its token: the idle time, and less when the session itself ends before that", async () => {
    const { server, page, cookie } = await signInAt("http://localhost", {});
    expect(cookie.attributes).toContain("Max-Age=604800");
    for (let day = 1; day < 89; day += 1) {
      server.advance(86_400);
      await refresh(page);
    }
    server.advance(86_400);
    expect(onlyCookie(await refresh(page)).attributes).toContain("Max-Age=86400");
  });

  // B113 https://github.com/fastapi-users/fastapi-users/issues/846
  it.each<[string, CookieOptions]>([
    ["by default", {}],
    ["with a path", { path: "/v1/auth" }],
    ["with a domain", { domain: "app.example" }],
    ["with a name", { name: "__Secure-rt", path: "/v1" }],
  ])("is set, renewed and cleared with the same attributes %s", async (_, cookieOptions) => {
    const { server, page, cookie } = await signInAt(HTTPS, { publicUrl: HTTPS, cookie: cookieOptions });
    const renewed = onlyCookie(await refresh(page));
    const cleared = onlyCookie(await page.send("POST", "/jwt/logout"));
    expect([renewed.name, cleared.name]).toEqual([cookie.name, cookie.name]);
    expect(lasting(renewed)).toEqual(lasting(cookie));
    expect(lasting(cleared)).toEqual(lasting(cookie));
    expect(cleared).toMatchObject({ value: "" });
    expect(cleared.attributes).toContain("Max-Age=0");
    await server.close();
  });

  it("says by its prefix what a path or a domain gives away", async () => {
    expect((await signInAt(HTTPS, { publicUrl: HTTPS, cookie: { path: "/v1" } })).cookie.name).toMatch(
      /^__Secure-refresh_token\./,
    );
    const { cookie } = await signInAt(HTTPS, { publicUrl: HTTPS, cookie: { domain: "app.example" } });
    expect(cookie.name).toMatch(/^__Secure-/);
    expect(cookie.attributes).toContain("Domain=app.example");
  });

  // B110 https://github.com/necdetsanli/do-not-ghost-me/issues/37
  it.each<[CookieOptions, string]>([
    [{ name: "__Host-rt", secure: false }, "Secure"],
    [{ name: "__Secure-rt", secure: false }, "Secure"],
    [{ name: "__Host-rt", path: "/v1/auth" }, "Path"],
    [{ name: "__Host-Http-rt", path: "/v1/auth" }, "Path"],
    [{ name: "__Host-rt", domain: "x.io" }, "Domain"],
    [{ secure: false }, "allowInsecureCookies"],
    [{ name: "a b" }, "cookie.name"],
    [{ path: "/a; Domain=evil.example" }, "cookie.path"],
    [{ domain: "a; Path=/" }, "cookie.domain"],
  ])("is refused at start-up as %j, naming what is wrong", (cookie, word) => {
    const start = () => createAuthServer({ store: memoryStore(), accessTokenSecret: "x".repeat(32), cookie });
    expect(start).toThrow(word);
  });

  // B112 https://github.com/micronaut-projects/micronaut-security/issues/718
  it("covers refresh and sign-out, and is cleared at sign-out whether it came or not", async () => {
    const { server, page, answer, cookie } = await signInAt("http://localhost");
    const path = cookie.attributes.find((attribute) => attribute.startsWith("Path="))?.slice(5) ?? "";
    expect("/v1/auth/jwt/logout".startsWith(path) && "/v1/auth/jwt/refresh".startsWith(path)).toBe(true);
    const { session, access_token: bearer } = tokenOf(answer);
    const bare = openPage(server);
    const signedOut = await bare.send("POST", "/jwt/logout", { json: { session_id: session.id }, bearer });
    expect(signedOut.status).toBe(204);
    expect(onlyCookie(signedOut)).toMatchObject({ name: cookie.name, value: "" });
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REVOKED");
  });

  // B082 https://github.com/nextauthjs/next-auth/issues/8897
  it("is set by no other answer: not by users, sessions, keys, health, errors or unknown paths", async () => {
    const { page, answer } = await signInAt("http://localhost");
    const { access_token: bearer } = tokenOf(answer);
    const calls: [string, string, object?][] = [
      ["GET", "/users/me", { bearer }],
      ["GET", "/users/me", { bearer: "wrong" }],
      ["GET", "/sessions", { bearer }],
      ["DELETE", "/sessions", { bearer }],
      ["DELETE", "/sessions/unknown", { bearer }],
      ["POST", "/register", { json: { email: "b@example.org", password: PASSWORD } }],
      ["POST", "/register", { json: {} }],
      ["POST", "/jwt/login", { form: { username: "ada@example.org", password: "wrong" } }],
      ["POST", "/guest", {}],
      ["POST", "/device/lookup", { bearer, json: { user_code: "BCDFGHJK" } }],
      ["GET", "/.well-known/jwks.json"],
      ["GET", "/health"],
      ["GET", "/openapi.json"],
      ["GET", "/nothing"],
      ["POST", "/jwt/refresh", { headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" } }],
    ];
    for (const [method, path, options] of calls) {
      const { status, setCookies } = await page.send(method, path, options);
      expect(setCookies, `${method} ${path} ${status}`).toEqual([]);
    }
  });
});

describe("several cookies in one jar", () => {
  // B198 https://github.com/geolens-io/geolens/pull/1446
  // B115 https://github.com/reddit/reddit-mobile/pull/978
  it("have names of their own, so that a late answer of an old session cannot erase a new one's", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    const delayed = openPage(server, { jar: new Map(page.jar) });
    await refresh(delayed);
    await page.send("POST", "/jwt/logout", { json: { session_id: first.session.id } });
    await register(page, "bob@example.org");
    const bob = await signIn(page, "bob@example.org");
    // The refresh of before the sign-out arrives now.
    for (const [name, value] of delayed.jar) page.jar.set(name, value);
    expect(page.jar.size).toBe(2);
    expect(tokenOf(await refresh(page)).subject).toBe(bob.subject);
    expect(page.jar.size).toBe(1);
  });

  it("are decided by the highest session number, even when that session is over", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const second = await signIn(page);
    const jar = new Map(page.jar);
    await page.send("DELETE", `/sessions/${second.session.id}`, { bearer: second.access_token });
    const refused = await refresh(openPage(server, { jar }));
    expect(detailOf(refused)).toBe("REFRESH_TOKEN_REVOKED");
    expect(refused.setCookies).toEqual([]);
  });

  it("end with a 200, all but the one that decides, also those that no sign-in has replaced", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    const elsewhere = openPage(server);
    const second = await signIn(elsewhere);
    const both = openPage(server, { jar: new Map([...page.jar, ...elsewhere.jar]) });
    expect(tokenOf(await refresh(both)).session).toEqual(second.session);
    expect((await page.send("GET", "/users/me", { bearer: first.access_token })).status).toBe(401);
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REVOKED");
  });

  it("are judged for reuse on that one alone: an old token of another session raises no alarm", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const old = new Map(page.jar);
    for (let round = 0; round < 3; round += 1) {
      await refresh(page);
      server.advance(31);
    }
    page.jar.clear();
    const newest = await signIn(page);
    for (const [name, value] of old) page.jar.set(name, value);
    expect(tokenOf(await refresh(page)).session).toEqual(newest.session);
    expect(server.events.map(({ type }) => type)).not.toContain("reuseDetected");
    expect(page.jar.size).toBe(1);
  });

  it("lose the ones that are not genuine, which decide nothing", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const [name = ""] = page.jar.keys();
    page.jar.set(name.replace(/.{8}$/, "AAAAAAAA"), "planted");
    page.jar.set("refresh_token.BBBBBBBB", "of another server");
    page.jar.set("other", "of the application");
    page.jar.set("refresh_token.too-long-for-ours", "of the application");
    expect(tokenOf(await refresh(page)).session).toEqual(token.session);
    expect([...page.jar.keys()].toSorted()).toEqual(
      ["other", name, "refresh_token.too-long-for-ours", "refresh_token.BBBBBBBB"].toSorted(),
    );
  });

  it("count once when the same session comes twice: the higher counter decides", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const [name = "", oldest = ""] = [...page.jar][0] ?? [];
    for (let round = 0; round < 3; round += 1) {
      await refresh(page);
      server.advance(31);
    }
    const current = page.jar.get(name) ?? "";
    for (const header of [`${name}=${oldest}; ${name}=${current}`, `${name}=${current}; ${name}=${oldest}`]) {
      const answer = await page.send("POST", "/jwt/refresh", { headers: { cookie: header } });
      expect(answer.status).toBe(200);
    }
  });
});
