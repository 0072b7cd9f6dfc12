import { createRequire } from "node:module";
import type { AxiosInstance } from "axios";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createMapStore, type TokenStore } from "../../src/core/tokenBackend/tokenStore.ts";
import { axiosOver, blockOf, clientOf, openTabs, requestsOf, storageOf } from "./support/migrationGuide.ts";

const require = createRequire(import.meta.url);

/** As another tab has it: with nothing of what the first one keeps in its module. */
function loadAnew(name: string): Record<string, never> {
  for (const path of Object.keys(require.cache)) if (path.includes(`/${name}/`)) delete require.cache[path];
  return require(name) as Record<string, never>;
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("the habits of the migration guide", () => {
  it.each(["flagAndQueue.ts", "retryMark.ts", "axiosAuthRefresh.ts"])(
    "%s, before: two tabs lose the session",
    async (name) => {
      const { world, api } = openTabs();
      const items = new Map<string, string>();
      const session = api.server.begin(42);
      for (const [key, value] of Object.entries(api.answer(session))) items.set(key, value);
      items.set("accessToken", "one that has expired");
      const instances = world.tabs.map(({ platform }) => {
        const instance = axiosOver(platform.fetch);
        const { createAuthRefreshInterceptor } = loadAnew("axios-auth-refresh");
        const given = [instance, axiosOver(platform.fetch), storageOf(items), createAuthRefreshInterceptor];
        blockOf(name, "api", "axios", "localStorage", "createAuthRefreshInterceptor")(...given);
        return instance;
      });
      let succeeded = 0;
      const count = (): unknown => (succeeded += 1);
      for (const instance of instances)
        for (let sent = 0; sent < 5; sent += 1) void instance.get("/notes").then(count, () => {});
      await world.settle();
      // The rest failed, or waits for ever in a queue that nobody empties.
      expect(succeeded).toBeLessThan(10);
      expect(api.refreshes()).toBeGreaterThan(1);
      expect(api.refusals()).toBeGreaterThan(0);
      world.dispose();
    },
  );

  const HOUR_MS = 3_600_000;

  /** A tab's axios with axios-jwt, signed in, on a machine whose clock goes wrong. */
  function openAxiosJwt(clockIsAheadMs: number) {
    const { world, api } = openTabs();
    // The package's key in the storage names the environment.
    const items = new Map([[`auth-tokens-${process.env.NODE_ENV}`, JSON.stringify(api.answer(api.server.begin(42)))]]);
    vi.stubGlobal("localStorage", storageOf(items));
    vi.stubGlobal("window", { localStorage });
    const { applyAuthTokenInterceptor } = loadAnew("axios-jwt");
    const instance = axiosOver(world.tabs[0]!.platform.fetch);
    blockOf(
      "axiosJwt.ts",
      "api",
      "axios",
      "applyAuthTokenInterceptor",
    )(instance, instance.create(), applyAuthTokenInterceptor);
    vi.useFakeTimers({ toFake: ["Date"], now: world.clock.now() + clockIsAheadMs });
    return { world, api, instance };
  }

  async function askFiveTimes(get: AxiosInstance["get"], until: <T>(work: Promise<T>) => Promise<T>): Promise<number> {
    let succeeded = 0;
    for (let sent = 0; sent < 5; sent += 1)
      await until(
        get("/notes")
          .then(() => (succeeded += 1))
          .catch(() => {}),
      );
    return succeeded;
  }

  it("axiosJwt.ts, before: a clock that is an hour ahead refreshes at every request", async () => {
    const { world, api, instance } = openAxiosJwt(HOUR_MS);
    expect(await askFiveTimes(instance.get, world.until)).toBe(5);
    expect(api.refreshes()).toBe(5);
    world.dispose();
  });

  it("axiosJwt.ts, before: one that is an hour behind never does, and the requests fail", async () => {
    const { world, api, instance } = openAxiosJwt(-HOUR_MS);
    await world.clock.sleep(HOUR_MS);
    vi.setSystemTime(world.clock.now() - HOUR_MS);
    expect(await askFiveTimes(instance.get, world.until)).toBe(0);
    expect(api.refreshes()).toBe(0);
    world.dispose();
  });

  it.each([HOUR_MS, -HOUR_MS])("after: a clock that is %i ms wrong costs nothing", async (clockIsAheadMs) => {
    const { world, api } = openTabs();
    const [tab] = world.tabs;
    const { clock, ...platform } = tab!.platform;
    const wrong = { ...platform, clock: { ...clock, now: () => clock.now() + clockIsAheadMs } };
    const items = new Map([["refreshToken", api.server.begin(42).refreshToken]]);
    const client = clientOf({ platform: wrong }, { shared: createMapStore(), items });
    const stop = client.start();
    await world.until(client.ready());
    const instance = requestsOf({ platform: wrong }, client);
    expect(await askFiveTimes(instance.get, world.until)).toBe(5);
    expect(api.refreshes()).toBe(1);
    await world.clock.sleep(HOUR_MS);
    expect(await askFiveTimes(instance.get, world.until)).toBe(5);
    stop();
    client.dispose();
    await world.settle();
    world.dispose();
  });

  it("after: two tabs refresh once, from the refresh token of the release before, and lose nothing", async () => {
    const { world, api } = openTabs();
    const items = new Map([["refreshToken", api.server.begin(42).refreshToken]]);
    const shared: TokenStore = createMapStore();
    const clients = world.tabs.map((tab) => clientOf(tab, { shared, items }));
    const instances = clients.map((client, index) => requestsOf(world.tabs[index]!, client));
    const stops = clients.map((client) => client.start());
    await world.until(Promise.all(clients.map((client) => client.ready())));
    const requests = instances.flatMap((instance) => Array.from({ length: 5 }, () => instance.get("/notes")));
    const outcomes = await world.until(Promise.allSettled(requests));
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
    expect([api.refreshes(), [...items.keys()]]).toEqual([1, []]);
    const mirrored = new Map<string, string>();
    blockOf("mirror.ts", "auth", "localStorage")(clients[0], storageOf(mirrored));
    await world.until(clients[0]!.refresh());
    expect(mirrored.get("accessToken")).toBe(clients[0]!.accessToken.getState());
    await world.until(clients[1]!.signOut());
    await world.settle();
    expect([...mirrored.keys()]).toEqual([]);
    for (const stop of stops) stop();
    for (const client of clients) client.dispose();
    await world.settle();
    world.dispose();
  });
});
