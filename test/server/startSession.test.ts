import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { AuthServer } from "../../src/server/createAuthServer.ts";
import type { StartSessionOptions } from "../../src/server/sessionStarter.ts";
import { keepCookies, openPage, type SetCookie, type TokenFields } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, signIn } from "./support/testServer.ts";

const PAGE = { origin: "http://localhost", "sec-fetch-site": "same-origin" };

/** A request of a page to a route of the app's own. */
const ask = (headers: Record<string, string> = PAGE, method = "POST") =>
  new Request("http://localhost/passkey", { method, headers, ...(method === "POST" && { body: "read by the app" }) });

async function addSubject(server: AuthServer, email = "ada@example.org", isVerified = false) {
  const subject = await server.subjects.add({ email, isVerified });
  if (subject === null) throw new Error("The address is taken.");
  return subject;
}

function cookiesOf(response: Response): SetCookie[] {
  return response.headers.getSetCookie().map((header) => {
    const [pair = "", ...attributes] = header.split(/; ?/);
    const separator = pair.indexOf("=");
    return { name: pair.slice(0, separator), value: pair.slice(separator + 1), attributes };
  });
}

describe("startSession", () => {
  it("answers as a sign-in does: a token, and a cookie that is refreshed", async () => {
    const server = createTestServer();
    const ada = await addSubject(server);
    const response = await server.startSession(ada.id, ask(), { method: "passkey", amr: ["hwk"] });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const token = (await response.json()) as TokenFields;
    expect(token).toMatchObject({ token_type: "bearer", expires_in: 900, subject: ada.id });
    expect(token).not.toHaveProperty("refresh_token");
    const cookies = cookiesOf(response);
    expect(cookies[0]?.attributes).toEqual(
      expect.arrayContaining(["Path=/v1/auth", "HttpOnly", "SameSite=Strict", "Max-Age=604800"]),
    );
    const page = openPage(server);
    keepCookies(page.jar, cookies);
    expect(await refresh(page)).toMatchObject({ status: 200, body: { subject: ada.id, session: token.session } });
    expect((await page.send("GET", "/sessions", { bearer: token.access_token })).body).toMatchObject([
      { method: "passkey" },
    ]);
    expect(server.events).toContainEqual(
      expect.objectContaining({ type: "signedIn", subject: ada.id, sessionId: token.session.id, method: "passkey" }),
    );
  });

  it("gives the refresh token in the body to a program that asks for it so", async () => {
    const server = createTestServer();
    const ada = await addSubject(server);
    const response = await server.startSession(ada.id, ask({ "auth-transport": "body" }));
    expect(await response.json()).toHaveProperty("refresh_token");
    expect(cookiesOf(response)).toEqual([]);
  });

  it("refuses a page of another site, and makes nothing", async () => {
    const server = createTestServer();
    const ada = await addSubject(server);
    const response = await server.startSession(
      ada.id,
      ask({ origin: "https://evil.example", "sec-fetch-site": "cross-site" }),
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: "ORIGIN_NOT_ALLOWED" });
    expect(cookiesOf(response)).toEqual([]);
    expect(server.events.map(({ type }) => type)).not.toContain("signedIn");
  });

  it("lets a page of an allowed origin read the answer", async () => {
    const server = createTestServer({ allowedOrigins: ["https://app.example"] });
    const ada = await addSubject(server);
    const response = await server.startSession(ada.id, ask({ origin: "https://app.example" }));
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-allow-credentials")).toBe("true");
  });

  it("replaces the session that the request carries once the new one is presented", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server, "bob@example.org");
    const ada = await addSubject(server);
    const cookie = [...page.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await server.startSession(ada.id, ask({ ...PAGE, cookie }));
    const started = (await response.clone().json()) as TokenFields;
    expect(started.session.number).toBeGreaterThan(token.session.number);
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(200);
    keepCookies(page.jar, cookiesOf(response));
    expect(await refresh(page)).toMatchObject({ status: 200, body: { subject: ada.id } });
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(401);
  });

  it("answers for an inactive subject as a sign-in does, and for an unconfirmed address where one is asked for", async () => {
    const server = createTestServer({ requireVerifiedEmail: true });
    const ada = await addSubject(server, "ada@example.org", true);
    const unverified = await addSubject(server, "bob@example.org");
    await server.subjects.change(ada.id, { isActive: false });
    const answers = [await server.startSession(ada.id, ask()), await server.startSession(unverified.id, ask())];
    expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.json()]))).toEqual([
      [400, { detail: "LOGIN_BAD_CREDENTIALS" }],
      [400, { detail: "LOGIN_USER_NOT_VERIFIED" }],
    ]);
  });

  it("rejects for a subject that there is not, and says how one is made", async () => {
    const server = createTestServer();
    await expect(server.startSession("nobody", ask())).rejects.toThrow(/no such subject.*auth\.subjects\.add/);
  });

  it.each<[StartSessionOptions & Record<string, unknown>, RegExp]>([
    [{ methods: "passkey" }, /Did you mean `method`/],
    [{ amr: ["one word too many"] }, /`amr\[0\]` must be a word without spaces/],
    [{ persistent: "false" as never }, /`persistent` must be true or false/],
    [{ redirectTo: "//evil.example" }, /`redirectTo` must be a path of your own/],
    [{ redirectTo: "/\\evil.example" }, /`redirectTo` must be a path of your own/],
    [{ redirectTo: "https://evil.example" }, /`redirectTo` must be a path of your own/],
  ])("refuses options that make no sense: %j", async (options, message) => {
    const server = createTestServer();
    await expect(server.startSession((await addSubject(server)).id, ask(), options)).rejects.toThrow(message);
  });

  it("counts the address that the app's own route was given, and knows the device again", async () => {
    const server = createTestServer();
    const ada = await addSubject(server);
    const environment = { incoming: { socket: { remoteAddress: "203.0.113.7" } } };
    await server.startSession(ada.id, ask(), { environment });
    await server.startSession(ada.id, ask(), { environment });
    const told = server.events.filter(({ type }) => type === "signedIn" || type === "newDevice");
    expect(told.map(({ type, address }) => [type, address])).toEqual([
      ["signedIn", "203.0.113.7"],
      ["newDevice", "203.0.113.7"],
      ["signedIn", "203.0.113.7"],
    ]);
  });

  it("is refused by a server that closes", async () => {
    const server = createTestServer();
    const ada = await addSubject(server);
    await server.close();
    expect((await server.startSession(ada.id, ask())).status).toBe(503);
  });

  it("works in a route of the app's own for a person who has no password", async () => {
    const server = createTestServer();
    const app = new Hono();
    app.post("/one-time-code", async (context) => {
      const { code } = await context.req.json<{ code: string }>();
      if (code !== "123456") return context.json({ detail: "CODE_REJECTED" }, 400);
      const subject = (await server.subjects.findByEmail("ada@example.org")) ?? (await addSubject(server));
      return server.startSession(subject.id, context.req.raw, { method: "oneTimeCode", amr: ["otp"] });
    });
    const send = (code: string) =>
      app.request("/one-time-code", { method: "POST", headers: PAGE, body: JSON.stringify({ code }) });
    expect((await send("654321")).status).toBe(400);
    expect(((await (await send("123456")).json()) as TokenFields).subject).toBe(
      (await server.subjects.findByEmail("ADA@example.org"))?.id,
    );
  });
});

describe("startSession with redirectTo", () => {
  const led = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

  it("sets the cookie for a browser that another site has led back, and sends it on without a token", async () => {
    const server = createTestServer();
    const ada = await addSubject(server);
    const response = await server.startSession(ada.id, ask(led, "GET"), { redirectTo: "/welcome" });
    expect([response.status, response.headers.get("location"), await response.text()]).toEqual([303, "/welcome", ""]);
    const page = openPage(server);
    keepCookies(page.jar, cookiesOf(response));
    expect(await refresh(page)).toMatchObject({ status: 200, body: { subject: ada.id } });
  });

  it.each([
    ["a script's request", { ...led, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, "GET"],
    ["a frame", { ...led, "sec-fetch-dest": "iframe" }, "GET"],
    ["a form of another site", led, "POST"],
  ])("refuses %s", async (_, headers, method) => {
    const server = createTestServer();
    const ada = await addSubject(server);
    const response = await server.startSession(ada.id, ask(headers, method), { redirectTo: "/welcome" });
    expect(response.status).toBe(403);
    expect(cookiesOf(response)).toEqual([]);
  });
});

describe("subjects.add", () => {
  it("makes an account without a password, which no password opens", async () => {
    const server = createTestServer();
    const ada = await addSubject(server, "ada@example.org", true);
    expect(ada).toMatchObject({ email: "ada@example.org", passwordHash: null, isVerified: true, isGuest: false });
    await expect(signIn(openPage(server), "ada@example.org", "any password")).rejects.toThrow("400");
    expect(await server.subjects.add({ email: "ADA@example.org" })).toBeNull();
    expect(await server.subjects.add({})).toMatchObject({ email: null, isGuest: false });
  });

  it("takes a password that the policy lets through, and refuses others with the reason", async () => {
    const server = createTestServer();
    await server.subjects.add({ email: "ada@example.org", password: "correct horse" });
    expect((await signIn(openPage(server))).subject).toEqual(expect.any(String));
    await expect(server.subjects.add({ email: "bob@example.org", password: "short" })).rejects.toThrow(RangeError);
    await expect(server.subjects.add({ email: "no address" })).rejects.toThrow("no e-mail address");
    await expect(server.subjects.add({ mail: "x" } as never)).rejects.toThrow("Did you mean `email`?");
  });
});
