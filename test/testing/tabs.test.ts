import { describe, expect, it } from "vitest";
import type { Platform } from "../../src/core/ports.ts";
import { createTabs } from "../../src/testing.ts";
import { createCountingApp } from "./support.ts";

const REFRESH = "/v1/auth/jwt/refresh";

function createWorld(count: number, options: Partial<Parameters<typeof createTabs>[1]> = {}) {
  const server = createCountingApp();
  const world = createTabs(count, { app: server.app, ...options });
  const tab = (number: number) => world.tabs[number - 1]!;
  const platform = (number: number): Platform => tab(number).platform;
  /** Opens the channel in a tab and collects what it hears. */
  const listen = (number: number) => {
    const heard: unknown[] = [];
    const channel = platform(number).openChannel!("channel", (message) => heard.push(message));
    return { heard, ...channel };
  };
  const never = () => new AbortController().signal;
  /** Takes the lock in a tab and keeps it until told. */
  const takeLock = (number: number, signal = never()) => {
    const log: string[] = [];
    let letGo = () => {};
    const done = platform(number)
      .lock!.request("lock", signal, (waited) => {
        log.push(waited ? "waited" : "at once");
        return new Promise<void>((resolve) => {
          letGo = resolve;
        });
      })
      .catch((error: unknown) => void log.push(String(error)));
    return { log, done, letGo: () => letGo() };
  };
  return { server, world, tab, platform, listen, takeLock };
}

describe("the channel", () => {
  it("delivers a copy to every other tab in order, never to its own", async () => {
    const { world, listen } = createWorld(3);
    const [one, two, three] = [listen(1), listen(2), listen(3)];
    const message = { kind: "hello", list: [1] };
    one.post(message);
    one.post("second");
    message.list.push(2);
    await world.settle();
    expect(one.heard).toEqual([]);
    expect(two.heard).toEqual([{ kind: "hello", list: [1] }, "second"]);
    expect(three.heard).toEqual(two.heard);
  });

  it("refuses what cannot be cloned, and anything once closed", () => {
    const { listen } = createWorld(1);
    const channel = listen(1);
    expect(() => channel.post(() => {})).toThrow();
    channel.close();
    expect(() => channel.post("late")).toThrow("closed");
  });

  it("drops, delays, doubles and reorders", async () => {
    const { world, listen } = createWorld(2);
    const [one, two] = [listen(1), listen(2)];
    world.channel.decide = (message) => {
      if (message === "lost") return { drop: true };
      if (message === "slow") return { delayMs: 1_000 };
      return message === "twice" ? { duplicateAfterMs: 500 } : null;
    };
    for (const message of ["slow", "lost", "twice", "plain"]) one.post(message);
    await world.advance(2_000);
    expect(two.heard).toEqual(["twice", "plain", "twice", "slow"]);
  });

  it("draws what goes wrong from the seed, the same in each run", async () => {
    const run = async (seed: number) => {
      const { world, listen } = createWorld(2, { seed });
      const [one, two] = [listen(1), listen(2)];
      Object.assign(world.channel, { delayMs: [0, 100], dropRate: 0.3, duplicateRate: 0.3 });
      for (let number = 0; number < 30; number += 1) one.post(number);
      await world.advance(1_000);
      return two.heard;
    };
    const heard = await run(7);
    expect(await run(7)).toEqual(heard);
    expect(await run(8)).not.toEqual(heard);
    expect(heard).not.toEqual([...heard].sort((a, b) => Number(a) - Number(b)));
  });

  it("reaches a frozen tab when it thaws, after it was told", async () => {
    const { world, tab, platform, listen } = createWorld(2);
    const [one, two] = [listen(1), listen(2)];
    platform(2).signals.subscribe((signal) => two.heard.push(signal));
    tab(2).freeze();
    one.post("meanwhile");
    await world.advance(1_000);
    expect(two.heard).toEqual([]);
    tab(2).thaw();
    await world.settle();
    expect(two.heard).toEqual(["resumed", "meanwhile"]);
  });

  it("loses messages for a page in the page cache, or keeps them", async () => {
    const { world, tab, listen } = createWorld(2);
    const [one, two] = [listen(1), listen(2)];
    tab(2).suspend();
    one.post("lost");
    await world.settle();
    world.channel.whileSuspended = "kept";
    one.post("kept");
    tab(2).restore();
    await world.settle();
    expect(two.heard).toEqual(["kept"]);
  });

  it("can be missing, or throw", () => {
    const { world } = createWorld(0);
    expect(world.open({ channel: "missing" }).platform.openChannel).toBeUndefined();
    expect(() => world.open({ channel: "throws" }).platform.openChannel!("channel", () => {})).toThrow(DOMException);
  });

  it("carries a stranger's messages", async () => {
    const { world, listen } = createWorld(2);
    const [one, two] = [listen(1), listen(2)];
    world.channel.inject("channel", { hostile: true }, 2);
    await world.settle();
    expect([one.heard, two.heard]).toEqual([[], [{ hostile: true }]]);
  });
});

describe("the lock", () => {
  it("is held by one tab at a time, in the order of asking", async () => {
    const { world, takeLock } = createWorld(3);
    const takes = [takeLock(1), takeLock(2), takeLock(3)];
    await world.settle();
    expect(takes.map(({ log }) => log)).toEqual([["at once"], [], []]);
    takes[0]!.letGo();
    await world.settle();
    expect(takes.map(({ log }) => log)).toEqual([["at once"], ["waited"], []]);
    expect(world.lock.holderOf("lock")).toBe(2);
  });

  it("is let go when the work fails, and left by who stops waiting", async () => {
    const { world, platform, takeLock } = createWorld(3);
    const failing = platform(1).lock!.request("lock", new AbortController().signal, () =>
      Promise.reject(new Error("no")),
    );
    await expect(failing).rejects.toThrow("no");
    const holder = takeLock(1);
    const impatience = new AbortController();
    const impatient = takeLock(2, impatience.signal);
    const patient = takeLock(3);
    await world.settle();
    expect(world.lock.waitingCount("lock")).toBe(2);
    impatience.abort(new Error("waited long enough"));
    expect(world.lock.waitingCount("lock")).toBe(1);
    holder.letGo();
    await world.settle();
    expect(impatient.log).toEqual(["Error: waited long enough"]);
    expect(patient.log).toEqual(["waited"]);
  });

  it("stays with a frozen tab and is freed by a crash", async () => {
    const { world, tab, takeLock } = createWorld(2);
    takeLock(1);
    const waiting = takeLock(2);
    await world.settle();
    tab(1).freeze();
    await world.advance(3_600_000);
    expect(waiting.log).toEqual([]);
    tab(1).crash();
    await world.settle();
    expect(waiting.log).toEqual(["waited"]);
  });

  it("granted to a frozen tab is held by it all the same", async () => {
    const { world, tab, takeLock } = createWorld(2);
    const holder = takeLock(1);
    const frozen = takeLock(2);
    await world.settle();
    tab(2).freeze();
    holder.letGo();
    await world.settle();
    expect([world.lock.holderOf("lock"), frozen.log]).toEqual([2, []]);
    tab(2).thaw();
    await world.settle();
    expect(frozen.log).toEqual(["waited"]);
  });

  it("of a page in the page cache, when it is wanted, costs that page its place", async () => {
    const { world, tab, takeLock } = createWorld(2);
    takeLock(1);
    await world.settle();
    tab(1).suspend();
    const wanting = takeLock(2);
    await world.settle();
    expect([tab(1).status(), wanting.log]).toEqual(["evicted", ["waited"]]);
  });

  it("can be slow, orphaned, missing, or throw", async () => {
    const { world, takeLock, platform } = createWorld(1);
    world.lock.grantDelayMs = 400;
    const slow = takeLock(1);
    await world.advance(399);
    expect(slow.log).toEqual([]);
    await world.advance(1);
    expect(slow.log).toEqual(["at once"]);
    world.lock.orphan("other");
    const signal = new AbortController().signal;
    let isGranted = false;
    void platform(1).lock!.request("other", signal, async () => {
      isGranted = true;
    });
    await world.advance(1_000_000);
    expect([isGranted, world.lock.holderOf("other")]).toEqual([false, 0]);
    world.lock.free("other");
    await world.advance(400);
    expect(isGranted).toBe(true);
    expect(world.open({ lock: "missing" }).platform.lock).toBeUndefined();
    const throwing = world.open({ lock: "throws" }).platform.lock!;
    await expect(throwing.request("lock", signal, async () => {})).rejects.toThrow(DOMException);
  });

  it("counts siblings until they are gone", async () => {
    const { tab, platform } = createWorld(2);
    platform(1).lock!.announce("here");
    expect(await platform(1).lock!.countSiblings("here")).toBe(0);
    expect(await platform(2).lock!.countSiblings("here")).toBe(1);
    tab(1).close();
    expect(await platform(2).lock!.countSiblings("here")).toBe(0);
  });
});

describe("shared storage", () => {
  it("is seen by all tabs at once, and told to the others", async () => {
    const { world, platform } = createWorld(2);
    const told: string[] = [];
    platform(1).storage!.onChange!("key", () => told.push("tab 1"));
    const stop = platform(2).storage!.onChange!("key", () => told.push("tab 2"));
    platform(1).storage!.write("key", "value");
    expect(platform(2).storage!.read("key")).toBe("value");
    await world.settle();
    expect(told).toEqual(["tab 2"]);
    stop();
    platform(1).storage!.write("key", null);
    await world.settle();
    expect(told).toEqual(["tab 2"]);
    expect(platform(2).storage!.read("key")).toBeNull();
  });

  it("can take its time, while a tab sees its own writes", async () => {
    const { world, platform } = createWorld(2);
    world.storage.delayMs = 100;
    platform(1).storage!.write("key", "one");
    await world.advance(50);
    platform(2).storage!.write("key", "two");
    expect([platform(1).storage!.read("key"), platform(2).storage!.read("key")]).toEqual(["one", "two"]);
    await world.advance(60);
    // Tab 2's own write is still on its way, so the older one of tab 1 does not show there.
    expect(platform(2).storage!.read("key")).toBe("two");
    expect(world.open().platform.storage!.read("key")).toBe("one");
    await world.advance(100);
    expect([platform(1).storage!.read("key"), world.storage.contents()]).toEqual(["two", { key: "two" }]);
  });

  it("can be wiped, full, missing, or throw", () => {
    const { world, tab, platform } = createWorld(1);
    platform(1).storage!.write("key", "value");
    world.storage.wipe();
    expect(platform(1).storage!.read("key")).toBeNull();
    tab(1).setConditions({ storage: "full" });
    expect(() => platform(1).storage!.write("key", "value")).toThrow("Full");
    tab(1).setConditions({ storage: "throws" });
    expect(() => platform(1).storage!.read("key")).toThrow(DOMException);
    expect(world.open({ storage: "missing" }).platform.storage).toBeUndefined();
  });
});

describe("a tab", () => {
  it("that crashes hears nothing more, frees nothing by itself, and its request acts all the same", async () => {
    const { server, world, tab, platform } = createWorld(1);
    const heard: string[] = [];
    platform(1).signals.subscribe((signal) => heard.push(signal));
    platform(1).clock.setTimer(() => heard.push("timer"), 10);
    world.network.addFault({ delayBeforeMs: 100 });
    void platform(1)
      .fetch(REFRESH, { method: "POST" })
      .then(() => heard.push("answer"));
    await world.settle();
    tab(1).crash();
    await world.advance(1_000);
    expect(heard).toEqual([]);
    expect([server.count(), world.jar.cookies().length]).toEqual([1, 1]);
    expect(world.network.requests[0]!.outcome).toBe("abandoned");
  });

  it("that closes is told first, and its keepalive request outlives it", async () => {
    const { server, world, tab, platform } = createWorld(1);
    world.network.abandoned = { request: "lost", cookies: "lost" };
    world.network.latencyMs = 50;
    const heard: string[] = [];
    platform(1).signals.subscribe((signal) => {
      heard.push(signal);
      if (signal === "suspended") void platform(1).fetch(REFRESH, { method: "POST", keepalive: true });
    });
    void platform(1).fetch(REFRESH, { method: "POST" });
    tab(1).close();
    await world.advance(1_000);
    expect(heard).toEqual(["hidden", "suspended"]);
    expect([server.count(), world.jar.cookies().length]).toEqual([1, 1]);
  });

  it("that is frozen gets answers, and runs timers, when it thaws", async () => {
    const { world, tab, platform } = createWorld(1);
    const heard: string[] = [];
    world.network.addFault({ delayAfterMs: 100 });
    void platform(1)
      .fetch(REFRESH, { method: "POST" })
      .then(() => heard.push("answer"));
    platform(1).clock.setTimer(() => heard.push("timer"), 50);
    await world.settle();
    tab(1).freeze();
    await world.advance(200);
    // The browser stores a cookie whether the tab runs or not.
    expect(world.jar.cookies()).toHaveLength(1);
    await world.advance(14_400_000);
    expect(heard).toEqual([]);
    tab(1).thaw();
    await world.settle();
    expect(heard.sort()).toEqual(["answer", "timer"]);
  });

  it("goes into the page cache and comes back with the events of a browser", async () => {
    const { world, tab, platform } = createWorld(1);
    const heard: string[] = [];
    platform(1).signals.subscribe((signal) => heard.push(`${signal} ${platform(1).signals.isVisible()}`));
    tab(1).suspend();
    await world.advance(1_000);
    tab(1).restore();
    expect(heard).toEqual(["hidden false", "suspended false", "resumed true", "restored true", "visible true"]);
  });

  it("that is hidden has its timers once a second, shown again at any time", async () => {
    const { world, tab, platform } = createWorld(1);
    const at: number[] = [];
    const note = () => at.push(platform(1).clock.monotonicNow());
    tab(1).hide();
    platform(1).clock.setTimer(note, 100);
    await world.advance(1_500);
    platform(1).clock.setTimer(note, 100);
    tab(1).show();
    await world.advance(100);
    expect(at).toEqual([1_000, 1_600]);
  });

  it("draws its own random numbers, the same for the same seed", () => {
    const draw = (seed: number, tab: number) => createWorld(2, { seed }).platform(tab).random();
    expect(draw(1, 1)).toBe(draw(1, 1));
    expect(draw(1, 1)).not.toBe(draw(1, 2));
    expect(draw(1, 1)).not.toBe(draw(2, 1));
  });
});

describe("dispose", () => {
  it("fails with a list of what was left", async () => {
    const { world, platform, listen, takeLock } = createWorld(2);
    platform(1).clock.setTimer(() => {}, 1_000);
    platform(1).signals.subscribe(() => {});
    listen(2);
    takeLock(2);
    world.network.addFault({ hold: "before" });
    void platform(1).fetch(REFRESH, { method: "POST" });
    await world.settle();
    expect(() => world.dispose()).toThrow("tab 1: 1 timer(s)");
    expect(world.leftovers()).toEqual([]);
  });

  it("is content with tabs that were cleaned up", async () => {
    const { world, platform, listen, takeLock } = createWorld(1);
    platform(1).clock.setTimer(() => {}, 1_000)();
    platform(1).signals.subscribe(() => {})();
    listen(1).close();
    const lock = takeLock(1);
    await world.settle();
    lock.letGo();
    await lock.done;
    await world.settle();
    expect(world.leftovers()).toEqual([]);
    world.dispose();
  });
});

describe("the timeline", () => {
  it("reads as a story, and holds no message, token or cookie", async () => {
    const { world, tab, platform, listen } = createWorld(2);
    const [one] = [listen(1), listen(2)];
    one.post({ kind: "token", token: "very-secret" });
    await platform(1).fetch(REFRESH, { method: "POST", headers: { Authorization: "Bearer a.eyJzdWIiOiJhZGEifQ.c" } });
    await world.advance(1_500);
    tab(2).freeze();
    const story = world.timeline.toString();
    expect(story).toContain('posts "token"');
    expect(story).toContain("POST /v1/auth/jwt/refresh #1 → 200");
    expect(story).toMatch(/\+1\.500s\s+tab 2\s+frozen/);
    expect(story).not.toMatch(/very-secret|eyJ/);
    expect(world.log()[0]!.subject).toBe("ada");
  });
});
