import { afterEach, describe, expect, it, vi } from "vitest";
import type { AuthServerOptions } from "../../src/server/authServerOptions.ts";
import {
  argon2PasswordHasher,
  authorizeSocketServer,
  createAuthServer,
  memoryStore,
  OptionsError,
  pbkdf2PasswordHasher,
  postgresStore,
  requireUser,
  sqliteStore,
} from "../../src/server.ts";
import { openPage } from "./support/page.ts";
import { createTestServer } from "./support/testServer.ts";

const required = { store: memoryStore(), accessTokenSecret: "a secret of at least thirty-two bytes" };
const start = (options: object) => () => createAuthServer({ ...required, ...options } as AuthServerOptions);

describe("an option that there is not", () => {
  // C07
  it.each([
    [{ trustedProxy: ["10.0.0.1"] }, "trustedProxy", "trustedProxies"],
    [{ publicURL: "https://app.example" }, "publicURL", "publicUrl"],
    [{ secret: "a secret of at least thirty-two bytes" }, "secret", "accessTokenSecret"],
    [{ allowedOrigin: "https://app.example" }, "allowedOrigin", "allowedOrigins"],
    [{ refreshGraceSecond: 30 }, "refreshGraceSecond", "refreshGraceSeconds"],
    [{ rateLimit: false }, "rateLimit", "rateLimits"],
    [{ onErorr: () => undefined }, "onErorr", "onError"],
    [{ trustedProxi: undefined }, "trustedProxi", "trustedProxies"],
    [{ cookie: { pat: "/" } }, "cookie.pat", "cookie.path"],
    [{ cookie: { secured: true } }, "cookie.secured", "cookie.secure"],
    [{ device: { verificationUrl: "https://app.example/device" } }, "device.verificationUrl", "device.verificationUri"],
    [{ rateLimits: { signin: false } }, "rateLimits.signin", "rateLimits.signIn"],
    [{ rateLimits: { signIn: { point: 3, perSeconds: 60 } } }, "rateLimits.signIn.point", "rateLimits.signIn.points"],
    [{ accessTokenKeys: [{ key: {} }] }, "accessTokenKeys[0].key", "accessTokenKeys[0].privateKey"],
  ])("is refused with the nearest one that there is: %j", (options, unknown, nearest) => {
    const refusal = new OptionsError(refusalOf(start(options)));
    expect(refusal.message).toContain(`no option \`${unknown}\``);
    expect(refusal.message).toContain(`Did you mean \`${nearest}\`?`);
  });

  it("is refused with all that there are where none is near", () => {
    expect(refusalOf(start({ leeway: 10 }))).toMatch(/no option `leeway`.*`store`.*`rateLimits`/);
    expect(refusalOf(start({ cookie: { sameSite: "Lax" } }))).toMatch(/no option `cookie\.sameSite`.*`cookie\.name`/);
  });

  it("is refused by each part that takes options", () => {
    const unknown = { nothing: 1 } as object;
    const server = createTestServer();
    const parts = [
      () => sqliteStore({ path: ":memory:", ...unknown }),
      () => postgresStore({ connectionString: "postgres://localhost/none", ...unknown }),
      () => memoryStore(unknown),
      () => argon2PasswordHasher(unknown),
      () => pbkdf2PasswordHasher(unknown),
      () => requireUser(server, unknown),
      () => authorizeSocketServer({} as never, server, unknown),
    ];
    for (const part of parts) expect(part).toThrow(/no option `nothing`/);
  });

  it("is refused without a word of its value", () => {
    const secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
    expect(refusalOf(start({ accessTokenSecrets: secret, accessTokenSecret: undefined }))).not.toContain("hunter2");
    expect(refusalOf(start({ accessTokenSecret: { secret } }))).not.toContain("hunter2");
  });
});

describe("an option of the wrong kind", () => {
  it.each([
    [{ store: undefined }, "`store` is required"],
    [{ store: "auth.db" }, "`store` must be a store"],
    [{ accessTokenSecret: 42 }, "`accessTokenSecret` must be a text or bytes"],
    [{ trustedProxies: "10.0.0.1" }, "`trustedProxies` must be a list"],
    [{ trustedProxies: [10] }, "`trustedProxies[0]` must be a text"],
    [{ allowedOrigins: "https://app.example" }, "`allowedOrigins` must be a list"],
    [{ guests: "no" }, "`guests` must be true or false"],
    [{ accessTokenLifetimeSeconds: "900" }, "`accessTokenLifetimeSeconds` must be a number"],
    [{ device: true }, "`device` must be false or an object"],
    [{ cookie: null }, "`cookie` must be an object"],
    [{ rateLimits: true }, "`rateLimits` must be false or an object"],
    [{ rateLimits: { guest: 5 } }, "`rateLimits.guest` must be false or an object"],
    [{ onAuditEvent: "log" }, "`onAuditEvent` must be a function"],
  ])("is refused by name: %j", (options, message) => {
    expect(start(options)).toThrow(OptionsError);
    expect(refusalOf(start(options))).toContain(message);
  });

  it("is refused where there are no options at all", () => {
    expect(createAuthServer as unknown as () => void).toThrow(/takes an object/);
    expect(sqliteStore as unknown as () => void).toThrow(/takes an object/);
    expect(() => sqliteStore({} as never)).toThrow(/`path`/);
    expect(() => postgresStore({})).toThrow(/`connectionString` or a `pool`/);
  });
});

describe("a server without `onError`", () => {
  afterEach(() => vi.restoreAllMocks());

  /** A server whose store fails as long as the test says, with the lines that it has printed. */
  function startFailing() {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    let now = 1_000_000;
    const store = {
      ...memoryStore({ now: () => now }),
      readSessions: () =>
        Promise.reject(
          Object.assign(new Error("the disk is full"), { cause: new Error("no space left"), query: "hunter2" }),
        ),
    };
    const page = openPage(createTestServer({ store, onError: undefined }));
    return {
      ask: () => page.send("GET", "/health"),
      advance: (seconds: number) => void (now += seconds * 1000),
      lines: () => printed.mock.calls.map(([line]) => String(line)),
    };
  }

  // N02
  it("prints why an answer was 503, with its causes and without what hangs on them", async () => {
    const { ask, lines } = startFailing();
    expect((await ask()).status).toBe(503);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatch(/stay-signed-in: .*503[^]*the disk is full[^]*no space left[^]*onError/);
    expect(lines()[0]).not.toContain("hunter2");
  });

  it("prints once a minute at most, and then how many more there were", async () => {
    const { ask, advance, lines } = startFailing();
    for (let request = 0; request < 5; request += 1) await ask();
    advance(59);
    await ask();
    expect(lines()).toHaveLength(1);
    advance(1);
    await ask();
    expect(lines()).toHaveLength(2);
    expect(lines()[1]).toContain("and 5 more");
  });

  it("goes on printing when the clock was set back", async () => {
    const { ask, advance, lines } = startFailing();
    await ask();
    advance(-3600);
    await ask();
    expect(lines()).toHaveLength(2);
  });

  it("prints nothing when it refuses on purpose", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const page = openPage(createTestServer({ onError: undefined }));
    expect((await page.send("GET", "/users/me")).status).toBe(401);
    expect(printed).not.toHaveBeenCalled();
  });
});

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof OptionsError) return error.message;
    throw error;
  }
  throw new Error("It was not refused.");
}
