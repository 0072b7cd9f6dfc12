import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { openForeign, openSignedIn, openWorldWithClockAt, unsigned } from "./scene.ts";
import { ADA, openWorld } from "./support.ts";
import { unchallenged } from "../support/unchallenged.ts";

const API = "https://app.example/v1/auth/users/me";
const YEAR_MS = 365 * 24 * 3_600_000;
const offsets = [50_000, 90_000, -90_000, -120_000, 7_200_000, -7_200_000, 10 * YEAR_MS, -10 * YEAR_MS];

describe.each(offsets)("with a clock that is wrong by %s ms", (offsetMs) => {
  // B037 https://github.com/koala73/worldmonitor/issues/5932
  it.each([20, 60, 300])("a token of %s s that has just come is good", async (accessTokenLifetimeSeconds) => {
    await using scene = await openWorldWithClockAt(offsetMs, { accessTokenLifetimeSeconds });
    const tokens = new Set<string>();
    for (let call = 0; call < 3; call += 1) {
      tokens.add(await scene.world.until(scene.client.getAccessToken()));
      await scene.world.advance(3_000);
    }
    expect(tokens.size).toBe(1);
    expect(scene.since()).toHaveLength(0);
  });

  // B038 https://github.com/workos/authkit-nextjs/issues/470
  // B041 https://github.com/firebase/firebase-js-sdk/issues/6032
  it("the token is renewed in time and no more often, and every request goes through", async () => {
    await using scene = await openWorldWithClockAt(offsetMs, { accessTokenLifetimeSeconds: 300 });
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    await scene.world.advance(240_000);
    expect(scene.since()).toHaveLength(1);
    for (let call = 0; call < 20; call += 1) {
      await scene.world.advance(60_000);
      expect((await scene.world.until(send(API))).status).toBe(200);
    }
    expect(scene.since().length).toBeLessThanOrEqual(8);
    expect(
      scene.world.log().filter(({ path, serverStatus }) => path.endsWith("/users/me") && serverStatus === 401),
    ).toEqual([]);
  });

  it("a token without `iat` is measured against the server's Date", async () => {
    await using scene = await openForeign((now, count) => ({
      access_token: unsigned({ sub: "ada", jti: count, exp: Math.round((now + 300_000) / 1_000) }),
      expires_in: 300,
    }));
    scene.clock.jumpWall(offsetMs);
    await scene.world.until(scene.client.refresh().catch(() => {}));
    expect(scene.client.getState().status).toBe("authenticated");
  });
});

describe("a 401", () => {
  // B038 https://github.com/workos/authkit-nextjs/issues/470
  it.each([-7_200_000, -120_000, 0, 120_000])("counts more than a clock that is wrong by %s ms", async (offsetMs) => {
    await using scene = await openWorldWithClockAt(offsetMs, { accessTokenLifetimeSeconds: 300 });
    const rejectedToken = await scene.client.getAccessToken();
    await scene.world.advance(10_000);
    const next = await scene.world.until(scene.client.getAccessToken({ rejectedToken }));
    expect(next).not.toBe(rejectedToken);
    expect(scene.since()).toHaveLength(1);
    expect(await scene.world.until(scene.client.getAccessToken({ rejectedToken }))).toBe(next);
    expect(scene.since()).toHaveLength(1);
  });
});

describe("a margin as long as the lifetime", () => {
  // B040 https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/512
  it.each([
    [300, 300_000],
    [300, 3_600_000],
    [60, 300_000],
    [900, 900_000],
  ])("of %s s (%s ms) leaves a token at least half its life", async (accessTokenLifetimeSeconds, refreshAheadMs) => {
    await using scene = await openSignedIn(1, { server: { accessTokenLifetimeSeconds }, client: { refreshAheadMs } });
    const token = await scene.client.getAccessToken();
    await scene.world.advance(accessTokenLifetimeSeconds * 500);
    expect(await scene.client.getAccessToken()).toBe(token);
    expect(scene.since()).toHaveLength(0);
  });
});

describe("a clock that is set back", () => {
  it.each([3_600_000, 24 * 3_600_000, YEAR_MS])(
    "by %s ms during an outage keeps nobody from trying again",
    async (backMs) => {
      await using scene = await openSignedIn(1, { server: { accessTokenLifetimeSeconds: 60 } });
      scene.world.network.addFault({ match: "/jwt/refresh", cut: "before", times: Number.POSITIVE_INFINITY });
      await scene.world.advance(10 * 60_000);
      scene.clock.jumpWall(-backMs);
      scene.world.network.clearFaults();
      scene.forget();
      await scene.world.advance(2 * 60_000);
      expect(scene.since().length).toBeGreaterThanOrEqual(1);
      expect(scene.since()[0]?.serverStatus).toBe(200);
    },
  );

  it.each([3_600_000, YEAR_MS])("by %s ms does not put off the renewal of a token", async (backMs) => {
    await using scene = await openSignedIn(1);
    scene.clock.jumpWall(-backMs);
    await scene.world.advance(900_000);
    expect(scene.since()).toHaveLength(1);
  });

  it("by an hour does not keep a tab without a channel from what another one has begun meanwhile", async () => {
    await using opened = await openWorld(2, { world: { channel: "missing" } });
    const { world, clock, clients } = opened;
    world.tabs[0]?.goOffline();
    await world.advance(100);
    world.tabs[0]?.goOnline();
    clock.jumpWall(-3_600_000);
    const ada = unchallenged(await world.until((clients[1] as (typeof clients)[number]).signIn(ADA)));
    await world.advance(60_000);
    for (const client of clients) expect(client.getState()).toEqual({ status: "authenticated", identity: ada });
  });
});
