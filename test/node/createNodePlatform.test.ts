import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../src/node/createNodePlatform.ts";
import { createNodeClock } from "../../src/node/nodeClock.ts";
import { createNodeSignals } from "../../src/node/nodeSignals.ts";
import { makeTemporaryFolder } from "./support/temporaryFolder.ts";

const makePlatform = (path: string, address = "https://api.example/v1/auth") =>
  createNodePlatform({ place: { path, ownFolder: false }, address });

describe("the note between processes", () => {
  it("is read by every process, and by none that speaks to another server", async () => {
    const path = join(await makeTemporaryFolder(), "sessions.json");
    const [one, two] = [makePlatform(path), makePlatform(path)];
    one.storage?.write("known", "a note");
    expect(two.storage?.read("known")).toBe("a note");
    expect(two.storage?.read("attempt")).toBeNull();
    expect(makePlatform(path, "https://other.example/v1/auth").storage?.read("known")).toBeNull();
    two.storage?.write("known", null);
    two.storage?.write("known", null);
    expect(one.storage?.read("known")).toBeNull();
  });

  it("lies beside the session file, closed to others, with nothing left over", async () => {
    const folder = await makeTemporaryFolder();
    const { storage } = makePlatform(join(folder, "sessions.json"));
    storage?.write("known", "first");
    storage?.write("known", "second");
    const names = await readdir(folder);
    expect(names).toEqual([expect.stringMatching(/^sessions\.json\.[0-9a-f]{16}\.note$/)]);
    expect((await stat(join(folder, names[0] ?? ""))).mode & 0o777).toBe(0o600);
  });

  it("tells of a change that another process made", async () => {
    const path = join(await makeTemporaryFolder(), "sessions.json");
    const [one, two] = [makePlatform(path), makePlatform(path)];
    const seen: (string | null)[] = [];
    const stop = two.storage?.onChange?.("known", () => seen.push(two.storage?.read("known") ?? null));
    one.storage?.write("known", "new");
    await expect.poll(() => seen).toContain("new");
    stop?.();
  });
});

describe("the signals of a process", () => {
  function makeClock() {
    let now = 0;
    const timers = new Set<{ callback: () => void; at: number }>();
    return {
      clock: {
        now: () => now,
        monotonicNow: () => now,
        setTimer(callback: () => void, delayMs: number) {
          const timer = { callback, at: now + delayMs };
          timers.add(timer);
          return () => void timers.delete(timer);
        },
      },
      timers,
      /** The wall clock goes to `moment` and the timers that are due run, as after a sleep. */
      wakeAt(moment: number) {
        now = moment;
        for (const timer of [...timers].filter(({ at }) => at <= moment)) {
          timers.delete(timer);
          timer.callback();
        }
      },
    };
  }

  it("tell that the machine has slept, and nothing while it runs", () => {
    const { clock, timers, wakeAt } = makeClock();
    const heard: string[] = [];
    const stop = createNodeSignals(clock).subscribe((signal) => heard.push(signal));
    for (let moment = 5_000; moment <= 60_000; moment += 5_000) wakeAt(moment + 300);
    expect(heard).toEqual([]);
    wakeAt(4 * 3600_000);
    expect(heard).toEqual(["resumed"]);
    stop();
    expect(timers.size).toBe(0);
  });

  it("are visible and online: a process is never taken for a hidden page", () => {
    const signals = createNodeSignals(createNodeClock());
    expect([signals.isVisible(), signals.isOnline()]).toEqual([true, true]);
  });
});
