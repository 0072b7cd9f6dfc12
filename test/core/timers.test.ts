import { describe, expect, it } from "vitest";
import { isAuthError } from "../../src/core/authError.ts";
import { setAlarm } from "../../src/core/wait.ts";
import { createSimulatedClock } from "../../src/testing/simulatedClock.ts";
import { gapsBetween, openForeign, openSignedIn, record, unsigned } from "./scene.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

describe("an alarm", () => {
  it.each([0, 1, 1_000, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS, 400 * DAY_MS])(
    "%s ms ahead rings then, once",
    async (delayMs) => {
      const clock = createSimulatedClock();
      let rings = 0;
      setAlarm(clock, clock.now() + delayMs, () => (rings += 1));
      if (delayMs > 0) await clock.advance(delayMs - 1);
      expect(rings).toBe(delayMs > 0 ? 0 : rings);
      await clock.advance(1);
      expect(rings).toBe(1);
      await clock.advance(DAY_MS);
      expect(rings).toBe(1);
      expect(clock.pendingCount()).toBe(0);
    },
  );

  it("can be cancelled in each of its parts", async () => {
    const clock = createSimulatedClock();
    const cancel = setAlarm(clock, clock.now() + 90 * DAY_MS, () => expect.unreachable());
    await clock.advance(60 * DAY_MS);
    cancel();
    expect(clock.pendingCount()).toBe(0);
  });
});

describe("a token that lives long", () => {
  // B026 https://github.com/keycloak/keycloak-js/issues/107
  // B027 https://github.com/directus/directus/issues/4054
  it.each([25, 30, 45, 365])("of %s days is renewed once, near its end", async (days) => {
    await using scene = await openForeign((now, count) => ({
      access_token: unsigned({ sub: "ada", jti: count, iat: now / 1000, exp: (now + days * DAY_MS) / 1000 }),
    }));
    await scene.world.advance(1_000);
    expect(scene.since()).toHaveLength(0);
    await scene.world.advance(0.87 * days * DAY_MS);
    expect(scene.since()).toHaveLength(0);
    await scene.world.advance(0.13 * days * DAY_MS - 60_000);
    expect(scene.since()).toHaveLength(1);
  });
});

describe("a token that lives as long as the margin, or less", () => {
  // B029 https://github.com/AxaFrance/oidc-client/issues/1244
  it.each([60_000, 120_000, 3_600_000, undefined])(
    "of 60 s, with a margin of %s ms, is renewed once a minute or so",
    async (refreshAheadMs) => {
      await using scene = await openSignedIn(1, {
        server: { accessTokenLifetimeSeconds: 60 },
        client: { refreshAheadMs },
      });
      await scene.world.advance(10 * MINUTE_MS);
      expect(scene.since().length).toBeGreaterThanOrEqual(10);
      expect(scene.since().length).toBeLessThanOrEqual(20);
      expect(Math.min(...gapsBetween(scene.since()))).toBeGreaterThan(10_000);
    },
  );

  // B030 https://github.com/bjerkio/oidc-react/issues/902
  it.each([20, 60, 300])("of %s s tells nobody who does not ask for the token", async (accessTokenLifetimeSeconds) => {
    await using scene = await openSignedIn(2, { server: { accessTokenLifetimeSeconds } });
    const [first, second] = scene.clients.map(record);
    const shown = scene.client.getState();
    await scene.world.advance(5 * accessTokenLifetimeSeconds * 1_000);
    expect(scene.since().length).toBeGreaterThanOrEqual(4);
    expect(first?.states).toEqual(["authenticated"]);
    expect(second?.states).toEqual(["authenticated"]);
    expect(new Set([...(first?.events ?? []), ...(second?.events ?? [])])).toEqual(new Set(["refreshed"]));
    expect(scene.client.getState()).toBe(shown);
  });

  // B032 https://github.com/authts/oidc-client-ts/issues/644
  it.each([300, 420, 900])(
    "which get shorter as the session ends after %s s, are not hammered for",
    async (seconds) => {
      await using scene = await openForeign((now, count) => {
        const endsAt = Math.min(now + 300_000, (firstAt ||= now) + seconds * 1_000);
        return { access_token: unsigned({ sub: "ada", jti: count }), expires_in: Math.max(1, (endsAt - now) / 1_000) };
      });
      await scene.world.advance(seconds * 1_000 - 120_000);
      const before = scene.since().length;
      await scene.world.advance(118_000);
      expect(scene.since().length - before).toBeLessThanOrEqual(12);
      expect(Math.min(...gapsBetween(scene.since()))).toBeGreaterThanOrEqual(750);
    },
  );
  let firstAt = 0;

  // B032 https://github.com/authts/oidc-client-ts/issues/644
  it("end with the session, once", async () => {
    await using scene = await openSignedIn(1, {
      server: { accessTokenLifetimeSeconds: 300, sessionLifetimeSeconds: 700 },
    });
    const { events } = record(scene.client);
    await scene.world.advance(580_000);
    scene.forget();
    await scene.world.advance(425_000);
    expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
    expect(events.filter((event) => event === "sessionEnded")).toHaveLength(1);
    // Of these the last one finds that the browser has let go of the cookie.
    expect(scene.since().length).toBeLessThanOrEqual(7);
  });

  // B134 https://github.com/react-auth-kit/react-auth-kit/issues/643
  it.each([0, -5, "NaN", "600", null, 1e20, "", {}, [], true, 0.001, 1, 2])(
    "or says so: an `expires_in` of %o makes no loop",
    async (expires_in) => {
      await using scene = await openForeign((_now, count) => ({
        access_token: unsigned({ sub: "ada", jti: count }),
        expires_in,
      }));
      await scene.world.advance(10_000);
      const isShort = typeof expires_in === "number" && expires_in > 0 && expires_in < 10;
      expect(scene.since().length).toBeLessThanOrEqual(isShort ? 14 : 1);
      if (expires_in === "600") {
        await scene.world.advance(600_000);
        expect(scene.since().length).toBe(1);
      }
      expect(scene.client.getState().status).toBe("authenticated");
    },
  );

  // B136 https://github.com/apache/texera/pull/3703
  it.each([300_000, 600_000, 86_400_000])(
    "with a margin of %s ms the margin is ignored, with a warning",
    async (refreshAheadMs) => {
      await using scene = await openSignedIn(1, {
        server: { accessTokenLifetimeSeconds: 300 },
        client: { refreshAheadMs },
      });
      await scene.world.advance(240_000);
      expect(scene.since()).toHaveLength(1);
      expect(new Set(scene.tab.warnings).size).toBe(1);
      expect(scene.tab.warnings[0]).toContain("refreshAheadMs");
    },
  );
});

describe("a session whose refresh is refused", () => {
  // B137 https://github.com/react-auth-kit/react-auth-kit/issues/1223
  it.each([
    ["REFRESH_TOKEN_MISSING", "expired"],
    ["REFRESH_TOKEN_EXPIRED", "expired"],
    ["REFRESH_TOKEN_REVOKED", "revoked"],
  ])("with %s ends once, and what polls sends nothing more", async (detail, reason) => {
    await using scene = await openSignedIn(1);
    const { events } = record(scene.client);
    scene.world.network.addFault({
      match: "/jwt/refresh",
      times: Number.POSITIVE_INFINITY,
      answer: { status: 401, body: JSON.stringify({ detail }) },
    });
    await scene.world.advance(15 * MINUTE_MS);
    expect(scene.client.getState()).toMatchObject({
      status: "unauthenticated",
      reason,
      previousIdentity: scene.identity,
    });
    const before = scene.world.network.requests.length;
    for (let poll = 0; poll < 60; poll += 1) {
      await scene.world.advance(1_000);
      await expect(scene.client.getAccessToken()).rejects.toSatisfy((error) => isAuthError(error, "sessionEnded"));
    }
    expect(scene.world.network.requests.length).toBe(before);
    expect(events.filter((event) => event === "sessionEnded")).toHaveLength(1);
  });
});
