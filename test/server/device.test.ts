import { beforeEach, describe, expect, it } from "vitest";
import { createUserCode, parseUserCode, showUserCode } from "../../src/server/deviceCodes.ts";
import {
  type Answer,
  detailOf,
  openPage,
  type Sender,
  startProgram,
  type TokenFields,
  tokenOf,
} from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, type TestServer } from "./support/testServer.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code";

interface Codes {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
}

describe("a user code", () => {
  it("has eight letters without vowels, and is read without case, dash or space", () => {
    const code = createUserCode();
    expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
    expect(showUserCode(code)).toBe(`${code.slice(0, 4)}-${code.slice(4)}`);
    expect(parseUserCode(` ${showUserCode(code).toLowerCase()} `)).toBe(code);
    for (const wrong of ["", "BCDF", "BCDFGHJKL", "ABCDEFGH", "BCDFGHJ1", "BCDFGHJY"])
      expect(parseUserCode(wrong)).toBeNull();
  });

  it("has every letter about as often as any other", () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < 2000; round += 1)
      for (const letter of createUserCode()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(20);
    for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(200);
  });
});

// X08
describe("what a device calls itself", () => {
  const RLO = "\u202e";
  it.each([
    ["the text's direction", `cli ${RLO}moc.evil`, "cli moc.evil"],
    ["isolates", "\u2066cli\u2069", "cli"],
    ["control characters", "\u001b[31mcli\u001b[0m\u0000\u009b", "[31mcli[0m"],
    ["lines", "cli\r\nYour bank\u2028asks", "cli Your bank asks"],
    ["what is not seen", "c\u200bl\u00adi\u3164\u2800\ufeff", "cli"],
    ["tags and private characters", "cli\u{e0041}\ue000", "cli"],
    ["nothing", "Zoë’s 电脑 (2)", "Zoë’s 电脑 (2)"],
  ])("is shown without %s, and redeemed by the name that it gave", async (_, clientId, shown) => {
    const server = createTestServer();
    const device = startProgram(server);
    const { page, token } = await openSignedInPage(server);
    const codes = (await device.send("POST", "/device/code", { form: { client_id: clientId } })).body as Codes;
    const json = { user_code: codes.user_code, password: PASSWORD };
    const bearer = token.access_token;
    expect((await page.send("POST", "/device/lookup", { bearer, json })).body).toMatchObject({ client_name: shown });
    expect((await page.send("POST", "/device/approve", { bearer, json })).status).toBe(204);
    const form = { grant_type: GRANT_TYPE, device_code: codes.device_code, client_id: clientId };
    expect((await device.send("POST", "/device/token", { form })).status).toBe(200);
    const sessions = (await page.send("GET", "/sessions", { bearer })).body as { client_name: string | null }[];
    expect(sessions.map(({ client_name: name }) => name)).toContain(shown);
  });

  it("is refused when nothing of it can be seen", async () => {
    const device = startProgram(createTestServer());
    for (const clientId of ["", " ", "\u202e\u200b", "\u0007"]) {
      expect((await device.send("POST", "/device/code", { form: { client_id: clientId } })).status).toBe(422);
    }
  });
});

describe("the device grant", () => {
  let server: TestServer;
  let device: Sender;
  let page: Sender;
  let owner: TokenFields;
  let codes: Codes;

  beforeEach(async () => {
    server = createTestServer({ publicUrl: "http://localhost:3000" });
    device = startProgram(server);
    page = openPage(server);
    owner = await openSignedInPage(server).then((signedIn) => ((page = signedIn.page), signedIn.token));
    codes = (await device.send("POST", "/device/code", { form: { client_id: "terminal" } })).body as Codes;
  });

  const poll = (form: Record<string, string> = {}) =>
    device.send("POST", "/device/token", {
      form: { grant_type: GRANT_TYPE, device_code: codes.device_code, client_id: "terminal", ...form },
    });
  const answerCode = (verb: string, json: object = {}, bearer = owner.access_token) =>
    page.send("POST", `/device/${verb}`, { bearer, json: { user_code: codes.user_code, ...json } });
  const approve = () => answerCode("approve", { password: PASSWORD });
  const errorOf = ({ status, body }: Answer) => [status, (body as { error?: string }).error];

  it("leads from a code on a screen to a session in the body transport", async () => {
    expect(codes).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      verification_uri: "http://localhost:3000/device",
      verification_uri_complete: `http://localhost:3000/device?user_code=${codes.user_code}`,
      expires_in: 600,
      interval: 5,
    });
    expect(errorOf(await poll())).toEqual([400, "authorization_pending"]);
    const lookup = await answerCode("lookup");
    expect(lookup.body).toEqual({
      client_name: "terminal",
      created_at: "2026-11-25T12:00:00.000Z",
      address: "unknown",
      user_agent: null,
    });
    expect((await approve()).status).toBe(204);
    server.advance(5);
    const answer = await poll();
    const token = tokenOf(answer);
    expect(answer.setCookies).toEqual([]);
    expect(token).toMatchObject({ subject: owner.subject, refresh_token: expect.stringMatching(/^ssr1\./) });
    const list = (await page.send("GET", "/sessions", { bearer: owner.access_token })).body as {
      client_name: string | null;
    }[];
    expect(list.map((session) => session.client_name)).toEqual(["terminal", null]);
    const json = { refresh_token: token.refresh_token };
    expect((await device.send("POST", "/jwt/refresh", { json })).status).toBe(200);
  });

  it("gives the same session again while its answer may have been lost, then nothing", async () => {
    await approve();
    const [first, again] = [tokenOf(await poll()), tokenOf(await poll())];
    expect(again.session).toEqual(first.session);
    expect(again.refresh_token).toBe(first.refresh_token);
    server.advance(30);
    expect(errorOf(await poll())).toEqual([400, "invalid_grant"]);
  });

  it("gives one session to many redemptions at once", async () => {
    await approve();
    const tokens = (await Promise.all(Array.from({ length: 8 }, () => poll()))).map(tokenOf);
    expect(new Set(tokens.map(({ refresh_token: token }) => token)).size).toBe(1);
  });

  it("asks a device that is too fast to slow down, by five seconds each time", async () => {
    await poll();
    server.advance(4);
    expect(errorOf(await poll())).toEqual([400, "slow_down"]);
    server.advance(9);
    expect(errorOf(await poll())).toEqual([400, "slow_down"]);
    server.advance(15);
    expect(errorOf(await poll())).toEqual([400, "authorization_pending"]);
  });

  it("ends with a refusal, or after ten minutes", async () => {
    expect((await answerCode("deny")).status).toBe(204);
    expect(errorOf(await poll())).toEqual([400, "access_denied"]);
    codes = (await device.send("POST", "/device/code", { form: { client_id: "terminal" } })).body as Codes;
    server.advance(600);
    expect(errorOf(await poll())).toEqual([400, "expired_token"]);
    const expired = await answerCode("approve", { password: PASSWORD });
    expect([expired.status, detailOf(expired)]).toEqual([410, "DEVICE_CODE_EXPIRED"]);
  });

  it("refuses a wrong code, another client and another grant", async () => {
    expect(errorOf(await poll({ device_code: "x" }))).toEqual([400, "invalid_grant"]);
    expect(errorOf(await poll({ client_id: "other" }))).toEqual([400, "invalid_grant"]);
    expect(errorOf(await poll({ grant_type: "password" }))).toEqual([400, "unsupported_grant_type"]);
    expect((await device.send("POST", "/device/token", { form: {} })).status).toBe(422);
  });

  // X01: with the token of a sign-in a moment ago an injected script approved its own code, and kept a session for 84 days.
  it("needs the account's password, however fresh the sign-in and whatever cookie comes along", async () => {
    for (const json of [{}, { password: null }, { password: "" }, { password: "wrong" }]) {
      const refused = await answerCode("approve", json);
      expect([refused.status, detailOf(refused)], JSON.stringify(json)).toEqual([403, "REAUTHENTICATION_REQUIRED"]);
    }
    expect(errorOf(await poll())).toEqual([400, "authorization_pending"]);
    server.advance(86_400);
    const { access_token: bearer } = tokenOf(await refresh(page));
    codes = (await device.send("POST", "/device/code", { form: { client_id: "terminal" } })).body as Codes;
    expect((await answerCode("approve", { password: PASSWORD }, bearer)).status).toBe(204);
  });

  it("cannot be approved by a guest, by nobody, or from a session that came by a device code without the password", async () => {
    const guest = tokenOf(await openPage(server).send("POST", "/guest"));
    expect(detailOf(await answerCode("approve", {}, guest.access_token))).toBe("REAUTHENTICATION_REQUIRED");
    expect((await answerCode("approve", {}, "wrong")).status).toBe(401);
    await approve();
    const byDevice = tokenOf(await poll());
    codes = (await device.send("POST", "/device/code", { form: { client_id: "second" } })).body as Codes;
    expect(detailOf(await answerCode("approve", {}, byDevice.access_token))).toBe("REAUTHENTICATION_REQUIRED");
  });

  it("counts only while the session that approved it lives", async () => {
    await approve();
    await page.send("POST", "/jwt/logout", { json: { session_id: owner.session.id }, bearer: owner.access_token });
    expect(errorOf(await poll())).toEqual([400, "invalid_grant"]);
  });

  it("takes an answer once", async () => {
    await answerCode("deny");
    expect(detailOf(await approve())).toBe("DEVICE_CODE_UNKNOWN");
    expect(errorOf(await poll())).toEqual([400, "access_denied"]);
  });

  it("lets nobody guess codes: five unknown ones in ten minutes", async () => {
    const limited = createTestServer({ rateLimits: {} });
    const signedIn = await openSignedInPage(limited);
    const guess = () =>
      signedIn.page.send("POST", "/device/lookup", {
        bearer: signedIn.token.access_token,
        json: { user_code: "BCDFGHJK" },
      });
    const statuses = [];
    for (let round = 0; round < 6; round += 1) statuses.push((await guess()).status);
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429]);
  });

  it("keeps the device code as a hash, and no code in any audit event", async () => {
    await approve();
    await poll();
    expect(JSON.stringify(server.events)).not.toContain(codes.device_code);
    expect(JSON.stringify(server.events)).not.toContain(codes.user_code);
  });

  it("is absent when it is turned off", async () => {
    const without = createTestServer({ device: false });
    const answer = await startProgram(without).send("POST", "/device/code", { form: { client_id: "terminal" } });
    expect(answer.status).toBe(404);
  });
});
