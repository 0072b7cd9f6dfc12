import { describe, expect, it } from "vitest";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { createSimulatedClock, createTabs } from "../../src/testing.ts";

function createWorld(count: number) {
  const clock = createSimulatedClock();
  const reuses: string[] = [];
  const server = createAuthServer({
    store: memoryStore({ now: clock.worldNow }),
    accessTokenSecret: "a secret for tests only, 32 bytes at least",
    publicUrl: "https://app.example",
    onAuditEvent: ({ type }) => void reuses.push(type),
  });
  const world = createTabs(count, { app: server.app, clock });
  const post = async (tab: number, path: string) => {
    const response = await world.tabs[tab - 1]!.platform.fetch(`/v1/auth${path}`, { method: "POST" });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { world, clock, server, post, events: reuses };
}

describe("the real server at the other end", () => {
  it("signs in, keeps its cookie in the jar and refreshes for every tab", async () => {
    const { world, clock, post } = createWorld(2);
    const guest = await post(1, "/guest");
    expect(guest.status).toBe(200);
    expect(world.jar.cookies().map(({ isHttpOnly, isSecure, path }) => [isHttpOnly, isSecure, path])).toEqual([
      [true, true, "/"],
    ]);
    await clock.advance(60_000);
    const [one, two] = await Promise.all([post(1, "/jwt/refresh"), post(2, "/jwt/refresh")]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.body["subject"]).toBe(guest.body["subject"]);
    await clock.advance(8 * 24 * 3_600_000);
    expect((await post(1, "/jwt/refresh")).body).toMatchObject({ detail: "REFRESH_TOKEN_MISSING" });
  });

  it("lives by the world's time: neither a jump of the client's clock nor its sleep confuses it", async () => {
    const { clock, post } = createWorld(1);
    await post(1, "/guest");
    await clock.advance(60_000);
    clock.jumpWall(-30 * 24 * 3_600_000);
    expect((await post(1, "/jwt/refresh")).status).toBe(200);
    await clock.sleep(6 * 24 * 3_600_000);
    expect((await post(1, "/jwt/refresh")).status).toBe(200);
  });

  it("stands a lost answer", async () => {
    const { world, clock, post, events } = createWorld(1);
    await post(1, "/guest");
    await clock.advance(60_000);
    world.network.addFault({ match: "/jwt/refresh", cut: "after" });
    await expect(post(1, "/jwt/refresh")).rejects.toThrow(TypeError);
    await clock.advance(3_600_000);
    expect((await post(1, "/jwt/refresh")).status).toBe(200);
    expect(events.join()).not.toMatch(/reuse/i);
  });

  it("runs the same story twice to the letter", async () => {
    const run = async () => {
      const { world, clock, post } = createWorld(4);
      world.network.latencyMs = [5, 200];
      await world.until(post(1, "/guest"));
      await clock.advance(60_000);
      await world.until(Promise.all([1, 2, 3, 4].map((tab) => post(tab, "/jwt/refresh"))));
      return world.timeline.toString();
    };
    expect(await run()).toBe(await run());
  });
});
