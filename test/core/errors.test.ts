import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AuthError, isAuthError } from "../../src/core/authError.ts";
import type { NetworkFault } from "../../src/testing/networkFault.ts";
import { openSignedIn, record } from "./scene.ts";
import { ADA } from "./support.ts";

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

const faults: [string, NetworkFault, Partial<AuthError>][] = [
  ["a network error", { cut: "before" }, { code: "unavailable" }],
  ["a lost answer", { cut: "after" }, { code: "unavailable" }],
  ["an answer that breaks off", { cut: "body" }, { code: "unavailable" }],
  ["a time-out", { hold: "before" }, { code: "unavailable" }],
  ["a failing server", { answer: { status: 503, body: "busy" } }, { code: "unavailable" }],
  [
    "too many requests",
    { answer: { status: 429, body: "{}", headers: { "Retry-After": "30" } } },
    { code: "unavailable" },
  ],
  ["a captive portal", { answer: { status: 200, body: "<html>" } }, { code: "unavailable" }],
  [
    "a wrong set-up",
    { answer: { status: 403, body: '{"detail":"ORIGIN_NOT_ALLOWED"}' } },
    { code: "originNotAllowed" },
  ],
  ["a refusal", { answer: { status: 401, body: '{"detail":"REFRESH_TOKEN_EXPIRED"}' } }, { code: "sessionEnded" }],
];

describe("a token that cannot be had", () => {
  // B133 https://github.com/aws-amplify/amplify-js/issues/13486
  it.each(faults)("for %s: an error with a code, a sentence, a cause and no secret", async (_name, fault, expected) => {
    await using scene = await openSignedIn(1);
    const token = scene.client.accessToken.getState() ?? "";
    scene.world.network.addFault({ match: "/jwt/refresh", times: Number.POSITIVE_INFINITY, ...fault });
    scene.clock.jumpWall(3_600_000);
    const error = await scene.world.until(failureOf(scene.client.getAccessToken()));
    if (!isAuthError(error)) throw new Error(`no AuthError but ${String(error)}`);
    expect(error).toMatchObject(expected);
    expect(error.message.length).toBeGreaterThan(20);
    if (error.code === "unavailable") expect(error.cause).toBeInstanceOf(Error);
    const shown = inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);
    for (const secret of [token, token.split(".")[2] ?? token, "refresh_token.", ADA.password])
      expect(shown).not.toContain(secret);
  });

  // B165 https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/5222
  it.each([
    ["nothing else fails", undefined],
    ["the network is gone afterwards", { cut: "before", times: Number.POSITIVE_INFINITY }],
    ["the server hangs afterwards", { hold: "before", times: Number.POSITIVE_INFINITY }],
  ] as const)("since the session is over, says so, also when %s", async (_name, later) => {
    await using scene = await openSignedIn(2);
    await scene.world.advance(1_000);
    if (later !== undefined) scene.world.network.addFault(later);
    scene.world.network.addFault({
      match: "/jwt/refresh",
      answer: { status: 401, body: '{"detail":"REFRESH_TOKEN_REVOKED"}' },
    });
    scene.clock.jumpWall(3_600_000);
    const before = scene.clock.worldNow();
    for (let call = 0; call < 3; call += 1)
      expect(await scene.world.until(failureOf(scene.client.getAccessToken()))).toMatchObject({ code: "sessionEnded" });
    expect(scene.clock.worldNow() - before).toBeLessThan(10_000);
    expect(scene.client.getState()).toMatchObject({ reason: "revoked" });
  });

  // B208 https://github.com/get-convex/convex-auth/issues/363
  // B209 https://github.com/supabase/auth-js/issues/226
  it.each([30_000, 10 * 60_000, 3 * 3_600_000])(
    "for %s ms offline is there again within five seconds, without anybody's doing",
    async (offlineMs) => {
      await using scene = await openSignedIn(1);
      const { events } = record(scene.client);
      await scene.world.advance(700_000);
      scene.tab.goOffline();
      await scene.world.advance(200_000 + offlineMs);
      expect(await scene.world.until(failureOf(scene.client.getAccessToken()))).toMatchObject({ code: "unavailable" });
      await scene.world.advance(6_000);
      scene.forget();
      scene.tab.goOnline();
      await scene.world.advance(5_000);
      expect(scene.since().map(({ serverStatus }) => serverStatus)).toEqual([200]);
      expect(events).toContain("refreshed");
      expect(events).not.toContain("sessionEnded");
      await scene.world.until(scene.client.getAccessToken());
    },
  );

  // B209 https://github.com/supabase/auth-js/issues/226
  it.each([1, 3, 8])("is asked for again after %s failures of any kind, with no signal at all", async (times) => {
    await using scene = await openSignedIn(1);
    for (const fault of [
      { cut: "before" },
      { cut: "after" },
      { answer: { status: 502, body: "" } },
      { answer: { status: 200, body: "{}" } },
    ] as const)
      scene.world.network.addFault({ match: "/jwt/refresh", times, ...fault });
    await scene.world.advance(3 * 3_600_000);
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    expect(scene.client.activity.getState()).toEqual({ kind: "idle" });
    expect(scene.since().at(-1)?.serverStatus).toBe(200);
  });

  it("tells of each failure when it is tried again", async () => {
    await using scene = await openSignedIn(1);
    const told: (number | null)[] = [];
    scene.client.on("refreshFailed", ({ error, nextAttemptAt }) => {
      expect(isAuthError(error)).toBe(true);
      told.push(nextAttemptAt);
    });
    scene.world.network.addFault({ match: "/jwt/refresh", times: 3, cut: "before" });
    await scene.world.until(failureOf(scene.client.refresh()));
    const activity = scene.client.activity.getState();
    expect(activity).toMatchObject({ kind: "waiting", until: told[0] });
    await scene.world.advance(60_000);
    expect(told).toHaveLength(3);
    expect(scene.client.activity.getState()).toEqual({ kind: "idle" });
  });
});

describe("every call of the client", () => {
  // B225 https://github.com/simoneb/axios-hooks/issues/775
  const calls: [string, (scene: Awaited<ReturnType<typeof openSignedIn>>) => Promise<unknown>][] = [
    ["getAccessToken", ({ client }) => client.getAccessToken()],
    ["refresh", ({ client }) => client.refresh()],
    ["fetchUser", ({ client }) => client.fetchUser()],
    ["signIn", ({ client }) => client.signIn(ADA)],
    ["register", ({ client }) => client.register({ email: "new@example.org", password: "correct horse" })],
    ["signOut", ({ client }) => client.signOut()],
    ["signOut everywhere", ({ client }) => client.signOut({ everywhere: true })],
    ["ready", ({ client }) => client.ready()],
  ];
  const answers = [200, 204, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503].flatMap((status) =>
    ["", "{}", '{"detail":"X"}', "<html>"].map(
      (body): NetworkFault => ({ answer: { status, ...(status === 204 ? {} : { body }) } }),
    ),
  );
  it.each(calls)(
    "%s settles with a value or an AuthError, whatever the server answers",
    { timeout: 60_000 },
    async (name, call) => {
      for (const fault of [...answers, { cut: "before" }, { cut: "body" }] as NetworkFault[]) {
        await using scene = await openSignedIn(1);
        scene.world.network.addFault({ times: Number.POSITIVE_INFINITY, ...fault });
        scene.clock.jumpWall(3_600_000);
        const outcome = await scene.world.until(
          call(scene).then(
            (value) => ({ value }),
            (error: unknown) => ({ error }),
          ),
        );
        if ("error" in outcome) expect(outcome.error).toBeInstanceOf(AuthError);
        else if (!["refresh", "signOut", "signOut everywhere"].includes(name)) expect(outcome.value).toBeTruthy();
      }
    },
  );
});

describe("the sentence of an error", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  const sentenceOf = (): string => new AuthError("sessionEnded").message;

  it("says what to do while somebody develops, and what is wrong alone in production", () => {
    expect(sentenceOf()).toBe("Nobody is signed in (any more). Call `signIn`, or show your sign-in page.");
    vi.stubEnv("NODE_ENV", "production");
    expect(sentenceOf()).toBe("Nobody is signed in (any more).");
  });

  it("is there in a page that no bundler has made, which has no `process`", () => {
    vi.stubGlobal("process", undefined);
    const sentence = sentenceOf();
    vi.unstubAllGlobals();
    expect(sentence).toBe("Nobody is signed in (any more).");
  });
});
