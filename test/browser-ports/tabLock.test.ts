import { afterEach, describe, expect, it, vi } from "vitest";
import { createTabLock } from "../../src/browser/tabLock.ts";
import { createMemoryLocks } from "./memoryLocks.ts";

afterEach(() => vi.unstubAllGlobals());

function createBrowser() {
  const manager = createMemoryLocks();
  vi.stubGlobal("navigator", { locks: manager.locks });
  return { ...manager, openTab: () => createTabLock()! };
}

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const never = () => new AbortController().signal;

describe("createTabLock", () => {
  it.each([
    ["there is no navigator (Node 20)", undefined],
    ["locks is null (happy-dom)", { locks: null }],
    ["there are no locks (plain http)", {}],
  ])("is undefined where %s", (_, navigator) => {
    vi.stubGlobal("navigator", navigator);
    expect(createTabLock()).toBeUndefined();
  });

  it("tells who had to wait, and lets go when the work is done", async () => {
    const { openTab, heldCount } = createBrowser();
    const { promise, resolve } = deferred();
    const log: string[] = [];
    const work = (name: string) => async (waited: boolean) => {
      log.push(`${name} ${waited ? "waited" : "at once"}`);
      if (name === "first") await promise;
      return name;
    };
    const both = [
      openTab().request("lock", never(), work("first")),
      openTab().request("lock", never(), work("second")),
    ];
    await Promise.resolve();
    resolve();
    expect(await Promise.all(both)).toEqual(["first", "second"]);
    expect(log).toEqual(["first at once", "second waited"]);
    await expect.poll(heldCount).toBe(0);
  });

  it("lets go when the work fails, and hands the failure on", async () => {
    const { openTab, heldCount } = createBrowser();
    const failing = openTab().request("lock", never(), () => Promise.reject(new Error("no network")));
    await expect(failing).rejects.toThrow("no network");
    expect(await openTab().request("lock", never(), async (waited) => waited)).toBe(false);
    await expect.poll(heldCount).toBe(0);
  });

  it("ends the wait with the signal's own reason, and leaves the queue", async () => {
    const { openTab, pendingCount } = createBrowser();
    const { promise, resolve } = deferred();
    const holding = openTab().request("lock", never(), () => promise);
    const controller = new AbortController();
    const waiting = openTab().request("lock", controller.signal, () => Promise.reject(new Error("must not run")));
    await expect.poll(pendingCount).toBe(1);
    controller.abort(new Error("waited long enough"));
    await expect(waiting).rejects.toThrow("waited long enough");
    expect(pendingCount()).toBe(0);
    resolve();
    await holding;
  });

  it("heeds no signal once the work runs", async () => {
    const { openTab } = createBrowser();
    const { promise, resolve } = deferred();
    const controller = new AbortController();
    const working = openTab().request("lock", controller.signal, () => promise.then(() => "done"));
    await Promise.resolve();
    controller.abort(new Error("too late"));
    resolve();
    expect(await working).toBe("done");
  });

  it("ends the wait even when the browser answers nothing, as in a prerendered page", async () => {
    vi.stubGlobal("navigator", { locks: { request: () => new Promise(() => {}), query: async () => ({}) } });
    const controller = new AbortController();
    const waiting = createTabLock()!.request("lock", controller.signal, async () => {});
    controller.abort(new Error("waited long enough"));
    await expect(waiting).rejects.toThrow("waited long enough");
  });

  // B022 https://github.com/supabase/supabase/pull/44922
  it("lets the work end by itself when somebody steals the lock meanwhile", async () => {
    const stolen = async (_: string, __: LockOptions, callback: (lock: object) => Promise<unknown>) => {
      void callback({});
      throw new DOMException("Stolen.", "AbortError");
    };
    vi.stubGlobal("navigator", { locks: { request: stolen } });
    const { promise, resolve } = deferred();
    let runs = 0;
    const working = createTabLock()!.request("lock", never(), () => {
      runs += 1;
      return promise.then(() => "done");
    });
    await new Promise(setImmediate);
    resolve();
    expect([await working, runs]).toEqual(["done", 1]);
  });

  it("hands on what the work throws before it even begins", async () => {
    const { openTab } = createBrowser();
    const broken = () => {
      throw new Error("broken");
    };
    await expect(openTab().request("lock", never(), broken)).rejects.toThrow("broken");
  });

  it("counts siblings, not itself, until they withdraw", async () => {
    const { openTab } = createBrowser();
    const [one, two] = [openTab(), openTab()];
    one.announce("here");
    expect(await one.countSiblings("here")).toBe(0);
    expect(await two.countSiblings("here")).toBe(1);
    const withdraw = two.announce("here");
    expect(await one.countSiblings("here")).toBe(1);
    withdraw();
    await expect.poll(() => one.countSiblings("here")).toBe(0);
  });

  it("lets the work run, and counts nobody, where locks are refused (opaque origin)", async () => {
    const refuse = () => Promise.reject(new DOMException("Refused.", "SecurityError"));
    vi.stubGlobal("navigator", { locks: { request: refuse, query: refuse } });
    const lock = createTabLock()!;
    lock.announce("here")();
    expect(await lock.countSiblings("here")).toBe(0);
    expect(await lock.request("lock", never(), async (waited) => `waited: ${waited}`)).toBe("waited: false");
    const failing = lock.request("lock", never(), () => Promise.reject(new Error("no network")));
    await expect(failing).rejects.toThrow("no network");
  });
});
