import { describe, expect, it } from "vitest";
import { argon2PasswordHasher } from "../../src/server/argon2PasswordHasher.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import type { PasswordHasher } from "../../src/server/passwordHasher.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { detailOf, openPage, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, register, signIn } from "./support/testServer.ts";

const login = (username: string, password: string) => ({ form: { username, password } });

describe.each<[string, (strength: number) => PasswordHasher]>([
  ["argon2id", (strength) => argon2PasswordHasher({ memoryKib: 64 * strength, passes: 1 })],
  ["PBKDF2", (strength) => pbkdf2PasswordHasher({ iterations: 10 * strength })],
])("the %s hasher", (_, create) => {
  it("tells the right password from any other, with a new salt each time", async () => {
    const hasher = create(1);
    const [one, two] = [await hasher.hash("pässwörd"), await hasher.hash("pässwörd")];
    expect(one).not.toBe(two);
    expect(await hasher.verify(one, "pässwörd")).toBe(true);
    expect(await hasher.verify(one, "password")).toBe(false);
    for (const broken of ["", "plain", "$argon2id$", "$pbkdf2-sha256$i=0$AA$AA"])
      expect(await hasher.verify(broken, "x")).toBe(false);
  });

  it("wants hashes of weaker parameters made anew", async () => {
    const [weak, strong] = [create(1), create(2)];
    const hash = await weak.hash("x");
    expect([weak.needsRehash(hash), strong.needsRehash(hash)]).toEqual([false, true]);
    expect(weak.needsRehash(await strong.hash("x"))).toBe(false);
  });
});

describe("passwords at rest", () => {
  it("are argon2id with the OWASP parameters by default", async () => {
    expect(await argon2PasswordHasher().hash(PASSWORD)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it("are hashed anew at the next sign-in when the parameters have grown, which ends no session", async () => {
    const shared = memoryStore();
    const before = createTestServer({ store: shared, passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }) });
    const { page, token } = await openSignedInPage(before);
    const after = createTestServer({ store: shared, passwordHasher: pbkdf2PasswordHasher({ iterations: 2 }) });
    await signIn(openPage(after));
    expect((await shared.findSubject(token.subject))?.passwordHash).toMatch(/i=2\$/);
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(200);
  });

  it.each([
    ["1234567", false],
    ["12345678 ", true],
    ["ü".repeat(4), false],
    ["x".repeat(1024), true],
    ["x".repeat(1025), false],
  ])("have 8 characters at least, and 1,024 bytes at most: %s", async (password, isGood) => {
    const page = openPage(createTestServer());
    const answer = await page.send("POST", "/register", { json: { email: "ada@example.org", password } });
    expect(answer.status).toBe(isGood ? 201 : 400);
    if (!isGood)
      expect(detailOf(answer)).toMatchObject({ code: "REGISTER_INVALID_PASSWORD", reason: expect.any(String) });
  });
});

describe("a sign-in that fails", () => {
  /** Counts what the hasher is asked to do: the time of an answer is the work behind it. */
  function createCountingHasher() {
    const inner = pbkdf2PasswordHasher({ iterations: 1 });
    const work: string[] = [];
    const hasher: PasswordHasher = {
      hash: (password) => (work.push("hash"), inner.hash(password)),
      verify: (hash, password) => (work.push("verify"), inner.verify(hash, password)),
      needsRehash: (hash) => inner.needsRehash(hash),
    };
    return { hasher, work };
  }

  it("answers alike and does the same work for an unknown, an inactive and a guest subject and a wrong password", async () => {
    const { hasher, work } = createCountingHasher();
    const server = createTestServer({ passwordHasher: hasher });
    const page = openPage(server);
    await register(page);
    await register(page, "gone@example.org");
    const gone = await server.subjects.findByEmail("gone@example.org");
    await server.subjects.change(gone?.id ?? "", { isActive: false });
    await page.send("POST", "/jwt/login", login("first@example.org", "to make the substitute"));
    for (const [username, password] of [
      ["nobody@example.org", PASSWORD],
      ["gone@example.org", PASSWORD],
      ["ada@example.org", "wrong"],
    ] as const) {
      work.length = 0;
      const answer = await page.send("POST", "/jwt/login", login(username, password));
      expect([answer.status, answer.body]).toEqual([400, { detail: "LOGIN_BAD_CREDENTIALS" }]);
      expect(work).toEqual(["verify"]);
    }
  });

  it("is told from one that must verify the address first", async () => {
    const server = createTestServer({ requireVerifiedEmail: true });
    const page = openPage(server);
    await register(page);
    expect(detailOf(await page.send("POST", "/jwt/login", login("ada@example.org", "wrong")))).toBe(
      "LOGIN_BAD_CREDENTIALS",
    );
    expect(detailOf(await page.send("POST", "/jwt/login", login("ada@example.org", PASSWORD)))).toBe(
      "LOGIN_USER_NOT_VERIFIED",
    );
    const ada = await server.subjects.findByEmail("ADA@example.org");
    await server.subjects.change(ada?.id ?? "", { isVerified: true });
    expect((await signIn(page)).subject).toBe(ada?.id);
  });

  it("is 503 when too many passwords wait to be checked, which costs nobody anything", async () => {
    const waiting: (() => void)[] = [];
    const inner = pbkdf2PasswordHasher({ iterations: 1 });
    let isHeld = false;
    const server = createTestServer({
      maxConcurrentHashes: 2,
      maxWaitingHashes: 0,
      passwordHasher: {
        ...inner,
        async verify(hash, password) {
          if (isHeld) await new Promise<void>((release) => waiting.push(release));
          return inner.verify(hash, password);
        },
      },
    });
    const page = openPage(server);
    await register(page);
    isHeld = true;
    const send = () => openPage(server).send("POST", "/jwt/login", login("ada@example.org", PASSWORD));
    const held = [send(), send()];
    while (waiting.length < 2) await new Promise((done) => setImmediate(done));
    const refused = await send();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    isHeld = false;
    for (const release of waiting) release();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await send()).status).toBe(200);
  });

  it("does not tell a taken address by more than the protocol says, and never echoes what was typed", async () => {
    const page = openPage(createTestServer());
    await register(page);
    const taken = await page.send("POST", "/register", { json: { email: "ADA@example.org", password: PASSWORD } });
    expect([taken.status, detailOf(taken)]).toEqual([400, "REGISTER_USER_ALREADY_EXISTS"]);
    const invalid = await page.send("POST", "/register", {
      json: { email: "no address", password: { secret: PASSWORD } },
    });
    expect(invalid.status).toBe(422);
    expect(detailOf(invalid)).toEqual([
      expect.objectContaining({ loc: ["body", "email"] }),
      expect.objectContaining({ loc: ["body", "password"] }),
    ]);
    expect(JSON.stringify(invalid.body)).not.toMatch(/no address|correct horse/);
  });
});

describe("rate limits", () => {
  const limited = (rateLimits: Parameters<typeof createTestServer>[0] = {}) =>
    createTestServer({ rateLimits: {}, ...rateLimits });
  const from = (
    server: ReturnType<typeof createTestServer>,
    remoteAddress: string,
    path: string,
    init: { body?: BodyInit; headers?: Record<string, string> },
  ) =>
    server.app.fetch(
      new Request(`http://localhost/v1/auth${path}`, {
        method: "POST",
        ...init,
        headers: { "sec-fetch-site": "same-origin", ...init.headers },
      }),
      { incoming: { socket: { remoteAddress } } },
    );
  const attempt = (
    server: ReturnType<typeof createTestServer>,
    address: string,
    password = "wrong",
    username = "ada@example.org",
  ) => from(server, address, "/jwt/login", { body: new URLSearchParams({ username, password }) });

  it("stop guessing at one account from one address, with `Retry-After`, and nobody else", async () => {
    const server = limited({ rateLimits: { signIn: { points: 3, perSeconds: 300 } } });
    await register(openPage(server));
    for (let guess = 0; guess < 3; guess += 1) expect((await attempt(server, "192.0.2.1")).status).toBe(400);
    const refused = await attempt(server, "192.0.2.1", PASSWORD);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(290);
    expect(await refused.json()).toEqual({ detail: "RATE_LIMITED" });
    expect((await attempt(server, "192.0.2.2", PASSWORD)).status).toBe(200);
    expect((await attempt(server, "192.0.2.1", PASSWORD, "bob@example.org")).status).toBe(400);
    expect(server.events.filter(({ type }) => type === "rateLimited")).toMatchObject([
      { limit: "signIn", address: "192.0.2.1" },
    ]);
  });

  it("check before they hash", async () => {
    let hashes = 0;
    const inner = pbkdf2PasswordHasher({ iterations: 1 });
    const passwordHasher = {
      ...inner,
      verify: (...values: [string, string]) => ((hashes += 1), inner.verify(...values)),
    };
    const server = limited({ passwordHasher, rateLimits: { signIn: { points: 1, perSeconds: 300 } } });
    await attempt(server, "192.0.2.1");
    await attempt(server, "192.0.2.1");
    expect(hashes).toBe(1);
  });

  it("count an IPv6 network as one address", async () => {
    const server = limited({ rateLimits: { signIn: { points: 1, perSeconds: 300 } } });
    expect((await attempt(server, "2001:db8:1:2::1")).status).toBe(400);
    expect((await attempt(server, "2001:db8:1:2:ffff::9")).status).toBe(429);
    expect((await attempt(server, "2001:db8:1:3::1")).status).toBe(400);
  });

  it("make an account that is guessed at from everywhere wait, never for good", async () => {
    const server = limited({ rateLimits: { signInDelay: { points: 2, perSeconds: 86_400 } } });
    await register(openPage(server));
    for (let guess = 1; guess <= 3; guess += 1) expect((await attempt(server, `192.0.2.${guess}`)).status).toBe(400);
    const refused = await attempt(server, "192.0.2.9", PASSWORD);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  it("forget failures after a success", async () => {
    const server = limited({ rateLimits: { signIn: { points: 2, perSeconds: 300 } } });
    await register(openPage(server));
    for (let round = 0; round < 4; round += 1) {
      expect((await attempt(server, "192.0.2.1")).status).toBe(400);
      expect((await attempt(server, "192.0.2.1", PASSWORD)).status).toBe(200);
    }
  });

  it.each([
    ["register", "/register", { body: JSON.stringify({ email: "x@example.org", password: PASSWORD }) }],
    ["guest", "/guest", {}],
    ["deviceCode", "/device/code", { body: new URLSearchParams({ client_id: "cli" }) }],
  ] as const)("hold back %s from one address", async (limit, path, init) => {
    const server = limited({ rateLimits: { [limit]: { points: 1, perSeconds: 60 } } });
    expect((await from(server, "192.0.2.1", path, init)).status).toBeLessThan(300);
    expect((await from(server, "192.0.2.1", path, init)).status).toBe(429);
    expect((await from(server, "192.0.2.2", path, init)).status).not.toBe(429);
  });

  it("believe the address of `X-Forwarded-For` behind a trusted proxy only, up to the first stranger", async () => {
    const server = limited({
      trustedProxies: ["10.0.0.1", "10.0.0.2"],
      rateLimits: { guest: { points: 1, perSeconds: 60 } },
    });
    const guest = (peer: string, forwardedFor: string) =>
      from(server, peer, "/guest", { headers: { "x-forwarded-for": forwardedFor } });
    expect((await guest("10.0.0.1", "198.51.100.1, 192.0.2.1, 10.0.0.2")).status).toBe(200);
    expect((await guest("10.0.0.1", "198.51.100.2, 192.0.2.1")).status).toBe(429);
    expect((await guest("10.0.0.1", "192.0.2.2")).status).toBe(200);
    expect((await guest("203.0.113.5", "192.0.2.77")).status).toBe(200);
    expect((await guest("203.0.113.5", "192.0.2.78")).status).toBe(429);
  });

  it("let a good refresh pass as often as any client needs it", async () => {
    const server = limited();
    const { page } = await openSignedInPage(server);
    for (let round = 0; round < 100; round += 1) {
      expect((await page.send("POST", "/jwt/refresh")).status).toBe(200);
    }
  });

  it("stop a client that refreshes in a loop, and count only genuine tokens", async () => {
    const server = limited({ rateLimits: { refresh: { points: 2, perSeconds: 60 } } });
    const { page } = await openSignedInPage(server);
    const [name = "", token = ""] = [...page.jar][0] ?? [];
    const forged = openPage(server, { jar: new Map([[name, `${token.slice(0, -2)}AA`]]) });
    for (let guess = 0; guess < 5; guess += 1) expect((await forged.send("POST", "/jwt/refresh")).status).toBe(401);
    const statuses = [];
    for (let round = 0; round < 3; round += 1) statuses.push((await page.send("POST", "/jwt/refresh")).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe("guests", () => {
  // B121 https://github.com/aomi-labs/aomi/pull/551
  it("never take the place of a user who is signed in", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const jar = new Map(page.jar);
    const refused = await page.send("POST", "/guest");
    expect([refused.status, detailOf(refused)]).toEqual([409, "SESSION_EXISTS"]);
    expect(page.jar).toEqual(jar);
  });

  it("stay who they are through refreshes", async () => {
    const server = createTestServer();
    const page = openPage(server);
    const guest = tokenOf(await page.send("POST", "/guest"));
    server.advance(60);
    expect(tokenOf(await page.send("POST", "/jwt/refresh")).subject).toBe(guest.subject);
    await page.send("POST", "/jwt/logout");
    expect(tokenOf(await page.send("POST", "/guest")).subject).not.toBe(guest.subject);
  });

  it("can be turned off", async () => {
    const answer = await openPage(createTestServer({ guests: false })).send("POST", "/guest");
    expect([answer.status, detailOf(answer)]).toEqual([403, "GUESTS_DISABLED"]);
  });
});
