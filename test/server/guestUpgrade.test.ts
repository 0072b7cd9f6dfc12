import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import type { AuthServerOptions, MergeGuest } from "../../src/server/authServerOptions.ts";
import { detailOf, openPage, type Sender, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, PASSWORD, refresh, register, signIn, type TestServer } from "./support/testServer.ts";

const account = { email: "ada@example.org", password: PASSWORD };

async function openGuestPage(server: TestServer, origin?: string) {
  const page = openPage(server, origin === undefined ? {} : { origin });
  return { page, guest: tokenOf(await page.send("POST", "/guest")) };
}

describe("a guest who registers, where the server has `upgradeGuest`", () => {
  // A05, https://github.com/better-auth/better-auth/issues/10563
  it("stays who they are: the same id, and a session that goes on as a user's", async () => {
    const server = createTestServer({ upgradeGuest: true });
    const { page, guest } = await openGuestPage(server);
    const answer = await page.send("POST", "/register", { json: account });
    expect(answer).toMatchObject({ status: 201, body: { id: guest.subject, email: account.email, is_guest: false } });
    const renewed = tokenOf(await refresh(page));
    expect(renewed).toMatchObject({ subject: guest.subject, session: guest.session });
    expect(decodeJwt(renewed.access_token)).not.toHaveProperty("is_guest");
    expect(decodeJwt(renewed.access_token)).not.toHaveProperty("auth_time");
    expect(server.events.map(({ type }) => type)).toEqual(["guestStarted", "registered", "guestUpgraded", "refreshed"]);

    const signedIn = await signIn(page);
    expect(signedIn.subject).toBe(guest.subject);
    expect(signedIn.session.number).toBeGreaterThan(guest.session.number);
    expect(decodeJwt(signedIn.access_token)).toMatchObject({ amr: ["pwd"] });
  });

  it("becomes somebody new where the server has not, as ever", async () => {
    const server = createTestServer();
    const { page, guest } = await openGuestPage(server);
    const { body } = await page.send("POST", "/register", { json: account });
    expect((body as { id: string }).id).not.toBe(guest.subject);
  });

  it("stays a guest when the address is taken, or the password refused", async () => {
    const server = createTestServer({ upgradeGuest: true });
    await register(openPage(server));
    const { page, guest } = await openGuestPage(server);
    expect(detailOf(await page.send("POST", "/register", { json: account }))).toBe("REGISTER_USER_ALREADY_EXISTS");
    const short = { email: "bob@example.org", password: "short" };
    expect((await page.send("POST", "/register", { json: short })).status).toBe(400);
    expect(await server.subjects.find(guest.subject)).toMatchObject({ isGuest: true, email: null });
  });

  it.each<[string, (server: TestServer, page: Sender) => Promise<Sender>]>([
    [
      "another site's page",
      async (_, page) => ({
        ...page,
        send: (method, path, options) =>
          page.send(method, path, { ...options, headers: { "sec-fetch-site": "cross-site" } }),
      }),
    ],
    ["a program", async (server) => startProgram(server)],
    [
      "somebody with a copy of a cookie that was rotated since",
      async (server, page) => {
        const copy = openPage(server, { jar: new Map(page.jar) });
        for (let round = 0; round < 2; round += 1) {
          server.advance(60);
          await refresh(page);
        }
        return copy;
      },
    ],
    [
      "a guest who has signed out",
      async (server, page) => {
        const copy = openPage(server, { jar: new Map(page.jar) });
        await page.send("POST", "/jwt/logout");
        return copy;
      },
    ],
  ])("is not %s", async (_, impersonate) => {
    const server = createTestServer({ upgradeGuest: true });
    const { page, guest } = await openGuestPage(server);
    const sender = await impersonate(server, page);
    const { status, body } = await sender.send("POST", "/register", { json: account });
    expect(status).toBe(201);
    expect((body as { id: string }).id).not.toBe(guest.subject);
    expect(await server.subjects.find(guest.subject)).toMatchObject({ isGuest: true });
  });

  it("is nobody who has only the guest's access token", async () => {
    const server = createTestServer({ upgradeGuest: true });
    const { guest } = await openGuestPage(server);
    const { body } = await openPage(server).send("POST", "/register", { json: account, bearer: guest.access_token });
    expect((body as { id: string }).id).not.toBe(guest.subject);
  });

  it("is not whoever has signed in since in the same browser", async () => {
    const server = createTestServer({ upgradeGuest: true });
    const { page, guest } = await openGuestPage(server);
    await register(openPage(server), "bob@example.org");
    await signIn(page, "bob@example.org");
    const { body } = await page.send("POST", "/register", { json: account });
    expect((body as { id: string }).id).not.toBe(guest.subject);
  });

  it("makes one account when the form is sent twice at once", async () => {
    const server = createTestServer({ upgradeGuest: true });
    const { page, guest } = await openGuestPage(server);
    const answers = await Promise.all([1, 2].map(() => page.send("POST", "/register", { json: account })));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["201", "400"]);
    expect((await server.subjects.findByEmail(account.email))?.id).toBe(guest.subject);
  });

  it("can come by a way of the app's own", async () => {
    const server = createTestServer();
    const { page, guest } = await openGuestPage(server);
    const upgraded = await server.subjects.upgradeGuest(guest.subject, { email: account.email, isVerified: true });
    expect(upgraded).toMatchObject({ id: guest.subject, isGuest: false, isVerified: true });
    expect(tokenOf(await refresh(page)).subject).toBe(guest.subject);
    expect(await server.subjects.upgradeGuest(guest.subject, {})).toBeNull();
    await expect(server.subjects.upgradeGuest(guest.subject, { email: "x" })).rejects.toThrow("no e-mail address");
  });

  it("goes on under no unconfirmed address where addresses must be confirmed", () => {
    expect(() => createTestServer({ upgradeGuest: true, requireVerifiedEmail: true })).toThrow(/choose one/);
  });
});

describe("a guest who signs in to an account, where the app has `mergeGuest`", () => {
  function create(mergeGuest: MergeGuest, options: Partial<AuthServerOptions> = {}) {
    return createTestServer({ mergeGuest, ...options });
  }

  it("brings along what they have, while their session still lives, before the answer is there", async () => {
    const merged: unknown[] = [];
    const server = create(async ({ guest, account: { email } }, request) => {
      const { access_token: bearer } = first;
      const lives = (await page.send("GET", "/users/me", { bearer })).status === 200;
      merged.push([guest.id, guest.isGuest, email, lives, await request.text()]);
    });
    await register(openPage(server));
    const { page, guest: first } = await openGuestPage(server);
    await signIn(page);
    expect(merged).toEqual([[first.subject, true, account.email, true, ""]]);
    await refresh(page);
    await signIn(page);
    expect(merged).toHaveLength(1);
  });

  it("is not told of who was no guest, of a guest who starts again, nor of one who became the account", async () => {
    const merged: unknown[] = [];
    const server = create(({ guest }) => void merged.push(guest.id), { upgradeGuest: true });
    const { page } = await openGuestPage(server);
    await page.send("POST", "/guest");
    await refresh(page);
    await register(page);
    await signIn(page);
    await refresh(page);
    await register(openPage(server), "bob@example.org");
    await signIn(page, "bob@example.org");
    expect(merged).toEqual([]);
  });

  it("is told once the second factor is proved, not before", async () => {
    const merged: unknown[] = [];
    const secondFactor = { challenge: () => ({ methods: ["totp"] }), verify: () => true };
    const server = create(({ guest }) => void merged.push(guest.id), { secondFactor });
    await register(openPage(server));
    const { page, guest } = await openGuestPage(server);
    const asked = await page.send("POST", "/jwt/login", { form: { username: account.email, password: PASSWORD } });
    expect(merged).toEqual([]);
    const { token } = (asked.body as { challenge: { token: string } }).challenge;
    await page.send("POST", "/jwt/challenge", { json: { token, response: "" } });
    expect(merged).toEqual([guest.subject]);
  });

  it("signs in all the same where that fails, and the reason is told", async () => {
    const server = create(() => {
      throw new Error("the notes' database is away");
    });
    await register(openPage(server));
    const { page, guest } = await openGuestPage(server);
    expect((await signIn(page)).subject).not.toBe(guest.subject);
    expect((await refresh(page)).status).toBe(200);
    expect(server.errors.map((error) => [String(error), String((error as Error).cause)])).toEqual([
      ["Error: `mergeGuest` failed.", "Error: the notes' database is away"],
    ]);
  });
});
