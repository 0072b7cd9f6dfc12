import { describe, expect, it } from "vitest";
import type { AccountNotice } from "../../src/server/accountNotice.ts";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { describeUserAgent } from "../../src/server/describeUserAgent.ts";
import { openPage, startProgram } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, type TestServer } from "./support/testServer.ts";

const EMAIL = "ada@example.org";
const LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1";

interface From {
  readonly address?: string;
  readonly userAgent?: string;
  readonly cookie?: string;
}

function startServer(options: Partial<AuthServerOptions> = {}) {
  const notices: AccountNotice[] = [];
  const server = createTestServer({ onAccountNotice: (notice) => void notices.push(notice), ...options });
  return { server, notices, types: () => notices.map(({ type }) => type) };
}

async function send(server: TestServer, path: string, body: BodyInit, from: From): Promise<Response> {
  const { address = "203.0.113.77", userAgent = LAPTOP, cookie } = from;
  const headers = { origin: "http://localhost", "user-agent": userAgent, ...(cookie !== undefined && { cookie }) };
  const request = new Request(`http://localhost/v1/auth${path}`, { method: "POST", headers, body });
  const answer = await server.app.fetch(request, { incoming: { socket: { remoteAddress: address } } });
  // Hooks are told beside the answer.
  await new Promise((done) => setImmediate(done));
  return answer;
}

async function register(server: TestServer, from: From = {}): Promise<void> {
  expect((await send(server, "/register", JSON.stringify({ email: EMAIL, password: PASSWORD }), from)).status).toBe(
    201,
  );
}

async function signIn(server: TestServer, from: From = {}): Promise<string> {
  const answer = await send(server, "/jwt/login", new URLSearchParams({ username: EMAIL, password: PASSWORD }), from);
  expect(answer.status).toBe(200);
  return answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

// 16.8
describe("the owner of an account is told of a sign-in", () => {
  it("with all that an e-mail needs, and neither an exact address nor a token", async () => {
    const { server, notices } = startServer();
    await register(server);
    await signIn(server, { address: "198.51.100.9", userAgent: PHONE });
    const subject = (await server.subjects.findByEmail(EMAIL))?.id;
    expect(notices).toEqual([
      {
        type: "newDevice",
        at: server.now(),
        subject,
        email: EMAIL,
        sessionId: expect.stringMatching(/^.{22}$/),
        device: "Safari on iPhone",
        address: "198.51.100.0/24",
      },
    ]);
    expect(JSON.stringify(notices)).not.toMatch(/ssr1|eyJ|correct horse|198\.51\.100\.9/);
  });

  it.each<[string, From, boolean]>([
    ["where and with what they registered", {}, false],
    ["with the browser after an update", { userAgent: LAPTOP.replaceAll("140", "141") }, false],
    ["in the same network of an IPv6 provider", { address: "2001:db8:1:2::77" }, false],
    ["with another browser", { userAgent: PHONE }, true],
    ["from another address", { address: "198.51.100.9" }, true],
    ["from another address in the same neighbourhood", { address: "203.0.113.78" }, true],
  ])("%s: new is %s", async (_, from, isNew) => {
    const { server, types } = startServer();
    await register(server);
    await signIn(server, { address: "2001:db8:1:2::1" });
    const before = types().length;
    await signIn(server, from);
    expect(types().slice(before)).toEqual(isNew ? ["newDevice"] : []);
  });

  it("once: afterwards the device is known, and one that shows the cookie of an earlier session always is", async () => {
    const { server, types } = startServer();
    await register(server);
    const cookie = await signIn(server, { address: "198.51.100.9", userAgent: PHONE });
    await signIn(server, { address: "198.51.100.9", userAgent: PHONE });
    await signIn(server, { address: "100.64.0.1", userAgent: "other", cookie });
    expect(types()).toEqual(["newDevice"]);
  });

  it("by a device code, since people are talked into approving them", async () => {
    const { server, notices } = startServer();
    const { page, token } = await openSignedInPage(server, EMAIL);
    notices.length = 0;
    const device = startProgram(server);
    const headers = { "user-agent": "backup-tool/1.0" };
    const form = { client_id: "cli" };
    const { body } = await device.send("POST", "/device/code", { form, headers });
    const codes = body as { user_code: string; device_code: string };
    const json = { user_code: codes.user_code, password: PASSWORD };
    await page.send("POST", "/device/approve", { bearer: token.access_token, json });
    const grant = {
      ...form,
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: codes.device_code,
    };
    expect((await device.send("POST", "/device/token", { form: grant, headers })).status).toBe(200);
    await new Promise((done) => setImmediate(done));
    expect(notices).toMatchObject([{ type: "newDevice", device: "backup-tool", address: null }]);
  });
});

// 16.8
describe("the owner of an account is told", () => {
  it("that the password changed, also by a reset, which nobody did from anywhere", async () => {
    const { server, notices } = startServer();
    const { page, token } = await openSignedInPage(server, EMAIL);
    notices.length = 0;
    const json = { password: "battery staple", current_password: PASSWORD };
    await page.send("PATCH", "/users/me", { bearer: token.access_token, json });
    await server.subjects.resetPassword(token.subject, "another horse");
    await new Promise((done) => setImmediate(done));
    expect(notices.map(({ type }) => type)).toEqual(["passwordChanged", "passwordChanged"]);
    expect(notices[1]).toMatchObject({ email: EMAIL, device: null, address: null, sessionId: null });
  });

  it("that two parties held one session", async () => {
    const { server, types } = startServer();
    const { page } = await openSignedInPage(server, EMAIL);
    const thief = openPage(server, { jar: new Map(page.jar) });
    for (let round = 0; round < 2; round += 1) {
      server.advance(60);
      await page.send("POST", "/jwt/refresh");
    }
    expect((await thief.send("POST", "/jwt/refresh")).status).toBe(401);
    await new Promise((done) => setImmediate(done));
    expect(types()).toContain("reuseDetected");
  });

  it("nothing where it is a guest, whom nobody can write to", async () => {
    const { server, notices } = startServer();
    const page = openPage(server);
    await page.send("POST", "/guest");
    const thief = openPage(server, { jar: new Map(page.jar) });
    for (let round = 0; round < 2; round += 1) {
      server.advance(60);
      await page.send("POST", "/jwt/refresh");
    }
    await thief.send("POST", "/jwt/refresh");
    await new Promise((done) => setImmediate(done));
    expect(server.events.map(({ type }) => type)).toContain("reuseDetected");
    expect(notices).toEqual([]);
  });

  it.each<[string, AuthServerOptions["onAccountNotice"]]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["never settles", () => new Promise(() => undefined)],
  ])("by a hook that changes nothing when it %s", async (_, onAccountNotice) => {
    const { server } = startServer({ onAccountNotice });
    await register(server);
    await signIn(server, { userAgent: PHONE });
    expect(server.errors).toEqual([]);
  });
});

describe("a user agent", () => {
  it.each([
    [LAPTOP, "Firefox on Linux"],
    [PHONE, "Safari on iPhone"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
      "Chrome on Windows",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
      "Safari on Mac",
    ],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"],
    ["curl/8.5.0", "curl"],
    ["stay-signed-in/0.1.0 (Linux)", "stay-signed-in on Linux"],
    ["Mozilla/5.0", "a program"],
    ["\u202eevil\u0000/1", "evil"],
    ["", "a program"],
  ])("%s is %s", (userAgent, expected) => {
    expect(describeUserAgent(userAgent)).toBe(expected);
  });
});
