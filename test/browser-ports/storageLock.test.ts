import { describe, expect, it } from "vitest";
import { createStorageLock } from "../../src/browser/storageLock.ts";
import { createTabs, type SimulatedTab } from "../../src/testing.ts";

function createWorld(count: number, options: { seed?: number; storageDelayMs?: number } = {}) {
  const world = createTabs(count, { app: { fetch: () => new Response() }, seed: options.seed ?? 1 });
  world.storage.delayMs = options.storageDelayMs ?? 0;
  const locks = new Map<SimulatedTab, ReturnType<typeof createStorageLock>>();
  const lockOf = (tab: SimulatedTab) => {
    const { clock, random, storage } = tab.platform;
    const lock = locks.get(tab) ?? createStorageLock({ clock, random, storage: storage! });
    locks.set(tab, lock);
    return lock;
  };

  let inside = 0;
  let mostInside = 0;
  const entered: number[] = [];
  /** Holds the lock for `ms` of the tab's time; counts how many do so at once. */
  const hold = (tab: SimulatedTab, ms: number, signal = new AbortController().signal) =>
    lockOf(tab).request("lock", signal, async (waited) => {
      entered.push(tab.number);
      inside += 1;
      mostInside = Math.max(mostInside, inside);
      await new Promise<void>((resolve) => void tab.platform.clock.setTimer(resolve, ms));
      inside -= 1;
      return waited;
    });
  return { world, lockOf, hold, entered, mostInside: () => mostInside, inside: () => inside };
}

describe("createStorageLock", () => {
  const slowness = [1, 2, 3, 4].flatMap((seed) => [20, 70, 140].map((delayMs) => ({ seed, delayMs })));
  it.each(slowness)("lets six contenders in one by one (writes seen after $delayMs ms, seed $seed)", async (given) => {
    const { world, hold, entered, mostInside } = createWorld(6, { seed: given.seed, storageDelayMs: given.delayMs });
    // Each just before it would see the claim of the one before.
    const all = Promise.all(
      world.tabs.map(async (tab, index) => {
        await new Promise<void>((resolve) => void tab.platform.clock.setTimer(resolve, index * (given.delayMs - 1)));
        return hold(tab, 300);
      }),
    );
    const waited = await world.until(all);
    expect([...entered].sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(mostInside()).toBe(1);
    expect(waited.filter((one) => !one)).toHaveLength(1);
    await world.advance(1_000);
    expect(world.storage.contents()).toEqual({});
    world.dispose();
  });

  it("keeps two requests of one tab apart as well", async () => {
    const { world, hold, mostInside } = createWorld(1);
    await world.until(Promise.all([hold(world.tabs[0]!, 100), hold(world.tabs[0]!, 100)]));
    expect(mostInside()).toBe(1);
  });

  it("is claimed sooner by a tab that is by itself, until another one is there", async () => {
    const { world, lockOf, hold, inside } = createWorld(2);
    const [one, two] = world.tabs;
    lockOf(one!).announce("here");
    const alone = hold(one!, 10);
    await world.advance(60);
    expect(await world.until(alone)).toBe(false);
    lockOf(two!).announce("here");
    void hold(one!, 1_000);
    await world.advance(290);
    expect(inside()).toBe(0);
    await world.advance(100);
    expect(inside()).toBe(1);
  });

  it("is renewed for as long as the work takes", async () => {
    const { world, hold, entered } = createWorld(2);
    const [one, two] = world.tabs;
    const long = hold(one!, 60_000);
    await world.advance(400);
    const next = hold(two!, 10);
    await world.advance(50_000);
    expect(entered).toEqual([1]);
    await world.until(Promise.all([long, next]));
    expect(entered).toEqual([1, 2]);
  });

  it("is lost by a tab that crashes, after 5 s", async () => {
    const { world, hold, entered } = createWorld(2);
    const [one, two] = world.tabs;
    void hold(one!, 60_000);
    await world.advance(400);
    void hold(two!, 10);
    one!.crash();
    await world.advance(4_000);
    expect(entered).toEqual([1]);
    await world.advance(1_500);
    expect(entered).toEqual([1, 2]);
  });

  it("is lost by a tab that freezes, and not taken back when it thaws", async () => {
    const { world, hold, entered } = createWorld(3);
    const [one, two, three] = world.tabs;
    void hold(one!, 1_000_000);
    await world.advance(400);
    one!.freeze();
    await world.advance(10_000);
    const second = hold(two!, 10_000);
    await world.advance(400);
    one!.thaw();
    await world.advance(3_000);
    const third = hold(three!, 10);
    await world.until(second);
    expect(entered).toEqual([1, 2]);
    await world.until(third);
    expect(entered).toEqual([1, 2, 3]);
  });

  it("ends the wait with the signal's reason, and leaves nothing behind", async () => {
    const { world, hold } = createWorld(2);
    const [one, two] = world.tabs;
    const holding = hold(one!, 2_000);
    await world.advance(400);
    const controller = new AbortController();
    const outcome = hold(two!, 10, controller.signal).catch((error: unknown) => error);
    await world.advance(500);
    controller.abort(new Error("waited long enough"));
    expect(await outcome).toEqual(new Error("waited long enough"));
    await world.until(holding);
    const claiming = new AbortController();
    const early = hold(two!, 10, claiming.signal).catch((error: unknown) => error);
    await world.settle();
    claiming.abort(new Error("right after the claim"));
    expect(await early).toEqual(new Error("right after the claim"));
    await world.settle();
    expect(world.storage.contents()).toEqual({});
    world.dispose();
  });

  it("is let go when the work fails", async () => {
    const { world, lockOf } = createWorld(1);
    const signal = new AbortController().signal;
    const failing = lockOf(world.tabs[0]!).request("lock", signal, () => Promise.reject(new Error("no network")));
    await expect(world.until(failing)).rejects.toThrow("no network");
    expect(world.storage.contents()).toEqual({});
    world.dispose();
  });

  it.each(["throws", "full"] as const)("lets the work run when storage %s", async (storage) => {
    const { world, hold, lockOf } = createWorld(1);
    const [tab] = world.tabs;
    tab!.setConditions({ storage });
    await world.until(hold(tab!, 10));
    const withdraw = lockOf(tab!).announce("here");
    expect(await lockOf(tab!).countSiblings("here")).toBe(0);
    withdraw();
    world.dispose();
  });

  it.each(["{", "null", '{"owner":7}', '{"owner":"x","until":1e20}', '{"owner":"x"}'])(
    "waits for no lease that says %s",
    async (planted) => {
      const { world, hold } = createWorld(1);
      world.storage.plant("lock.lease", planted);
      const holding = hold(world.tabs[0]!, 0);
      await world.advance(400);
      expect(await holding).toBe(false);
    },
  );

  it("waits for no lease from before the clock was set back", async () => {
    const { world, hold, entered } = createWorld(2);
    void hold(world.tabs[0]!, 60_000);
    await world.advance(400);
    world.tabs[0]!.freeze();
    world.clock.jumpWall(-3_600_000);
    void hold(world.tabs[1]!, 10);
    await world.advance(400);
    expect(entered).toEqual([1, 2]);
  });

  it("counts tabs that are opened at once, though each writes over what the others have written", async () => {
    const { world, lockOf } = createWorld(4, { storageDelayMs: 50 });
    for (const tab of world.tabs) lockOf(tab).announce("here");
    await world.advance(1_000);
    for (const tab of world.tabs) expect(await lockOf(tab).countSiblings("here")).toBe(3);
  });

  it("counts siblings for as long as they beat", async () => {
    const { world, lockOf } = createWorld(3);
    const [one, two, three] = world.tabs.map(lockOf);
    const withdraw = one!.announce("here");
    expect([await one!.countSiblings("here"), await two!.countSiblings("here")]).toEqual([0, 1]);
    three!.announce("here");
    withdraw();
    expect(await one!.countSiblings("here")).toBe(1);
    await world.advance(600_000);
    expect(await one!.countSiblings("here")).toBe(1);
    world.tabs[2]!.crash();
    await world.advance(151_000);
    expect(await one!.countSiblings("here")).toBe(0);
  });
});
