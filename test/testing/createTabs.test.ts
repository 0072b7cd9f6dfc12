import { describe, expect, it } from "vitest";
import { createSimulatedClock, createTabs, overlap } from "../../src/testing.ts";
import { createCountingApp } from "./support.ts";

const REFRESH = "/v1/auth/jwt/refresh";

function createWorld(count: number, options: Partial<Parameters<typeof createTabs>[1]> = {}) {
  const server = createCountingApp();
  const clock = createSimulatedClock();
  const world = createTabs(count, { app: server.app, clock, ...options });
  const fetchOf = (tab: number) => world.tabs[tab - 1]!.platform.fetch;
  const refresh = (tab: number, init: RequestInit = {}) => fetchOf(tab)(REFRESH, { method: "POST", ...init });
  return { server, clock, world, refresh };
}

describe("requests", () => {
  it("share one cookie jar between the tabs, without any time passing", async () => {
    const { world, refresh } = createWorld(2);
    expect(await (await refresh(1)).json()).toEqual({ presented: "none", issued: "1" });
    expect(await (await refresh(2)).json()).toEqual({ presented: "1", issued: "2" });
    expect(world.refreshes().map(({ tab, outcome }) => [tab, outcome])).toEqual([
      [1, "answered"],
      [2, "answered"],
    ]);
    world.dispose();
  });

  it("show no Set-Cookie to the page", async () => {
    const { refresh } = createWorld(1);
    const response = await refresh(1);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("reach the server in the order in which their delays end", async () => {
    const { world, refresh } = createWorld(2);
    world.network.addFault({ tab: 1, delayBeforeMs: 500 });
    const late = refresh(1);
    const early = refresh(2);
    await world.advance(1_000);
    expect(await (await early).json()).toMatchObject({ issued: "1" });
    // The jar was read when the request left, so the late one carries what was there then.
    expect(await (await late).json()).toEqual({ presented: "none", issued: "2" });
    const [one, other] = world.refreshes();
    expect(one!.tab).toBe(2);
    expect(overlap(one!, other!)).toBe(true);
  });

  it("are handled one at a time, so that the order in the server is the same in each run", async () => {
    const handled: string[] = [];
    const app = {
      async fetch(request: Request) {
        const { pathname } = new URL(request.url);
        const size = pathname === "/long" ? 20_000_000 : 1;
        handled.push(`${pathname} begins`);
        await crypto.subtle.digest("SHA-256", new Uint8Array(size));
        handled.push(`${pathname} ends`);
        return new Response(pathname);
      },
    };
    const { world } = createWorld(1, { app });
    const { fetch } = world.tabs[0]!.platform;
    await Promise.all([fetch("/long"), fetch("/short")]);
    expect(handled).toEqual(["/long begins", "/long ends", "/short begins", "/short ends"]);
  });

  it("leave their cookies in the order of arrival, so that a late answer puts an old one back", async () => {
    const { world, refresh } = createWorld(2);
    world.network.addFault({ tab: 1, delayAfterMs: 2_000 });
    const slow = refresh(1);
    await world.settle();
    await refresh(2);
    expect(world.jar.cookies().map(({ value }) => value)).toEqual(["2"]);
    await world.advance(2_000);
    await slow;
    expect(world.jar.cookies().map(({ value }) => value)).toEqual(["1"]);
  });

  it("fail before the server knows, or after it has acted", async () => {
    const { server, world, refresh } = createWorld(1);
    world.network.addFault({ match: "/refresh", cut: "before" });
    await expect(refresh(1)).rejects.toThrow(TypeError);
    expect(server.count()).toBe(0);
    world.network.addFault({ match: "/refresh", cut: "after" });
    await expect(refresh(1)).rejects.toThrow(TypeError);
    expect(server.count()).toBe(1);
    expect(world.jar.cookies()).toEqual([]);
    world.network.addFault({ match: "/refresh", cut: "body" });
    const response = await refresh(1);
    expect(response.headers.getSetCookie()).toEqual([]);
    await expect(response.json()).rejects.toThrow();
    expect(world.jar.cookies().map(({ value }) => value)).toEqual(["2"]);
  });

  it("get a gateway's answer instead of the server's, which may have acted all the same", async () => {
    const { server, world, refresh } = createWorld(1);
    const outage = world.network.addFault({ answer: { status: 502, body: "<h1>Bad gateway</h1>" }, times: 2 });
    expect((await refresh(1)).status).toBe(502);
    expect((await refresh(1)).status).toBe(502);
    expect((await refresh(1)).status).toBe(200);
    expect([outage.hits, server.count()]).toEqual([2, 1]);
    world.network.addFault({ answer: { status: 504 }, reachesServer: true });
    expect((await refresh(1)).status).toBe(504);
    expect(server.count()).toBe(2);
    expect(world.jar.cookies().map(({ value }) => value)).toEqual(["1"]);
  });

  it("wait at a hold until they are let go", async () => {
    const { server, world, refresh } = createWorld(1);
    const held = world.network.addFault({ hold: "after" });
    let isBack = false;
    void refresh(1).then(() => (isBack = true));
    await world.advance(60_000);
    expect([server.count(), isBack]).toEqual([1, false]);
    held.release();
    await world.settle();
    expect(isBack).toBe(true);
  });

  it("that are aborted still act and leave their cookie, unless the world says otherwise", async () => {
    const { server, world, refresh } = createWorld(1);
    const abortedOnTheWay = async () => {
      world.network.addFault({ delayBeforeMs: 100, delayAfterMs: 100 });
      const controller = new AbortController();
      const outcome = refresh(1, { signal: controller.signal }).catch((error: unknown) => error);
      await world.advance(50);
      controller.abort(new Error("enough"));
      expect(await outcome).toEqual(new Error("enough"));
      await world.advance(500);
    };
    await abortedOnTheWay();
    expect([server.count(), world.jar.cookies().length]).toEqual([1, 1]);
    world.jar.clear();
    world.network.abandoned.cookies = "lost";
    await abortedOnTheWay();
    expect([server.count(), world.jar.cookies().length]).toEqual([2, 0]);
    world.network.abandoned.request = "lost";
    await abortedOnTheWay();
    expect(server.count()).toBe(2);
  });

  it("fail at once offline, those under way included", async () => {
    const { server, world, refresh } = createWorld(1);
    const [tab] = world.tabs;
    const signals: string[] = [];
    tab!.platform.signals.subscribe((signal) => signals.push(signal));
    world.network.addFault({ delayBeforeMs: 1_000 });
    const underWay = refresh(1).catch((error: unknown) => error);
    await world.settle();
    tab!.goOffline();
    expect(await underWay).toBeInstanceOf(TypeError);
    await expect(refresh(1)).rejects.toThrow("Failed to fetch");
    await world.advance(5_000);
    expect(server.count()).toBe(0);
    expect(tab!.platform.signals.isOnline()).toBe(false);
    tab!.goOnline();
    expect((await refresh(1)).status).toBe(200);
    expect(signals).toEqual(["offline", "online"]);
  });
});
