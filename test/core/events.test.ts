import { describe, expect, it } from "vitest";
import type { Signal } from "../../src/core/ports.ts";
import { isAuthError } from "../../src/core/authError.ts";
import { openSignedIn, record } from "./scene.ts";
import { ADA, BOB } from "./support.ts";

const burst: readonly Signal[] = ["visible", "online", "restored", "resumed"];

describe("wake-ups", () => {
  // B083 https://github.com/better-auth/better-auth/issues/9613
  it.each([
    ["a fresh token", 0, 0],
    ["a token in the middle of its life", 450_000, 0],
    ["a token that has ended", 3_600_000, 1],
  ])("all at once, ten times, with %s", async (_name, jumpMs, expected) => {
    await using scene = await openSignedIn(1);
    scene.clock.jumpWall(jumpMs);
    for (let time = 0; time < 10; time += 1) for (const signal of burst) scene.tab.signal(signal);
    await scene.world.advance(20_000);
    expect(scene.since()).toHaveLength(expected);
  });

  // B084 https://github.com/better-auth/better-auth/pull/6110
  it.each([...burst, "hidden"] as const)("fifty times `%s` in five seconds ask the server nothing", async (signal) => {
    await using scene = await openSignedIn(1);
    const before = scene.world.network.requests.length;
    const { events, states } = record(scene.client);
    for (let time = 0; time < 50; time += 1) {
      scene.tab.signal(signal);
      await scene.world.advance(100);
    }
    expect(scene.world.network.requests.length).toBe(before);
    expect([...events, ...states]).toEqual(["authenticated"]);
  });

  // B084 https://github.com/better-auth/better-auth/pull/6110
  it.each(burst)("fifty times `%s` in an outage ask once in five seconds at most", async (signal) => {
    await using scene = await openSignedIn(1);
    scene.world.network.addFault({ match: "/jwt/refresh", cut: "before", times: Number.POSITIVE_INFINITY });
    scene.clock.jumpWall(3_600_000);
    await scene.world.advance(60_000);
    const before = scene.world.network.requests.length;
    for (let time = 0; time < 200; time += 1) {
      scene.tab.signal(signal);
      await scene.world.advance(100);
    }
    expect(scene.world.network.requests.length - before).toBeLessThanOrEqual(5);
    expect(scene.client.getState().status).toBe("authenticated");
  });
});

describe("a snapshot", () => {
  // B149 https://github.com/supabase/supabase-js/issues/663
  it("is the same object while nothing changes, and nobody is told", async () => {
    await using scene = await openSignedIn(2);
    const shown = scene.clients.map((client) => client.getState());
    const logs = scene.clients.map(record);
    for (const tab of scene.world.tabs) for (const signal of burst) tab.signal(signal);
    await scene.world.until(scene.client.refresh());
    await scene.world.advance(3_600_000);
    for (let look = 0; look < 100; look += 1) {
      for (const [index, client] of scene.clients.entries()) expect(client.getState()).toBe(shown[index]);
    }
    for (const { states } of logs) expect(states).toEqual(["authenticated"]);
  });

  it.each(["activity", "accessToken"] as const)("of the %s is one object, too", async (axis) => {
    await using scene = await openSignedIn(1);
    const shown = scene.client[axis].getState();
    for (let look = 0; look < 100; look += 1) expect(scene.client[axis].getState()).toBe(shown);
  });
});

describe("the end of a session", () => {
  // B166 https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/7040
  it.each([1, 6, 40])("is told once, however many (%s) wait for a token", async (count) => {
    await using scene = await openSignedIn(3);
    const logs = scene.clients.map(record);
    await scene.world.advance(1_000);
    scene.world.jar.clear();
    scene.clock.jumpWall(3_600_000);
    const waits = scene.clients.flatMap((client) =>
      Array.from({ length: count }, () =>
        client.getAccessToken().then(
          () => "a token",
          (error: unknown) => (isAuthError(error) ? error.code : String(error)),
        ),
      ),
    );
    expect(new Set(await scene.world.until(Promise.all(waits)))).toEqual(new Set(["sessionEnded"]));
    await scene.world.advance(60_000);
    for (const { events } of logs) expect(events.filter((event) => event === "sessionEnded")).toHaveLength(1);
    expect(scene.since()).toHaveLength(1);
  });
});

describe("what is told", () => {
  it("comes before the state is shown, in the order in which it happened", async () => {
    await using scene = await openSignedIn(1);
    const order: string[] = [];
    scene.client.on("identityChanged", () => order.push("identityChanged"));
    scene.client.on("signedIn", () => order.push("signedIn"));
    scene.client.subscribe(() => order.push("shown"));
    await scene.world.until(scene.client.signIn(BOB));
    expect(order).toEqual(["identityChanged", "signedIn", "shown"]);
  });

  it("is told to all although one listener throws, and the error is thrown in a later task", async () => {
    await using scene = await openSignedIn(1);
    const heard: string[] = [];
    const failure = new Error("a listener's own");
    scene.client.on("signedOut", () => {
      throw failure;
    });
    scene.client.on("signedOut", () => heard.push("event"));
    scene.client.subscribe(() => {
      throw failure;
    });
    scene.client.subscribe(() => heard.push("state"));
    const signingOut = scene.client.signOut();
    expect(heard).toEqual(["event", "state"]);
    await expect(scene.world.settle()).rejects.toBe(failure);
    await expect(scene.world.settle()).rejects.toBe(failure);
    await scene.world.until(signingOut);
  });

  it("to a listener that acts in the middle of a change is in order for everybody", async () => {
    await using scene = await openSignedIn(1);
    await scene.world.until(scene.client.signOut());
    const states: string[] = [];
    scene.client.on("signedIn", () => void scene.client.signOut());
    scene.client.subscribe(() => states.push(scene.client.getState().status));
    await scene.world.until(scene.client.signIn(ADA).catch(() => {}));
    await scene.world.advance(1_000);
    expect(states.at(-1)).toBe("unauthenticated");
    expect(scene.client.accessToken.getState()).toBe(null);
  });

  it("is no longer told to who has left, also in the middle of telling", async () => {
    await using scene = await openSignedIn(1);
    const heard: string[] = [];
    let leave = (): void => {};
    scene.client.on("signedOut", () => leave());
    leave = scene.client.on("signedOut", () => heard.push("left"));
    leave();
    leave = scene.client.on("signedOut", () => heard.push("left in the middle"));
    await scene.world.until(scene.client.signOut());
    expect(heard).toEqual([]);
  });
});
