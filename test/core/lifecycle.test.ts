import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { isAuthError } from "../../src/core/authError.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { openClosed, openSignedIn } from "./scene.ts";
import { ADA } from "./support.ts";

const API = "https://app.example/v1/auth/users/me";

describe("starting", () => {
  // B053 https://github.com/authts/react-oidc-context/issues/1638
  it.each([0, 10, 400])("twice, with a stop between, makes one refresh (%s ms apart)", async (apartMs) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", delayAfterMs: 300 });
    const client = createAuthClient({ platform: scene.world.open().platform });
    scene.clients.push(client);
    client.start()();
    await scene.world.advance(apartMs);
    client.start();
    await scene.world.advance(2_000);
    expect(scene.since()).toHaveLength(1);
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  // B054 https://github.com/miguelgrinberg/react-microblog/issues/5
  it.each([2, 10])("of %s requests at once with a spent token makes one refresh", async (count) => {
    await using scene = await openSignedIn(1);
    scene.world.network.addFault({ match: "/jwt/refresh", delayAfterMs: 300 });
    scene.clock.jumpWall(3_600_000);
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    const answers = await scene.world.until(Promise.all(Array.from({ length: count }, () => send(API))));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(scene.since()).toHaveLength(1);
  });

  it("is counted: the last stop is the end, a second call of the same stop is none", async () => {
    await using scene = await openSignedIn(1);
    const client = createAuthClient({ platform: scene.world.open().platform });
    scene.clients.push(client);
    const stops = [client.start(), client.start()];
    await scene.world.advance(1_000);
    stops[0]?.();
    stops[0]?.();
    expect(scene.world.channel.openCount(2)).toBe(1);
    stops[1]?.();
    expect(scene.world.channel.openCount(2)).toBe(0);
    await scene.world.advance(5_000);
    expect(scene.world.leftovers().filter((line) => line.startsWith("tab 2"))).toEqual([]);
  });
});

describe("two clients in one page", () => {
  // B215 https://github.com/supabase/supabase-js/pull/1767
  it("of the same name act as two tabs: one refresh, one token", async () => {
    await using scene = await openClosed();
    const { platform } = scene.world.open();
    const pair = [1, 2].map(() => createAuthClient({ platform }));
    scene.clients.push(...pair);
    for (const client of pair) client.start();
    await scene.world.advance(5_000);
    expect(scene.since()).toHaveLength(1);
    expect(new Set(pair.map((client) => client.accessToken.getState())).size).toBe(1);
    for (const client of pair) expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  // B215 https://github.com/supabase/supabase-js/pull/1767
  it("of different names share nothing", async () => {
    await using scene = await openClosed();
    const { platform } = scene.world.open();
    const pair = ["one", "two"].map((namespace) => createAuthClient({ platform, namespace }));
    scene.clients.push(...pair);
    for (const client of pair) client.start();
    await scene.world.advance(5_000);
    expect(scene.since()).toHaveLength(2);
    await scene.world.until(pair[0]?.signOut() ?? Promise.reject(new Error("no client")));
    expect(pair.map((client) => client.getState().status)).toEqual(["unauthenticated", "authenticated"]);
  });
});

describe("a client", () => {
  // B216 https://github.com/B3Pay/ic-reactor/issues/745
  it("touches nothing when it is made", async () => {
    await using scene = await openSignedIn(1);
    const tab = scene.world.open();
    const before = scene.world.timeline.entries().length;
    for (let made = 0; made < 10; made += 1) createAuthClient({ platform: tab.platform });
    await scene.world.advance(3_600_000);
    expect(
      scene.world.timeline
        .entries()
        .slice(before)
        .filter((entry) => entry.tab === tab.number),
    ).toEqual([]);
    expect(scene.world.leftovers().filter((line) => line.startsWith(`tab ${tab.number}`))).toEqual([]);
  });

  // B216 https://github.com/B3Pay/ic-reactor/issues/745
  it.each([0, 10, 150, 400, 5_000])(
    "leaves nothing behind when it is disposed of after %s ms, and sends nothing more",
    async (afterMs) => {
      await using scene = await openSignedIn(2);
      await scene.world.advance(1_000);
      const tab = scene.world.open();
      for (let mount = 0; mount < 20; mount += 1) {
        const client = createAuthClient({ platform: tab.platform });
        client.start();
        await scene.world.advance(afterMs);
        client.dispose();
        client.dispose();
        await scene.world.settle();
        expect(scene.world.leftovers().filter((line) => line.startsWith("tab 3"))).toEqual([]);
      }
      const sent = scene.world.network.requests.filter((request) => request.tab === 3).length;
      await scene.world.advance(3_600_000);
      expect(scene.world.network.requests.filter((request) => request.tab === 3).length).toBe(sent);
    },
  );

  it.each([0, 100, 5_000])("ends every wait with `disposed`, %s ms into a hanging refresh", async (afterMs) => {
    await using scene = await openSignedIn(1);
    scene.world.network.addFault({ match: "/jwt/refresh", hold: "before", times: Number.POSITIVE_INFINITY });
    scene.clock.jumpWall(3_600_000);
    const waits = [scene.client.getAccessToken(), scene.client.refresh(), scene.client.fetchUser()].map((wait) =>
      wait.then(
        () => "settled",
        (error: unknown) => (isAuthError(error) ? error.code : String(error)),
      ),
    );
    await scene.world.advance(afterMs);
    scene.client.dispose();
    await scene.world.settle();
    expect(await Promise.all(waits)).toEqual(["disposed", "disposed", "disposed"]);
    for (const call of [
      () => scene.client.getAccessToken(),
      () => scene.client.ready(),
      () => scene.client.signIn(ADA),
      () => scene.client.signInAsGuest(),
      () => scene.client.signOut(),
      () => scene.client.refresh(),
    ])
      await expect(call()).rejects.toSatisfy((error) => isAuthError(error, "disposed"));
    expect(() => scene.client.start()).toThrowError(/disposed/);
  });

  it.each([0, 50, 299])(
    "that asks siblings who know nothing leaves no timer when it is disposed of %s ms later",
    async (afterMs) => {
      await using scene = await openSignedIn(1);
      await scene.world.until(scene.client.signOut());
      scene.world.storage.wipe();
      const silent = scene.world.open();
      silent.platform.openChannel?.("stay-signed-in:/v1/auth", () => {});
      silent.platform.lock?.announce("stay-signed-in:/v1/auth:tab");
      scene.client.dispose();
      const tab = scene.world.open();
      const client = createAuthClient({ platform: tab.platform });
      client.start();
      await scene.world.advance(afterMs);
      client.dispose();
      await scene.world.settle();
      expect(scene.world.leftovers().filter((line) => line.startsWith(`tab ${tab.number}`))).toEqual([]);
      await scene.world.advance(1_000);
      expect(scene.world.network.requests.filter((request) => request.tab === tab.number)).toEqual([]);
      silent.crash();
    },
  );

  it("that was disposed of leaves its session to the next one", async () => {
    await using scene = await openSignedIn(1);
    scene.client.dispose();
    const client = scene.open(scene.tab);
    await scene.world.advance(1_000);
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });
});
