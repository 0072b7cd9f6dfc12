import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import type { SecondFactorOptions, SecondFactorStep } from "../../src/server/secondFactor.ts";
import { type Answer, detailOf, openPage, type Sender, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, PASSWORD, refresh, register, type TestServer } from "./support/testServer.ts";

const CODE = "123456";
const login = { form: { username: "ada@example.org", password: PASSWORD } };

interface Challenge {
  readonly token: string;
  readonly expires_in: number;
  readonly methods: readonly string[];
}

function challengeOf({ status, body }: Answer): Challenge {
  if (status !== 202) throw new Error(`No challenge, but ${status}.`);
  return (body as { challenge: Challenge }).challenge;
}

const oneCode: SecondFactorOptions = {
  challenge: () => ({ methods: ["totp"] }),
  verify: (_, response) => response === CODE && { amr: ["otp"] },
};

const create = (secondFactor: Partial<SecondFactorOptions> = {}, options: Partial<AuthServerOptions> = {}) =>
  createTestServer({ secondFactor: { ...oneCode, ...secondFactor }, ...options });

async function openRegisteredPage(server: TestServer, address?: string): Promise<Sender> {
  const page = openPage(server, { address });
  await register(page);
  return page;
}

const answer = (sender: Sender, token: string, response: unknown = CODE) =>
  sender.send("POST", "/jwt/challenge", { json: { token, response } });

describe("a sign-in with a second factor", () => {
  // A03
  it("is answered by a challenge, and nothing else, until the factor is proved", async () => {
    const server = create();
    const page = await openRegisteredPage(server);
    const asked = await page.send("POST", "/jwt/login", login);
    expect(asked.body).toEqual({ challenge: { token: expect.any(String), expires_in: 300, methods: ["totp"] } });
    expect([asked.status, asked.setCookies]).toEqual([202, []]);
    expect(await refresh(page)).toMatchObject({ status: 401, body: { detail: "REFRESH_TOKEN_MISSING" } });
    const { token } = challengeOf(asked);
    await expect(server.verifyAccessToken(token)).rejects.toThrow(expect.objectContaining({ code: "TOKEN_INVALID" }));

    const answered = await answer(page, token);
    expect(answered.setCookies[0]?.attributes).toContain("Max-Age=604800");
    expect(decodeJwt(tokenOf(answered).access_token)).toMatchObject({ amr: ["pwd", "otp", "mfa"] });
    server.advance(60);
    expect(decodeJwt(tokenOf(await refresh(page)).access_token)).toMatchObject({ amr: ["pwd", "otp", "mfa"] });
    expect(server.events.map(({ type }) => type).slice(0, 4)).toEqual([
      "registered",
      "challenged",
      "signedIn",
      "refreshed",
    ]);
  });

  it("is not asked of who has none", async () => {
    const server = create({ challenge: ({ email }) => (email === "ada@example.org" ? null : { methods: ["totp"] }) });
    const page = await openRegisteredPage(server);
    expect(decodeJwt(tokenOf(await page.send("POST", "/jwt/login", login)).access_token)).toMatchObject({
      amr: ["pwd"],
    });
  });

  it("tells nobody about it but who has the password", async () => {
    let asked = 0;
    const server = create({ challenge: () => ((asked += 1), { methods: ["totp"] }) });
    const page = await openRegisteredPage(server);
    const wrong = await page.send("POST", "/jwt/login", { form: { ...login.form, password: "wrong horse" } });
    const unknown = await page.send("POST", "/jwt/login", {
      form: { username: "x@example.org", password: "wrong horse" },
    });
    expect(wrong.body).toEqual(unknown.body);
    expect([wrong.status, unknown.status, asked]).toEqual([400, 400, 0]);
  });

  it("hands on what the page needs, under the server's own token and time", async () => {
    const server = create({ challenge: () => ({ methods: ["passkey"], publicKey: { challenge: "abc" }, token: "x" }) });
    const page = await openRegisteredPage(server);
    const challenge = challengeOf(await page.send("POST", "/jwt/login", login));
    expect(challenge).toMatchObject({ methods: ["passkey"], publicKey: { challenge: "abc" }, expires_in: 300 });
    expect((await answer(page, challenge.token)).status).toBe(200);
  });

  it("gives both functions the same id, any JSON as the answer, and the request without the password", async () => {
    const steps: SecondFactorStep[] = [];
    const seen: unknown[] = [];
    const server = create({
      async challenge(_, request, step) {
        steps.push(step);
        seen.push(await request.text(), request.headers.get("x-page"));
        return { methods: ["totp"] };
      },
      async verify(subject, response, request, step) {
        steps.push(step);
        seen.push(subject.email, response, await request.text());
        return true;
      },
    });
    const page = await openRegisteredPage(server);
    const asked = await page.send("POST", "/jwt/login", { ...login, headers: { "x-page": "sign-in" } });
    await answer(page, challengeOf(asked).token, { code: ["1", 2, null] });
    expect(seen).toEqual(["", "sign-in", "ada@example.org", { code: ["1", 2, null] }, ""]);
    expect(steps[0]).toEqual({ id: expect.stringMatching(/^.{22}$/), amr: ["pwd"] });
    expect(steps[1]).toMatchObject(steps[0] ?? {});
  });

  it("asks for one more where the app says so, and then says what was proved in all", async () => {
    const server = create({
      verify: (_, response, __, { amr }) =>
        amr.includes("otp")
          ? response === "finger" && { amr: ["fpt"] }
          : { amr: ["otp"], further: { methods: ["fpt"] } },
    });
    const page = await openRegisteredPage(server);
    const first = challengeOf(await page.send("POST", "/jwt/login", login));
    const second = challengeOf(await answer(page, first.token));
    expect(second.methods).toEqual(["fpt"]);
    const signedIn = tokenOf(await answer(page, second.token, "finger"));
    expect(decodeJwt(signedIn.access_token)).toMatchObject({ amr: ["pwd", "otp", "mfa", "fpt"] });
  });

  it("keeps what the person chose: a session that ends with the browser, or a program's transport", async () => {
    const server = create();
    const page = await openRegisteredPage(server);
    const asked = await page.send("POST", "/jwt/login", { form: { ...login.form, persistent: "false" } });
    const { setCookies } = await answer(page, challengeOf(asked).token);
    expect(setCookies).toHaveLength(1);
    expect(setCookies[0]?.attributes.join()).not.toContain("Max-Age");
    const program = startProgram(server);
    const programs = challengeOf(await program.send("POST", "/jwt/login", login));
    expect(await answer(program, programs.token)).toMatchObject({
      status: 200,
      body: { refresh_token: expect.any(String) },
    });
  });

  it("ends what the browser brought along, as any sign-in does", async () => {
    const server = create();
    const page = await openRegisteredPage(server);
    const guest = tokenOf(await page.send("POST", "/guest"));
    const { token } = challengeOf(await page.send("POST", "/jwt/login", login));
    const signedIn = tokenOf(await answer(page, token));
    expect(signedIn.session.number).toBeGreaterThan(guest.session.number);
    await refresh(page);
    expect((await page.send("GET", "/users/me", { bearer: guest.access_token })).status).toBe(401);
  });
});

describe("an answer to a challenge", () => {
  it("that is wrong may be given again", async () => {
    const server = create();
    const page = await openRegisteredPage(server);
    const { token } = challengeOf(await page.send("POST", "/jwt/login", login));
    expect(detailOf(await answer(page, token, "000000"))).toBe("CHALLENGE_REJECTED");
    expect((await answer(page, token)).status).toBe(200);
    expect(server.events.map(({ type }) => type)).toContain("challengeRejected");
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a text", "yes"],
    ["a number", 1],
  ])("lets nobody in by a function that returns %s", async (_, verdict) => {
    const server = create({ verify: () => verdict as boolean });
    const page = await openRegisteredPage(server);
    const { token } = challengeOf(await page.send("POST", "/jwt/login", login));
    expect(detailOf(await answer(page, token))).toBe("CHALLENGE_REJECTED");
  });

  it("comes too late after five minutes, or what was chosen", async () => {
    for (const [lifetimeSeconds, seconds] of [
      [undefined, 300],
      [60, 60],
    ] as const) {
      const server = create({ lifetimeSeconds });
      const page = await openRegisteredPage(server);
      const challenge = challengeOf(await page.send("POST", "/jwt/login", login));
      expect(challenge.expires_in).toBe(seconds);
      server.advance(seconds - 1);
      expect(detailOf(await answer(page, challenge.token, "000000"))).toBe("CHALLENGE_REJECTED");
      server.advance(1);
      expect(detailOf(await answer(page, challenge.token))).toBe("CHALLENGE_EXPIRED");
    }
  });

  it.each<[string, (server: TestServer, id: string) => Promise<unknown>]>([
    ["the password was changed", (server, id) => server.subjects.resetPassword(id, "battery staple")],
    ["the account was deactivated", (server, id) => server.subjects.change(id, { isActive: false })],
    ["the account was deleted", (server, id) => server.subjects.delete(id)],
    ["somebody signed out everywhere", (server, id) => server.subjects.endSessions(id)],
  ])("is worth nothing once %s", async (_, change) => {
    const server = create();
    const page = await openRegisteredPage(server);
    const { token } = challengeOf(await page.send("POST", "/jwt/login", login));
    await change(server, (await server.subjects.findByEmail("ada@example.org"))?.id ?? "");
    expect(detailOf(await answer(page, token))).toBe("CHALLENGE_EXPIRED");
  });

  it("is worth nothing with another transport, from another site, or with a token that is no challenge", async () => {
    const server = create();
    const page = await openRegisteredPage(server);
    const { token } = challengeOf(await page.send("POST", "/jwt/login", login));
    expect(detailOf(await answer(startProgram(server), token))).toBe("CHALLENGE_EXPIRED");
    const stranger = openPage(server, { origin: "https://evil.example" });
    const cross = { headers: { "sec-fetch-site": "cross-site" }, json: { token, response: CODE } };
    expect(detailOf(await stranger.send("POST", "/jwt/challenge", cross))).toBe("ORIGIN_NOT_ALLOWED");
    const signedIn = tokenOf(await answer(page, token));
    for (const wrong of [signedIn.access_token, `${token}x`, token.slice(0, -4), "x", ""]) {
      expect(detailOf(await answer(page, wrong))).toBe("CHALLENGE_EXPIRED");
    }
  });

  it("counts on each server with the same keys and at no other", async () => {
    const store = memoryStore();
    const here = create({}, { store });
    const page = await openRegisteredPage(here);
    const { token } = challengeOf(await page.send("POST", "/jwt/login", login));
    const other = create({}, { store, issuer: "https://other.example" });
    expect(detailOf(await answer(openPage(other), token))).toBe("CHALLENGE_EXPIRED");
    const stranger = create({}, { store, accessTokenSecret: "another secret of at least thirty-two bytes" });
    expect(detailOf(await answer(openPage(stranger), token))).toBe("CHALLENGE_EXPIRED");
    const ring = ["another secret of at least thirty-two bytes", "a secret of at least thirty-two bytes"];
    expect((await answer(openPage(create({}, { store, accessTokenSecret: ring })), token)).status).toBe(200);
  });
});

describe("whoever guesses at the second factor", () => {
  it("has five attempts for an account from wherever, with any number of challenges, and shuts out no device of its owner", async () => {
    const server = create({}, { rateLimits: {} });
    const owner = await openRegisteredPage(server, "192.0.2.1");
    const guess = async (index: number) => {
      const thief = openPage(server, { address: `203.0.113.${index}` });
      return (await answer(thief, challengeOf(await thief.send("POST", "/jwt/login", login)).token, "000000")).status;
    };
    const statuses: number[] = [];
    for (let index = 0; index < 7; index += 1) statuses.push(await guess(index));
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429]);
    expect(server.events).toContainEqual(expect.objectContaining({ type: "rateLimited", limit: "challenge" }));
    expect((await answer(owner, challengeOf(await owner.send("POST", "/jwt/login", login)).token)).status).toBe(200);
  });

  it("is told to the owner as a new device once they got in", async () => {
    const server = create();
    await openRegisteredPage(server, "192.0.2.1");
    const elsewhere = openPage(server, { address: "203.0.113.1" });
    const { token } = challengeOf(await elsewhere.send("POST", "/jwt/login", login));
    await answer(elsewhere, token);
    expect(server.events.map(({ type }) => type).slice(-2)).toEqual(["signedIn", "newDevice"]);
  });
});

describe("a second factor that is set up wrong", () => {
  it.each<[string, Partial<SecondFactorOptions>]>([
    ["challenge", { challenge: () => Promise.reject(new Error("the secrets' database is away")) }],
    [
      "verify",
      {
        verify: () => {
          throw new Error("the secrets' database is away");
        },
      },
    ],
  ])("answers 503 where `%s` fails, tells why, and lets nobody in", async (name, functions) => {
    const server = create(functions);
    const page = await openRegisteredPage(server);
    const asked = await page.send("POST", "/jwt/login", login);
    const failed = asked.status === 202 ? await answer(page, challengeOf(asked).token) : asked;
    expect([failed.status, failed.setCookies]).toEqual([503, []]);
    expect(String(server.errors[0])).toContain(`\`secondFactor.${name}\` failed.`);
  });

  it("has no endpoint where none is asked for", async () => {
    const page = openPage(createTestServer());
    expect((await answer(page, "x")).status).toBe(404);
  });

  it.each<[object, RegExp]>([
    [{ challenge: () => null }, /`secondFactor` needs both `challenge` and `verify`/],
    [{ ...oneCode, verfy: 1 }, /Did you mean `secondFactor\.verify`/],
    [{ ...oneCode, lifetimeSeconds: 0 }, /`secondFactor\.lifetimeSeconds` is a number of seconds/],
  ])("is refused at the start: %j", (secondFactor, message) => {
    expect(() => createTestServer({ secondFactor: secondFactor as SecondFactorOptions })).toThrow(message);
  });
});
