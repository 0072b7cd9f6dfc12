import { beforeEach, describe, expect, it } from "vitest";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import type { AuthStore, SessionRecord } from "../../src/server/authStore.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { type Answer, detailOf, openPage, type Sender, startProgram, type TokenFields } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, type TestServer } from "./support/testServer.ts";

/** Accounts as those of an app that signs people in by passkey or by another provider: none has a password. */
function withoutPasswords(store: AuthStore): AuthStore {
  const hide = (record: SessionRecord) => ({
    ...record,
    subject: record.subject && { ...record.subject, passwordHash: null },
  });
  return { ...store, readSessions: async (ids) => (await store.readSessions(ids)).map(hide) };
}

// X01
describe("an account without a password", () => {
  let now: number;
  let server: TestServer;
  let page: Sender;
  let token: TokenFields;

  async function begin(options: Partial<AuthServerOptions> = {}): Promise<void> {
    now = Date.parse("2026-11-28T12:00:00Z");
    server = createTestServer({ store: withoutPasswords(memoryStore({ now: () => now })), ...options });
    ({ page, token } = await openSignedInPage(server));
  }

  beforeEach(() => begin());

  async function approve(sender: Sender, bearer = token.access_token): Promise<Answer> {
    const { body } = await startProgram(server).send("POST", "/device/code", { form: { client_id: "terminal" } });
    const { user_code } = body as { user_code: string };
    return sender.send("POST", "/device/approve", { bearer, json: { user_code } });
  }

  const refusal = async (sender: Sender, bearer?: string) => {
    const answer = await approve(sender, bearer);
    return [answer.status, detailOf(answer)];
  };
  const REFUSED = [403, "REAUTHENTICATION_REQUIRED"];

  it("approves a device, and sets its first password, while the sign-in is fresh and its cookie comes along", async () => {
    expect((await approve(page)).status).toBe(204);
    const { access_token: bearer } = token;
    const answer = await page.send("PATCH", "/users/me", { bearer, json: { password: "a first password" } });
    expect(answer.status).toBe(200);
  });

  it("does neither with the access token alone", async () => {
    expect(await refusal(openPage(server))).toEqual(REFUSED);
    const thief = openPage(server);
    const json = { password: "a first password" };
    const answer = await thief.send("PATCH", "/users/me", { bearer: token.access_token, json });
    expect([answer.status, detailOf(answer)]).toEqual(REFUSED);
    expect((await refresh(page)).status).toBe(200);
  });

  it("does neither with the cookie of another session of the account, nor with a dead one of its own", async () => {
    const stolen = openPage(server, { jar: new Map(page.jar) });
    const other = await openSignedInPage(server, "grace@example.org");
    expect(await refusal(other.page)).toEqual(REFUSED);
    for (let round = 0; round < 2; round += 1) {
      now += 31_000;
      await refresh(page);
    }
    expect((await approve(page)).status).toBe(204);
    expect(await refusal(stolen)).toEqual(REFUSED);
  });

  it("does neither from a strange page, to which a browser would give the cookie", async () => {
    const strange = openPage(server, { origin: "http://evil.localhost", jar: page.jar });
    const headers = { "sec-fetch-site": "same-site" };
    const { body } = await startProgram(server).send("POST", "/device/code", { form: { client_id: "terminal" } });
    const json = { user_code: (body as { user_code: string }).user_code };
    const answer = await strange.send("POST", "/device/approve", { bearer: token.access_token, json, headers });
    expect([answer.status, detailOf(answer)]).toEqual(REFUSED);
  });

  it("does neither once the sign-in is five minutes old, which no refresh renews", async () => {
    now += 299_000;
    const { access_token: bearer } = (await refresh(page)).body as TokenFields;
    expect((await approve(page, bearer)).status).toBe(204);
    now += 1_000;
    expect(await refusal(page, bearer)).toEqual(REFUSED);
  });

  it("never does where `freshSignInSeconds` is 0", async () => {
    await begin({ freshSignInSeconds: 0 });
    expect(await refusal(page)).toEqual(REFUSED);
    expect(() => createTestServer({ freshSignInSeconds: -1 })).toThrow("freshSignInSeconds");
  });

  it("never does as a guest", async () => {
    const visitor = openPage(server);
    const guest = (await visitor.send("POST", "/guest")).body as TokenFields;
    expect(await refusal(visitor, guest.access_token)).toEqual(REFUSED);
  });
});
