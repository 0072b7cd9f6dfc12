import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createTokenBackend } from "../../src/core/createTokenBackend.ts";
import { createMapStore, type TokenStore } from "../../src/core/tokenBackend/tokenStore.ts";
import { createTabs, type SimulatedTab } from "../../src/testing.ts";
import { createTokenServer } from "./support/tokenServer.ts";

type Place = "memory" | "sessionStorage";

/** A server that rotates without a grace time, and pages that keep its refresh token in no storage that tabs share. */
function openWorld(refreshToken: Place) {
  const world = createTabs(0, { app: { fetch: (request) => app.fetch(request) } });
  const server = createTokenServer({ now: world.clock.now });
  const app = new Hono();
  const answer = (session: ReturnType<typeof server.begin>) => ({
    access: server.issue(session, { sub: session.subject }),
    refresh: session.refreshToken,
  });
  app.post("/login", (c) => c.json(answer(server.begin(42))));
  app.post("/refresh", async (c) => {
    const session = server.redeem((await c.req.json()).refresh, { rotates: true });
    return session === null ? c.json({ message: "Invalid token" }, 401) : c.json(answer(session));
  });

  function openPage({ copy = createMapStore(), tab = world.open() }: { copy?: TokenStore; tab?: SimulatedTab } = {}) {
    const { clock, random, openChannel } = tab.platform;
    const backend = createTokenBackend({
      baseUrl: "https://app.example",
      signIn: () => ({ path: "login" }),
      refresh: (refresh) => ({ path: "refresh", json: { refresh } }),
      tokens: ({ access, refresh }) => ({ accessToken: access, refreshToken: refresh }),
      refreshToken,
      platform: { clock, random, openChannel, storages: { sessionStorage: copy } },
    });
    const client = createAuthClient({ backend, platform: tab.platform, namespace: "app" });
    const stop = client.start();
    return {
      client,
      copy,
      close() {
        stop();
        client.dispose();
        tab.close();
      },
    };
  }
  return { world, server, openPage };
}

describe.each<Place>(["memory", "sessionStorage"])("a refresh token in %s", (place) => {
  it("outlives the tab that it came to, for as long as another one is open", async () => {
    const { world, openPage } = openWorld(place);
    const first = openPage();
    await world.until(first.client.signIn({ username: "ada", password: "any" }));
    const second = openPage();
    await world.until(second.client.ready());
    await world.advance(30_000);
    first.close();
    await world.advance(30_000);
    expect(second.client.getState().status).toBe("authenticated");
    expect(world.log().filter(({ tab, path }) => tab === 2 && path === "/refresh").length).toBeGreaterThan(3);
    second.close();
    await world.settle();
    world.dispose();
  });

  it("is the newest one in every tab, so that a server without a grace time is shown no old one", async () => {
    const { world, openPage } = openWorld(place);
    const pages = [openPage(), openPage(), openPage()];
    await world.settle();
    await world.until(pages[0]!.client.signIn({ username: "ada", password: "any" }));
    await world.settle();
    for (let round = 0; round < 6; round += 1) {
      await world.until(pages[round % 3]!.client.refresh());
      await world.advance(1_500);
    }
    expect(world.log().filter(({ serverStatus }) => serverStatus === 401)).toEqual([]);
    for (const page of pages) page.close();
    await world.settle();
    world.dispose();
  });

  it("signs nobody in again after a sign-out in another tab", async () => {
    const { world, openPage } = openWorld(place);
    const [one, other] = [openPage(), openPage()];
    await world.settle();
    await world.until(one.client.signIn({ username: "ada", password: "any" }));
    await world.settle();
    await world.until(other.client.signOut());
    one.close();
    const again = openPage({ copy: one.copy });
    expect(await world.until(again.client.ready())).toMatchObject({ status: "unauthenticated" });
    other.close();
    again.close();
    await world.settle();
    world.dispose();
  });
});

it("outlives a reload in sessionStorage, and not in memory", async () => {
  for (const [place, status] of [
    ["sessionStorage", "authenticated"],
    ["memory", "unauthenticated"],
  ] as const) {
    const { world, openPage } = openWorld(place);
    const page = openPage();
    await world.until(page.client.signIn({ username: "ada", password: "any" }));
    page.close();
    await world.settle();
    const again = openPage({ copy: page.copy });
    expect(await world.until(again.client.ready()), place).toMatchObject({ status });
    again.close();
    await world.settle();
    world.dispose();
  }
});
