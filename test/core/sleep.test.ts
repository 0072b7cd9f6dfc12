import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { Signal } from "../../src/core/ports.ts";
import { openSignedIn, record } from "./scene.ts";

const API = "https://app.example/v1/auth/users/me";
const HOUR_MS = 3_600_000;
const outage = { match: "/jwt/refresh", cut: "before", times: Number.POSITIVE_INFINITY } as const;

describe("after a sleep", () => {
  // B033 https://github.com/DuendeArchive/identity-model-oidc-client-js/issues/143
  describe.each(["visible", "online", "restored", "resumed"] as const satisfies readonly Signal[])("`%s`", (signal) => {
    it.each([16 * 60_000, 8 * HOUR_MS, 72 * HOUR_MS])(
      "begins one refresh at once when the clock has moved by %s ms and no timer has run",
      async (jumpMs) => {
        await using scene = await openSignedIn(1);
        const old = await scene.client.getAccessToken();
        await scene.world.advance(60_000);
        scene.clock.jumpWall(jumpMs);
        scene.tab.signal(signal);
        const waiting = scene.client.getAccessToken();
        await scene.world.settle();
        expect(scene.since()).toHaveLength(1);
        expect(await waiting).not.toBe(old);
        expect(scene.client.getState()).toMatchObject({ status: "authenticated", identity: scene.identity });
      },
    );
  });

  // B033 https://github.com/DuendeArchive/identity-model-oidc-client-js/issues/143
  it.each([
    ["standsStill", 20 * 60_000],
    ["moves", 20 * 60_000],
    ["standsStill", 8 * HOUR_MS],
    ["moves", 8 * HOUR_MS],
  ] as const)("no request leaves with a dead token, while the monotonic clock %s for %s ms", async (monotonic, ms) => {
    await using scene = await openSignedIn(1);
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    await scene.clock.sleep(ms, { monotonic });
    const answers = Promise.all([send(API), send(API), send(API)]);
    scene.tab.signal("resumed");
    scene.tab.signal("visible");
    expect((await scene.world.until(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(scene.since()).toHaveLength(1);
    expect(
      scene.world.log().filter(({ path, serverStatus }) => path.endsWith("/users/me") && serverStatus === 401),
    ).toEqual([]);
  });

  // B034 https://github.com/auth0/auth0-spa-js/issues/343
  it.each([1, 60_000, 8 * HOUR_MS])(
    "a token that ended %s ms ago is not handed out, though no timer has run",
    async (pastMs) => {
      await using scene = await openSignedIn(1);
      const old = await scene.client.getAccessToken();
      scene.clock.jumpWall(900_000 + pastMs);
      const given = await scene.world.until(scene.client.getAccessToken());
      expect(given).not.toBe(old);
      expect(scene.since()).toHaveLength(1);
      expect(await scene.client.getAccessToken()).toBe(given);
      expect(scene.since()).toHaveLength(1);
    },
  );

  // B036 https://github.com/authts/oidc-client-ts/issues/251
  it.each([1_000, 7_000, 90_000, 20 * 60_000])(
    "a network that is back only after %s ms costs no session",
    async (backAfterMs) => {
      await using scene = await openSignedIn(1);
      const { events } = record(scene.client);
      scene.world.network.addFault(outage);
      await scene.clock.sleep(8 * HOUR_MS);
      scene.tab.signal("resumed");
      scene.tab.signal("visible");
      await scene.world.advance(backAfterMs);
      scene.world.network.clearFaults();
      scene.forget();
      scene.tab.signal("online");
      // A wake-up may ask once in five seconds: what came earlier than that waits for its turn.
      await scene.world.advance(backAfterMs < 5_000 ? 5_000 : 1_000);
      expect(scene.since().map(({ serverStatus }) => serverStatus)).toEqual([200]);
      expect(events).toContain("refreshed");
      expect(events).not.toContain("sessionEnded");
      expect(events).not.toContain("signedOut");
    },
  );
});

describe("in a hidden tab", () => {
  // B152 https://github.com/gravitational/teleport/issues/51617
  it.each([70_000, 6 * 60_000, 2 * HOUR_MS])(
    "a timer that is %s ms late renews first; requests wait for it",
    async (lateMs) => {
      await using scene = await openSignedIn(1);
      const { states, events } = record(scene.client);
      scene.tab.hide({ throttle: "minute" });
      scene.tab.freeze();
      await scene.world.advance(900_000 + lateMs);
      const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
      const answer = send(API);
      scene.tab.thaw();
      expect((await scene.world.until(answer)).status).toBe(200);
      expect(scene.since()).toHaveLength(1);
      expect(states).toEqual(["authenticated"]);
      expect(events).toEqual(["refreshed"]);
    },
  );

  // B154 https://github.com/tldraw/tldraw/pull/9842
  it.each([
    [20, 40],
    [45, 20],
    [60, 20],
    [90, 20],
  ])("whose timers run once a minute, a lifetime of %s s is renewed no more than need be", async (seconds, most) => {
    await using scene = await openSignedIn(1, { server: { accessTokenLifetimeSeconds: seconds } });
    const { events } = record(scene.client);
    scene.tab.hide({ throttle: "minute" });
    scene.forget();
    await scene.world.advance(10 * 60_000);
    expect(scene.since().length).toBeLessThanOrEqual(Math.min(most, 10));
    expect(events).not.toContain("sessionEnded");
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    expect((await scene.world.until(send(API))).status).toBe(200);
    expect(
      scene.world.log().filter(({ path, serverStatus }) => path.endsWith("/users/me") && serverStatus === 401),
    ).toEqual([]);
  });

  // B155 https://github.com/keycloakify/oidc-spa/issues/119
  it("late timers are no change of the clock", async () => {
    await using scene = await openSignedIn(1);
    scene.tab.hide({ throttle: "minute" });
    await scene.world.advance(5 * 60_000);
    expect(scene.since()).toHaveLength(0);
  });

  // B155 https://github.com/keycloakify/oidc-spa/issues/119
  it.each([HOUR_MS, -HOUR_MS, 24 * HOUR_MS, -24 * HOUR_MS])(
    "a clock that is set by %s ms makes no storm",
    async (jumpMs) => {
      await using scene = await openSignedIn(2);
      for (const tab of scene.world.tabs) tab.hide({ throttle: "minute" });
      await scene.world.advance(1_000);
      scene.clock.jumpWall(jumpMs);
      for (const tab of scene.world.tabs) tab.signal("visible");
      await scene.world.advance(10 * 60_000);
      expect(scene.since().length).toBeLessThanOrEqual(2);
      expect(scene.client.getState()).toMatchObject({ status: "authenticated" });
    },
  );
});
