import { describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { type IdleSignOut, signOutWhenIdle } from "../../src/endings/signOutWhenIdle.ts";
import { openWorld, ADA } from "../core/support.ts";
import { recordEvents } from "../support/recordEvents.ts";

const MINUTE = 60_000;
const AFTER = 15 * MINUTE;
type World = Awaited<ReturnType<typeof openWorld>>["world"];
type Tab = World["tabs"][number];

/** What somebody does in one tab. */
function createHands() {
  const listeners = new Set<() => void>();
  return {
    move: () => listeners.forEach((listener) => listener()),
    activity: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

interface Watched {
  readonly tab: Tab;
  readonly client: AuthClient;
  readonly idle: IdleSignOut;
  readonly hands: ReturnType<typeof createHands>;
  readonly warned: number[];
}

function watch(tab: Tab, client: AuthClient): Watched {
  const hands = createHands();
  const warned: number[] = [];
  const idle = signOutWhenIdle(client, {
    afterMs: AFTER,
    warnMs: MINUTE,
    onWarn: (at) => void warned.push(at),
    activity: hands.activity,
  });
  return { tab, client, idle, hands, warned };
}

/** Tabs in which Ada is signed in, each with its own idle sign-out. */
async function openTabs(tabCount: number, conditions: { storage?: "throws"; lock?: "missing" } = {}) {
  const opened = await openWorld(tabCount, { world: conditions });
  const { world, clients } = opened;
  const stops: (() => void)[] = [];
  const begin = (tab: Tab, client: AuthClient): Watched => {
    const begun = watch(tab, client);
    stops.push(begun.idle.stop);
    return begun;
  };
  const watched = world.tabs.map((tab, index) => begin(tab, clients[index] as AuthClient));
  await world.until(Promise.all(clients.map((client) => client.ready())));
  await world.until((clients[0] as AuthClient).signIn(ADA));
  await world.settle();
  const at = (number: number): Watched => watched[number - 1] as Watched;
  const logouts = () => world.network.requests.filter(({ path }) => path.endsWith("/jwt/logout"));
  const statuses = () => clients.map((client) => client.getState().status);
  const dispose = opened[Symbol.asyncDispose];
  return Object.assign(opened, {
    watched,
    begin,
    at,
    logouts,
    statuses,
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      await dispose();
    },
  });
}

describe("an idle sign-out", () => {
  it("warns in all tabs once and at the same moment, then signs all of them out by one request", async () => {
    await using scene = await openTabs(3);
    await scene.world.advance(AFTER - MINUTE - 5_000);
    expect(scene.watched.map(({ idle }) => idle.getState())).toEqual([null, null, null]);
    await scene.world.advance(6_000);
    expect(new Set(scene.watched.map(({ idle }) => idle.getState())).size).toBe(1);
    expect(scene.at(1).idle.getState()).not.toBeNull();
    expect(scene.watched.map(({ warned }) => warned.length)).toEqual([1, 1, 1]);
    expect(scene.logouts()).toHaveLength(0);
    await scene.world.advance(MINUTE);
    expect(scene.clients.map((client) => client.getState())).toMatchObject(
      Array.from({ length: 3 }, () => ({ status: "unauthenticated", reason: "signedOut" })),
    );
    expect(scene.watched.map(({ idle }) => idle.getState())).toEqual([null, null, null]);
    expect(scene.logouts()).toHaveLength(1);
  });

  // A06 https://github.com/rednez/angular-user-idle/issues/67
  it("counts what somebody does in any tab, and takes every tab's warning back", async () => {
    await using scene = await openTabs(2);
    await scene.world.advance(AFTER - 30_000);
    expect(scene.at(1).idle.getState()).not.toBeNull();
    scene.at(2).hands.move();
    await scene.world.settle();
    expect(scene.watched.map(({ idle }) => idle.getState())).toEqual([null, null]);
    await scene.world.advance(AFTER - 2 * MINUTE);
    scene.at(2).hands.move();
    await scene.world.advance(AFTER - 2 * MINUTE);
    expect(scene.statuses()).toEqual(["authenticated", "authenticated"]);
    await scene.world.advance(2 * MINUTE + 1_000);
    expect(scene.statuses()).toEqual(["unauthenticated", "unauthenticated"]);
  });

  it("counts the last thing that somebody did, though what is written is throttled", async () => {
    await using scene = await openTabs(2);
    const writes = () => scene.world.timeline.entries().filter(({ what }) => what.includes(":active")).length;
    const before = writes();
    for (let step = 0; step < 100; step += 1) {
      scene.at(1).hands.move();
      await scene.world.advance(100);
    }
    expect(writes() - before).toBeLessThan(5);
    await scene.world.advance(AFTER - 7_000);
    expect(scene.statuses()).toEqual(["authenticated", "authenticated"]);
    await scene.world.advance(8_000);
    expect(scene.statuses()).toEqual(["unauthenticated", "unauthenticated"]);
  });

  it("signs a laptop out that has slept, at the first thing that it hears of, and does not count that", async () => {
    await using scene = await openTabs(1);
    const states: string[] = [];
    // As on waking: the clock has gone on, and no timer has run yet.
    scene.clock.jumpWall(AFTER + MINUTE);
    scene.at(1).client.subscribe(() => void states.push(scene.at(1).client.getState().status));
    scene.at(1).hands.move();
    expect(scene.at(1).client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(states).toEqual(["unauthenticated"]);
  });

  it("signs out at the load of a page after the time, before it shows anybody", async () => {
    await using scene = await openTabs(1);
    scene.at(1).idle.stop();
    scene.at(1).tab.close();
    scene.at(1).client.dispose();
    await scene.world.advance(AFTER + MINUTE);
    const tab = scene.world.open();
    const client = createAuthClient({ platform: tab.platform });
    scene.clients.push(client);
    const events = recordEvents(client);
    const states: string[] = [];
    client.subscribe(() => void states.push(client.getState().status));
    scene.begin(tab, client);
    client.start();
    await scene.world.advance(5_000);
    expect(states).toEqual(["unauthenticated"]);
    expect(events).not.toContain("signedIn");
    expect(client.getState()).toMatchObject({ reason: "signedOut" });
    await expect(scene.world.until(client.adopt())).rejects.toMatchObject({ code: "sessionEnded" });
  });

  it("goes on counting over a reload, which is no activity", async () => {
    await using scene = await openTabs(1);
    await scene.world.advance(AFTER - 5 * MINUTE);
    scene.at(1).idle.stop();
    scene.at(1).tab.close();
    scene.at(1).client.dispose();
    const tab = scene.world.open();
    const client = createAuthClient({ platform: tab.platform });
    scene.clients.push(client);
    scene.begin(tab, client);
    client.start();
    await scene.world.advance(4 * MINUTE);
    expect(client.getState().status).toBe("authenticated");
    await scene.world.advance(MINUTE + 1_000);
    expect(client.getState().status).toBe("unauthenticated");
  });

  it("is not put off by a clock that is set back", async () => {
    await using scene = await openTabs(2);
    await scene.world.advance(AFTER - 5 * MINUTE);
    scene.clock.jumpWall(-60 * MINUTE);
    await scene.world.advance(5 * MINUTE + 1_000);
    expect(scene.statuses()).toEqual(["unauthenticated", "unauthenticated"]);
  });

  it("is each tab's own where the storage is blocked, and says so", async () => {
    await using scene = await openTabs(1, { storage: "throws" });
    expect(scene.at(1).tab.warnings.join(" ")).toContain("who is idle is found out by each tab for itself");
    await scene.world.advance(AFTER - MINUTE);
    scene.at(1).hands.move();
    await scene.world.advance(AFTER - MINUTE - 1_000);
    expect(scene.statuses()).toEqual(["authenticated"]);
    await scene.world.advance(MINUTE + 2_000);
    expect(scene.statuses()).toEqual(["unauthenticated"]);
  });

  it("begins anew with whoever signs in", async () => {
    await using scene = await openTabs(1);
    await scene.world.advance(AFTER + 1_000);
    await scene.world.until(scene.at(1).client.signIn(ADA));
    await scene.world.advance(AFTER - 2 * MINUTE);
    expect(scene.statuses()).toEqual(["authenticated"]);
    await scene.world.advance(2 * MINUTE + 1_000);
    expect(scene.statuses()).toEqual(["unauthenticated"]);
  });

  it("signs out all the same when the tab that took it upon itself is gone", async () => {
    await using scene = await openTabs(2);
    await scene.world.advance(AFTER - 1_000);
    scene.world.storage.plant(`${scene.at(1).client.internals.namespace}:active`, null);
    await scene.world.advance(4_000);
    expect(scene.statuses()).toEqual(["unauthenticated", "unauthenticated"]);
  });

  it("signs out by itself after two seconds where another tab keeps its turn", async () => {
    await using scene = await openTabs(1);
    scene.world.lock.orphan(`${scene.at(1).client.internals.namespace}:idle`);
    await scene.world.advance(AFTER + 1_500);
    expect(scene.statuses()).toEqual(["authenticated"]);
    await scene.world.advance(1_500);
    expect(scene.statuses()).toEqual(["unauthenticated"]);
  });

  it("signs out where there is no lock", async () => {
    await using scene = await openTabs(2, { lock: "missing" });
    await scene.world.advance(AFTER + 1_000);
    expect(scene.statuses()).toEqual(["unauthenticated", "unauthenticated"]);
  });

  it("asks for spans that make sense", async () => {
    await using scene = await openTabs(1);
    const { client } = scene.at(1);
    expect(() => signOutWhenIdle(client, { afterMs: 0 })).toThrow(/`afterMs` must be a positive number/);
    expect(() => signOutWhenIdle(client, { afterMs: 1_000, warnMs: 1_000 })).toThrow(/`warnMs` must be less/);
    expect(() => signOutWhenIdle(client, { afterMs: 1_000, idle: 1 } as never)).toThrow(/has no `idle`/);
  });
});
