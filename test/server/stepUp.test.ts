import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { decodeJwt } from "jose";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { readStepUp } from "../../src/adapters/readStepUp.ts";
import { requireUser, type RequireUserOptions } from "../../src/server/requireUser.ts";
import { sqliteStore } from "../../src/server/sqliteStore.ts";
import { openPage, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, type TestServer } from "./support/testServer.ts";

/** What a route of the app's own answers. */
async function ask(server: TestServer, token: string, options: RequireUserOptions) {
  const app = new Hono();
  app.get("/", requireUser(server, options), (context) => context.text("passed"));
  const response = await app.request("/", { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), text: await response.text() };
}

async function passkeyToken(server: TestServer, amr: string[]): Promise<string> {
  const subject = await server.subjects.add({});
  const headers = { origin: "http://localhost", "sec-fetch-site": "same-origin" };
  const request = new Request("http://localhost/passkey", { method: "POST", headers });
  const response = await server.startSession(subject?.id ?? "", request, { method: "passkey", amr });
  return ((await response.json()) as { access_token: string }).access_token;
}

describe("the claims auth_time and amr", () => {
  it("say when and with what somebody signed in, also after refreshes", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const signedInAt = server.now() / 1000;
    expect(decodeJwt(token.access_token)).toMatchObject({ auth_time: signedInAt, amr: ["pwd"] });
    for (let hours = 0; hours < 3; hours += 1) {
      server.advance(3600);
      const refreshed = tokenOf(await refresh(page)).access_token;
      expect(decodeJwt(refreshed)).toMatchObject({ auth_time: signedInAt, amr: ["pwd"], iat: server.now() / 1000 });
    }
  });

  it("are those that the app gives for a way of its own", async () => {
    const server = createTestServer();
    const token = await passkeyToken(server, ["hwk", "user", "mfa"]);
    expect(decodeJwt(token)).toMatchObject({ auth_time: server.now() / 1000, amr: ["hwk", "user", "mfa"] });
    expect(await server.verifyAccessToken(token)).toMatchObject({
      authenticatedAt: server.now(),
      amr: ["hwk", "user", "mfa"],
      verifiedAt: server.now(),
    });
  });

  it("are absent for a guest", async () => {
    const server = createTestServer();
    const guest = tokenOf(await openPage(server).send("POST", "/guest")).access_token;
    expect(decodeJwt(guest)).not.toHaveProperty("auth_time");
    expect(decodeJwt(guest)).not.toHaveProperty("amr");
    expect(await server.verifyAccessToken(guest)).toMatchObject({ authenticatedAt: null, amr: [] });
  });

  it("start anew with a changed password", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    server.advance(600);
    const json = { password: "battery staple", current_password: PASSWORD };
    const changed = await page.send("PATCH", "/users/me", { bearer: token.access_token, json });
    expect(decodeJwt(tokenOf(changed).access_token)).toMatchObject({ auth_time: server.now() / 1000, amr: ["pwd"] });
  });

  it("are absent for a session that a device code began: nobody proved anything on that device", async () => {
    const server = createTestServer({ device: { verificationUri: "http://localhost/device" } });
    const { page, token } = await openSignedInPage(server);
    const device = startProgram(server);
    const asked = (await device.send("POST", "/device/code", { form: { client_id: "tv" } })).body as Record<
      string,
      string
    >;
    const { user_code, device_code } = asked;
    const json = { user_code, password: PASSWORD };
    expect((await page.send("POST", "/device/approve", { bearer: token.access_token, json })).status).toBe(204);
    const grant = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: device_code ?? "" };
    const redeemed = tokenOf(await device.send("POST", "/device/token", { form: { ...grant, client_id: "tv" } }));
    expect(decodeJwt(redeemed.access_token)).not.toHaveProperty("auth_time");
    const listed = (await page.send("GET", "/sessions", { bearer: token.access_token })).body;
    expect((listed as { method: string }[]).map(({ method }) => method)).toEqual(["deviceCode", "password"]);
  });
});

describe("requireUser with maxAgeSeconds", () => {
  it("lets a recent sign-in pass, and asks for a fresh one later, as RFC 9470 has it and our client reads it", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    server.advance(300);
    expect((await ask(server, token.access_token, { maxAgeSeconds: 300 })).text).toBe("passed");
    server.advance(1);
    const refused = await ask(server, token.access_token, { maxAgeSeconds: 300 });
    expect(refused.status).toBe(401);
    expect(refused.challenge).toBe(
      'Bearer error="insufficient_user_authentication", error_description="A more recent sign-in is needed here", max_age="300"',
    );
    expect(readStepUp(refused.challenge)).toEqual({ maxAgeSeconds: 300, acrValues: [] });
    const refreshed = tokenOf(await refresh(page)).access_token;
    expect((await ask(server, refreshed, { maxAgeSeconds: 300 })).status).toBe(401);
    const again = tokenOf(
      await page.send("POST", "/jwt/login", { form: { username: "ada@example.org", password: PASSWORD } }),
    );
    expect((await ask(server, again.access_token, { maxAgeSeconds: 300, checkSession: true })).text).toBe("passed");
  });

  it("lets no guest pass, nor a token that does not say when", async () => {
    const server = createTestServer();
    const guest = tokenOf(await openPage(server).send("POST", "/guest")).access_token;
    expect((await ask(server, guest, { maxAgeSeconds: 86_400 })).challenge).toContain(
      "insufficient_user_authentication",
    );
  });

  it("says invalid_token, not step-up, for a token that has expired", async () => {
    const server = createTestServer();
    const { token } = await openSignedInPage(server);
    server.advance(3600);
    expect((await ask(server, token.access_token, { maxAgeSeconds: 300 })).challenge).toBe(
      'Bearer error="invalid_token"',
    );
  });
});

describe("requireUser with amr", () => {
  it("lets pass who has proved all that is asked for, and names it to everybody else", async () => {
    const server = createTestServer();
    const [strong, weak] = [await passkeyToken(server, ["hwk", "mfa"]), await passkeyToken(server, ["pwd"])];
    expect((await ask(server, strong, { amr: ["mfa", "hwk"] })).text).toBe("passed");
    const refused = await ask(server, weak, { amr: ["mfa", "hwk"] });
    expect(refused.status).toBe(401);
    expect(readStepUp(refused.challenge)).toEqual({ maxAgeSeconds: null, acrValues: ["mfa", "hwk"] });
  });

  it.each([
    [{ amr: "mfa" }, /`amr` must be a list/],
    [{ amr: ['m"fa'] }, /`amr\[0\]` must be a word/],
    [{ maxAge: 300 }, /Did you mean `maxAgeSeconds`/],
    [{ maxAgeSeconds: -1 }, /`maxAgeSeconds` must be a whole number of seconds/],
    [{ maxAgeSeconds: 0.5 }, /`maxAgeSeconds` must be a whole number of seconds/],
  ])("refuses options that make no sense: %j", (options, message) => {
    const server = createTestServer();
    expect(() => requireUser(server, options as never)).toThrow(message);
  });
});

describe("a database that is older than these columns", () => {
  it("is moved on, and its sessions go on: they say when somebody signed in, but not with what", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stay-signed-in-older-"));
    const path = join(folder, "auth.db");
    let now = Date.parse("2026-11-25T12:00:00Z");
    const open = () => createTestServer({ store: sqliteStore({ path, now: () => now }) });
    const before = open();
    const { page } = await openSignedInPage(before);
    await before.close();
    const database = new Database(path);
    for (const column of ["method", "amr", "persistent"])
      database.exec(`alter table auth_sessions drop column ${column}`);
    database.exec("delete from auth_migrations where name = '2026_11_29_ways_in'");
    database.close();

    now += 60_000;
    const after = open();
    const refreshed = await refresh(openPage(after, { jar: page.jar }));
    const claims = decodeJwt(tokenOf(refreshed).access_token);
    expect(claims.auth_time).toBe(now / 1000 - 60);
    expect(claims).not.toHaveProperty("amr");
    expect(refreshed.setCookies[0]?.attributes.join()).toMatch(/Max-Age=60\d+/);
    await after.close();
    rmSync(folder, { recursive: true });
  });
});
