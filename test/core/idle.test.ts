import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { openSignedIn, record } from "./scene.ts";

const API = "https://app.example/v1/auth/users/me";
const MINUTE_MS = 60_000;

describe("a page that is hidden, where that is to end an idle session", () => {
  // B183 https://github.com/sjacorg/bayanat/pull/343
  it.each([31, 120, 600])("renews nothing in %s minutes", async (minutes) => {
    await using scene = await openSignedIn(1, {
      client: { refreshWhileHidden: false },
      server: { accessTokenLifetimeSeconds: 300, refreshTokenLifetimeSeconds: 1_800 },
    });
    const { events } = record(scene.client);
    scene.tab.hide();
    scene.forget();
    await scene.world.advance(minutes * MINUTE_MS);
    expect(scene.since()).toHaveLength(0);
    scene.tab.show();
    await scene.world.advance(5_000);
    expect(scene.client.getState()).toMatchObject({
      status: "unauthenticated",
      reason: "expired",
      previousIdentity: scene.identity,
    });
    expect(events.filter((event) => event === "sessionEnded")).toHaveLength(1);
  });

  // B183 https://github.com/sjacorg/bayanat/pull/343
  it("ends for all tabs only when all are hidden", async () => {
    await using scene = await openSignedIn(2, {
      client: { refreshWhileHidden: false },
      server: { accessTokenLifetimeSeconds: 300, refreshTokenLifetimeSeconds: 1_800 },
    });
    scene.tab.hide();
    await scene.world.advance(60 * MINUTE_MS);
    for (const client of scene.clients) expect(client.getState().status).toBe("authenticated");
    expect(new Set(scene.since().map(({ tab }) => tab))).toEqual(new Set([2]));
  });

  // B184 https://github.com/directus/directus/pull/7177
  it.each([
    [false, 10],
    [false, 120],
    [false, 20 * 60],
    [true, 120],
  ])(
    "(renewing meanwhile: %s) goes on after %s minutes with one refresh, for which requests wait",
    async (refreshWhileHidden, minutes) => {
      await using scene = await openSignedIn(1, {
        client: { refreshWhileHidden },
        server: { accessTokenLifetimeSeconds: 300, refreshTokenLifetimeSeconds: 86_400 },
      });
      const { events } = record(scene.client);
      scene.tab.hide();
      await scene.world.advance(minutes * MINUTE_MS);
      scene.forget();
      const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
      scene.tab.show();
      const answers = await scene.world.until(Promise.all([send(API), send(API), send(API)]));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(scene.since()).toHaveLength(refreshWhileHidden ? 0 : 1);
      expect(events).not.toContain("sessionEnded");
      expect(events).not.toContain("signedOut");
    },
  );

  it("renews for a request that is made all the same", async () => {
    await using scene = await openSignedIn(1, {
      client: { refreshWhileHidden: false },
      server: { accessTokenLifetimeSeconds: 300 },
    });
    scene.tab.hide();
    await scene.world.advance(10 * MINUTE_MS);
    expect(scene.since()).toHaveLength(0);
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    expect((await scene.world.until(send(API))).status).toBe(200);
    expect(scene.since()).toHaveLength(1);
  });
});

describe("the session's own lifetime", () => {
  // B183 https://github.com/sjacorg/bayanat/pull/343
  it.each([true, false])("ends it however busy it is (renewing while hidden: %s)", async (refreshWhileHidden) => {
    await using scene = await openSignedIn(1, {
      client: { refreshWhileHidden },
      server: { accessTokenLifetimeSeconds: 300, sessionLifetimeSeconds: 3_600 },
    });
    for (let minute = 0; minute < 59; minute += 1) {
      await scene.world.advance(MINUTE_MS);
      await scene.world.until(scene.client.getAccessToken());
    }
    await scene.world.advance(7 * MINUTE_MS);
    expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
  });
});
