import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import type { Backend } from "../../src/core/backend.ts";
import type { Signal } from "../../src/core/ports.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createHttpBackend } from "../../src/core/createHttpBackend.ts";
import { createSeededRandom } from "../../src/testing/seededRandom.ts";
import { ADA } from "./support.ts";
import { openSignedInTabs, openTabs, outcomeOf, REFRESH, UNAUTHORIZED } from "./watchedTabs.ts";

const API = "/users/me";
const AUTH = "https://app.example/v1/auth";

describe("no loop", () => {
  // B008 https://github.com/bucketeer-io/bucketeer/issues/2455
  it.each([1, 3, 12])("comes of an endpoint that refuses every token, asked %i time(s) at once", async (count) => {
    await using opened = await openSignedInTabs(2);
    const { world, at, sent, identity } = opened;
    await world.advance(60_000);
    opened.forget();
    world.network.addFault({ match: API, times: Number.POSITIVE_INFINITY, answer: UNAUTHORIZED });
    const answers = await world.until(Promise.all(Array.from({ length: count }, () => at(1).request())));
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      await expect(answer.json()).resolves.toEqual({ detail: "Unauthorized" });
    }
    expect(sent(API)).toHaveLength(2 * count);
    expect(sent(REFRESH)).toHaveLength(1);
    await world.advance(60_000);
    expect(sent(REFRESH)).toHaveLength(1);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
  });

  // B008 https://github.com/bucketeer-io/bucketeer/issues/2455
  it("comes of an app that asks such an endpoint again and again", async () => {
    await using opened = await openSignedInTabs(3);
    const { world, tabs, sent, identity } = opened;
    world.network.addFault({ match: API, times: Number.POSITIVE_INFINITY, answer: UNAUTHORIZED });
    for (let second = 0; second < 300; second += 1) {
      for (const { request } of tabs) void request().catch(() => {});
      await world.advance(1_000);
    }
    // A few at first, since each refusal may be news (S09); then one for all of them in each cool-down of half a minute.
    expect(sent(REFRESH).length).toBeLessThanOrEqual(300 / 30 + 5);
    for (const { client } of tabs) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("comes of such an endpoint where nothing tells how long a token lives", async () => {
    await using opened = await openTabs(0);
    const { world } = opened;
    const { platform } = world.open();
    let refreshes = 0;
    const backend: Backend = {
      signIn: async () => ({ accessToken: "opaque", subject: "ada" }),
      async refresh() {
        refreshes += 1;
        return { kind: "token", answer: { accessToken: `opaque-${refreshes}`, subject: "ada" } };
      },
    };
    const client = createAuthClient({ platform, backend });
    opened.clients.push(client);
    await world.until(client.signIn(ADA));
    const request = authorizeFetch(client, { fetch: async () => new Response(null, { status: 401 }) });
    for (let second = 0; second < 300; second += 1) {
      expect((await world.until(request("https://app.example/things"))).status).toBe(401);
      await world.advance(1_000);
    }
    // A token that is refused before it is five seconds old may be refused whatever its age.
    expect(refreshes).toBeLessThanOrEqual(300 / 5 + 5);
    expect(client.getState().status).toBe("authenticated");
  });

  // B009 https://github.com/axios/axios/issues/3327
  it("comes of a call to the refresh endpoint through the guarded fetch: it goes out as it is, once", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    await world.clock.sleep(900_000);
    opened.forget();
    world.network.addFault({ match: REFRESH, answer: UNAUTHORIZED });
    const answer = await world.until(at(1).request(`${AUTH}/jwt/refresh`, { method: "POST" }));
    expect(answer.status).toBe(401);
    expect(sent(REFRESH)).toHaveLength(1);
    expect(sent(REFRESH)[0]?.subject).toBeNull();
  });

  // B011 https://github.com/Flyrell/axios-auth-refresh/issues/97
  // B170 https://github.com/Flyrell/axios-auth-refresh/issues/120
  it.each([
    ["the guarded fetch, to the refresh endpoint", 0, "jwt/refresh", "resolved"],
    ["the guarded fetch, to the refresh endpoint, after a wait", 50, "jwt/refresh", "resolved"],
    ["the guarded fetch, to an address that it guards", 0, "renew", "unavailable"],
    ["the client's own token", 50, null, "unavailable"],
  ] as const)("comes of a refresh of one's own that goes through %s", async (_name, delayMs, path, expected) => {
    await using opened = await openTabs(0);
    const { world } = opened;
    const tab = world.open();
    const real = createHttpBackend({ baseUrl: AUTH });
    let client: AuthClient | null = null;
    const own: Backend = {
      ...real,
      async refresh(call) {
        if (delayMs > 0) await new Promise<void>((resolve) => void tab.platform.clock.setTimer(resolve, delayMs));
        if (client === null || client.getState().status !== "authenticated") return real.refresh(call);
        if (path === null) {
          await client.getAccessToken({ rejectedToken: client.accessToken.getState() ?? "" });
          return real.refresh(call);
        }
        const guarded = authorizeFetch(client, { fetch: tab.platform.fetch });
        return real.refresh({
          ...call,
          fetch: () => guarded(`${AUTH}/${path}`, { method: "POST", signal: call.signal }),
        });
      },
    };
    client = createAuthClient({ platform: tab.platform, backend: own });
    opened.clients.push(client);
    client.start();
    await world.advance(1_000);
    const identity = await world.until(client.signIn(ADA));
    await world.clock.sleep(900_000);
    const outcome = outcomeOf(client.getAccessToken());
    await world.advance(15_000);
    expect(outcome.value).toBe(expected);
    expect(client.getState()).toEqual({ status: "authenticated", identity });
    expect(opened.sent(REFRESH).length).toBeLessThanOrEqual(4);
  });

  // B012 https://github.com/supabase/supabase-js/pull/2392
  it.each([
    [401, { detail: "REFRESH_TOKEN_REUSED" }],
    [401, { detail: "REFRESH_TOKEN_INVALID" }],
    [401, { detail: "Unauthorized" }],
    [403, { detail: "REFRESH_TOKEN_REVOKED" }],
    [400, { error: "invalid_grant" }],
  ])("comes of an ended session, whatever wakes the tab (%i %j)", async (status, body) => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    await world.clock.sleep(900_000);
    opened.forget();
    world.network.addFault({
      match: REFRESH,
      times: Number.POSITIVE_INFINITY,
      answer: { status, body: JSON.stringify(body) },
    });
    const signals: readonly Signal[] = ["hidden", "visible", "offline", "online", "suspended", "restored", "resumed"];
    at(1).tab.signal("visible");
    for (let minute = 0; minute < 60; minute += 1) {
      for (const signal of signals) at(1).tab.signal(signal);
      await expect(world.until(at(1).client.getAccessToken())).rejects.toMatchObject({ code: "sessionEnded" });
      await world.advance(60_000);
    }
    expect(sent(REFRESH)).toHaveLength(1);
    world.network.clearFaults();
    await world.until(at(1).client.signIn(ADA));
    await world.until(at(1).client.refresh());
    expect(at(1).client.getState().status).toBe("authenticated");
  });

  // B161 https://github.com/AxaFrance/oidc-client/issues/1282
  it.each([1, 2, 3, 4].flatMap((seed) => [20, 60, 900].map((lifetimeSeconds) => ({ seed, lifetimeSeconds }))))(
    "comes of any mix of timers, wake-ups, refusals and outages (seed $seed, $lifetimeSeconds s)",
    async ({ seed, lifetimeSeconds }) => {
      await using opened = await openSignedInTabs(1, { server: { accessTokenLifetimeSeconds: lifetimeSeconds } });
      const { world, at, sent } = opened;
      const { client, tab } = at(1);
      const random = createSeededRandom(seed);
      const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
      opened.forget();
      for (let passedMs = 0; passedMs < 1_800_000; ) {
        pick<() => void>(
          () => tab.signal(pick("visible", "online", "resumed", "restored", "hidden")),
          () => void client.refresh().catch(() => {}),
          () => void client.getAccessToken({ rejectedToken: client.accessToken.getState() ?? "" }).catch(() => {}),
          () => void client.getAccessToken({ minValidityMs: 1e9 }).catch(() => {}),
          () => void client.fetchUser().catch(() => {}),
          () =>
            void world.network.addFault({
              match: pick(REFRESH, API),
              times: pick(1, 5, 20),
              answer: { status: pick(503, 429, 401, 404), body: "<html>" },
            }),
          () => void world.network.addFault({ match: REFRESH, times: pick(1, 5, 20), cut: pick("before", "after") }),
        )();
        const stepMs = pick(0, 10, 200, 1_000, 5_000);
        passedMs += stepMs + 1;
        await world.advance(stepMs);
      }
      const moments = sent(REFRESH).map((request) => request.sent.atMs);
      expect(moments.length).toBeGreaterThan(20);
      const busiest = Math.max(
        ...moments.map((from) => moments.filter((moment) => moment >= from && moment < from + 30_000).length),
      );
      // Five by itself; somebody who calls by hand may have ten (S08).
      expect(busiest).toBeLessThanOrEqual(10);
    },
    60_000,
  );

  // B161 https://github.com/AxaFrance/oidc-client/issues/1282
  it.each([1, 2, 3, 5])("comes of tokens that live for %i s only", async (lifetimeSeconds) => {
    await using opened = await openSignedInTabs(1, { server: { accessTokenLifetimeSeconds: lifetimeSeconds } });
    const { world, at, sent, identity } = opened;
    await world.advance(60_000);
    expect(sent(REFRESH).length).toBeLessThanOrEqual(60);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
  });

  // B205 https://github.com/witoldsz/angular-http-auth/issues/8
  it.each(["wrong password", "unknown user"])(
    "comes of a failed sign-in (%s): it is not sent again after a good one",
    async (how) => {
      await using opened = await openTabs(1);
      const { world, at, sent } = opened;
      const wrong = how === "unknown user" ? { ...ADA, username: "eve@example.org" } : { ...ADA, password: "not hers" };
      await expect(world.until(at(1).client.signIn(wrong))).rejects.toMatchObject({ code: "credentialsRejected" });
      const identity = await world.until(at(1).client.signIn(ADA));
      await world.advance(5_000);
      expect(sent("/jwt/login")).toHaveLength(2);
      expect(sent(REFRESH)).toHaveLength(0);
      expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
    },
  );

  // B206 https://github.com/francesco-gaglione/focus_flow_cloud/pull/41
  it.each([401, 404, 405, 204])("comes of a sign-out that is answered %i: that is done", async (status) => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    world.network.addFault({
      match: "/jwt/logout",
      times: Number.POSITIVE_INFINITY,
      answer: status === 204 ? { status } : { status, body: '{"detail":"Unauthorized"}' },
    });
    await world.until(at(1).client.signOut());
    await world.advance(600_000);
    expect(sent(REFRESH)).toHaveLength(0);
    expect(sent("/jwt/logout")).toHaveLength(1);
    expect(at(1).client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  });
});
