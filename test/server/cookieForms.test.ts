import { describe, expect, it } from "vitest";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import type { AuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import type { CookieOptions } from "../../src/server/refreshCookie.ts";
import { createCookieJar } from "../../src/testing/cookieJar.ts";
import { createTestServer, PASSWORD } from "./support/testServer.ts";

const HTTPS = "https://app.example";

/** A browser with one jar, whose pages talk to servers at any address. */
function openBrowser(now: () => number = Date.now) {
  const jar = createCookieJar({ now });
  async function send(server: AuthServer, address: string, path: string, init: RequestInit = {}) {
    const url = `${address}${path}`;
    const cookie = jar.header(url);
    const headers = {
      origin: new URL(address).origin,
      "sec-fetch-site": "same-origin",
      ...(cookie !== null && { cookie }),
      ...(init.headers as Record<string, string>),
    };
    const answer = await server.app.fetch(new Request(url, { method: "POST", ...init, headers }));
    jar.receive(answer.headers.getSetCookie(), url);
    return answer;
  }
  return {
    jar,
    send,
    async signIn(server: AuthServer, address: string, email: string): Promise<string> {
      const json = { "content-type": "application/json" };
      await send(server, address, "/register", { headers: json, body: JSON.stringify({ email, password: PASSWORD }) });
      const body = new URLSearchParams({ username: email, password: PASSWORD });
      const answer = await send(server, address, "/jwt/login", { body });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as { subject: string }).subject;
    },
    async refresh(server: AuthServer, address: string): Promise<string> {
      const answer = await send(server, address, "/jwt/refresh");
      const { subject, detail } = (await answer.json()) as { subject?: string; detail?: string };
      return subject ?? `${answer.status} ${detail}`;
    },
    names: () => jar.cookies().map(({ name }) => name),
  };
}

// C01 https://github.com/authup/authup/issues/3495
describe("several servers on one host", () => {
  const prefixed = (port: number, folder: string) => ({
    address: `http://localhost:${port}${folder}/v1/auth`,
    prefix: `${folder}/v1/auth`,
  });
  const places = [prefixed(8000, ""), prefixed(8001, ""), prefixed(8000, "/lab"), prefixed(8001, "/lab/inner")];

  it.each([
    ["http", "with secrets of their own", (index: number) => `the secret of server number ${index} of four`],
    ["http", "with a copied secret", () => "the secret that all four of them have copied"],
    ["https", "with secrets of their own", (index: number) => `the secret of server number ${index} of four`],
    ["https", "with a copied secret", () => "the secret that all four of them have copied"],
  ])("keep their own people signed in on %s, by port and by prefix, %s", async (scheme, _, secret) => {
    const browser = openBrowser();
    const servers = places.map(({ address, prefix }, index) => {
      const accessTokenSecret = secret(index);
      const server = createTestServer({ prefix, accessTokenSecret, refreshGraceSeconds: 0.001 });
      return { server, address: address.replace("http:", `${scheme}:`) };
    });
    const people: string[] = [];
    for (const [index, { server, address }] of servers.entries()) {
      people.push(await browser.signIn(server, address, `person${index}@example.org`));
    }
    for (let round = 0; round < 3; round += 1) {
      for (const [index, { server, address }] of servers.entries()) {
        server.advance(60);
        expect(await browser.refresh(server, address)).toBe(people[index]);
      }
    }
    expect(browser.names()).toHaveLength(4);
    const [first] = servers;
    if (first) await browser.send(first.server, first.address, "/jwt/logout");
    expect(browser.names()).toHaveLength(3);
    for (const [index, { server, address }] of servers.entries()) {
      expect(await browser.refresh(server, address)).toBe(index === 0 ? "401 REFRESH_TOKEN_MISSING" : people[index]);
    }
  });

  it("leave each other's cookies of the names of before alone", async () => {
    const [one, two] = [
      createTestServer(),
      createTestServer({ accessTokenSecret: "a secret of the other server's own" }),
    ];
    const [here, there] = ["http://localhost:8000/v1/auth", "http://localhost:8001/v1/auth"];
    const browser = openBrowser();
    const ada = await browser.signIn(one, here, "ada@example.org");
    const bob = await browser.signIn(two, there, "bob@example.org");
    renameAll(browser, here, (name) => name.replace(/\.\d+-\w+\./, "."));
    expect(await browser.refresh(one, here)).toBe(ada);
    expect(await browser.refresh(two, there)).toBe(bob);
    expect(browser.names().toSorted()).toEqual([
      expect.stringMatching(/^refresh_token\.8000-/),
      expect.stringMatching(/^refresh_token\.8001-/),
    ]);
  });
});

/** The jar as an earlier version of the server, or other settings, would have filled it. */
function renameAll(browser: ReturnType<typeof openBrowser>, address: string, rename: (name: string) => string): void {
  const before = browser.jar.cookies();
  browser.jar.clear();
  const secure = address.startsWith("https:") ? "; Secure" : "";
  for (const { name, value, path } of before) {
    browser.jar.receive([`${rename(name)}=${value}; Path=${path}${secure}; HttpOnly; Max-Age=600000`], address);
  }
}

// C03
describe("a cookie whose form has changed", () => {
  const store = () => memoryStore({ now: () => Date.parse("2026-11-28T12:00:00Z") });
  const at = (origin: string) => `${origin}/v1/auth`;

  async function change(origin: string, before: Partial<AuthServerOptions>, after: Partial<AuthServerOptions>) {
    const shared = store();
    const options = { store: shared, publicUrl: origin };
    const browser = openBrowser(() => shared.clock());
    const ada = await browser.signIn(createTestServer({ ...options, ...before }), at(origin), "ada@example.org");
    const server = createTestServer({ ...options, ...after });
    return { browser, server, ada, address: at(origin) };
  }

  const cookie = (options: CookieOptions) => ({ cookie: options });
  it.each<[string, string, Partial<AuthServerOptions>, Partial<AuthServerOptions>, RegExp]>([
    ["a domain", "https://a.app.example", {}, cookie({ domain: "app.example" }), /^__Secure-refresh_token\./],
    [
      "another domain",
      "https://a.b.example",
      cookie({ domain: "a.b.example" }),
      cookie({ domain: "b.example" }),
      /^__Sec/,
    ],
    ["a path", HTTPS, {}, cookie({ path: "/v1" }), /^__Secure-refresh_token\./],
    ["a path on localhost", "http://localhost:3000", {}, cookie({ path: "/" }), /^refresh_token\./],
    ["the default path again", "http://localhost:3000", cookie({ path: "/" }), {}, /^refresh_token\./],
    ["a name", HTTPS, {}, cookie({ name: "session" }), /^__Host-Http-session\./],
    ["another name", HTTPS, cookie({ name: "one" }), cookie({ name: "two" }), /^__Host-Http-two\./],
    ["a name on localhost", "http://localhost:3000", {}, cookie({ name: "rt" }), /^rt\./],
    ["another prefix", HTTPS, {}, cookie({ name: "__Host-rt" }), /^__Host-rt\./],
    [
      "the default again, told what was before",
      "https://a.app.example",
      cookie({ domain: "app.example", path: "/v1" }),
      cookie({ formerly: { domain: "app.example", path: "/v1" } }),
      /^__Host-Http-refresh_token\./,
    ],
  ])("to %s is read once, written anew and cleared", async (_, origin, before, after, name) => {
    const { browser, server, ada, address } = await change(origin, before, after);
    expect(await browser.refresh(server, address)).toBe(ada);
    expect(browser.names()).toEqual([expect.stringMatching(name)]);
    for (let round = 0; round < 3; round += 1) {
      server.advance(60);
      expect(await browser.refresh(server, address)).toBe(ada);
    }
    await browser.send(server, address, "/jwt/logout");
    expect(browser.names()).toEqual([]);
  });

  it.each([
    [HTTPS, "__Host-Http-refresh_token."],
    ["http://localhost:3000", "refresh_token."],
    ["http://localhost:3000", "refresh_token.3000."],
  ])("from the names of version 0.1 at %s (%s) is moved", async (origin, nameStart) => {
    const { browser, server, ada, address } = await change(origin, {}, {});
    renameAll(browser, address, (name) => `${nameStart}${name.slice(-8)}`);
    expect(await browser.refresh(server, address)).toBe(ada);
    expect(browser.names()).toEqual([expect.stringMatching(/refresh_token\.(443|3000)-/)]);
  });

  it("ends with a sign-out, and with the next session, in its old form too", async () => {
    const signedOut = await change(HTTPS, {}, cookie({ name: "session" }));
    await signedOut.browser.send(signedOut.server, signedOut.address, "/jwt/logout");
    expect(signedOut.browser.names()).toEqual([]);
    const { browser, server, address } = await change(HTTPS, {}, cookie({ name: "session" }));
    const bob = await browser.signIn(server, address, "bob@example.org");
    expect(await browser.refresh(server, address)).toBe(bob);
    expect(browser.names()).toEqual([expect.stringMatching(/^__Host-Http-session\./)]);
  });

  it("stays when the answer carries no new refresh token, since the client goes on with it", async () => {
    let now = Date.parse("2026-11-28T12:00:00Z");
    const options = { store: memoryStore({ now: () => now }), publicUrl: HTTPS };
    const old = createTestServer(options);
    const browser = openBrowser(() => now);
    await browser.signIn(old, at(HTTPS), "ada@example.org");
    const header = browser.jar.header(at(HTTPS)) ?? "";
    await browser.refresh(old, at(HTTPS));
    const renamed = createTestServer({ ...options, cookie: { name: "session" } });
    const send = (remoteAddress: string) =>
      renamed.app.fetch(
        new Request(`${at(HTTPS)}/jwt/refresh`, {
          method: "POST",
          headers: { cookie: header, origin: HTTPS, "sec-fetch-site": "same-origin" },
        }),
        { incoming: { socket: { remoteAddress } } },
      );
    now += 1000;
    const held = await send("192.0.2.9");
    expect([held.status, held.headers.getSetCookie()]).toEqual([200, []]);
  });

  it("counts for nothing where another host could have set it: `__Host-` stays what it says", async () => {
    const { browser, server, address } = await change("https://a.app.example", cookie({ domain: "app.example" }), {});
    expect(await browser.refresh(server, address)).toBe("401 REFRESH_TOKEN_MISSING");
  });

  it("counts for nothing under a name that does not end as its session does", async () => {
    const { browser, server, address } = await change("http://localhost:3000", {}, {});
    renameAll(browser, address, (name) => `${name.slice(0, -8)}AAAAAAA_`.replace("refresh_token", "rt"));
    expect(await browser.refresh(server, address)).toBe("401 REFRESH_TOKEN_MISSING");
  });
});

// C04 https://github.com/oauth2-proxy/oauth2-proxy/pull/3531
describe("a page that is embedded in another site's", () => {
  it("keeps its cookie where `partitioned` says so, under the same origin rule as ever", async () => {
    const server = createTestServer({ publicUrl: HTTPS, cookie: { partitioned: true } });
    const browser = openBrowser();
    await browser.signIn(server, `${HTTPS}/v1/auth`, "ada@example.org");
    const body = new URLSearchParams({ username: "ada@example.org", password: PASSWORD });
    const answer = await browser.send(server, `${HTTPS}/v1/auth`, "/jwt/login", { body });
    const attributes = answer.headers.getSetCookie()[0]?.split("; ").slice(1);
    expect(attributes).toEqual(["Path=/", "Secure", "HttpOnly", "SameSite=None", "Partitioned", "Max-Age=604800"]);
    const forged = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await browser.send(server, `${HTTPS}/v1/auth`, "/jwt/refresh", { headers: forged })).status).toBe(403);
  });

  it("needs https for that, and says so at start-up", () => {
    const start = () => createTestServer({ publicUrl: "http://localhost:3000", cookie: { partitioned: true } });
    expect(start).toThrow("`cookie.partitioned` needs https");
  });
});
