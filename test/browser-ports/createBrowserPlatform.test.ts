import { Window } from "happy-dom";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createBrowserPlatform } from "../../src/browser/createBrowserPlatform.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const refuse = () => {
  throw new DOMException("Blocked.", "SecurityError");
};

/** A page's globals on Node's, for as long as the test runs. */
function createPage(url = "https://app.example/account") {
  const page = new Window({ url });
  for (const name of ["window", "document", "location", "navigator", "localStorage"] as const) {
    vi.stubGlobal(name, name === "window" ? page : page[name]);
  }
  return page;
}

describe("createBrowserPlatform on a server", () => {
  it("is made without a window, shows nobody away, and subscribes to nothing", () => {
    const { origin, signals } = createBrowserPlatform();
    expect(origin).toBeUndefined();
    expect([signals.isVisible(), signals.isOnline()]).toEqual([true, true]);
    signals.subscribe(() => {})();
  });
});

describe("createBrowserPlatform in a page", () => {
  it("knows its origin, but not that of an opaque frame", () => {
    createPage();
    expect(createBrowserPlatform().origin).toBe("https://app.example");
    vi.stubGlobal("location", { origin: "null" });
    expect(createBrowserPlatform().origin).toBeUndefined();
  });

  it("takes the ports that it is given", () => {
    const random = () => 0.5;
    expect(createBrowserPlatform({ random, lock: undefined })).toMatchObject({ random, lock: undefined });
  });

  it("uses the fetch and the timers of the moment, not of when it was made", async () => {
    const { fetch, clock } = createBrowserPlatform();
    vi.stubGlobal("fetch", async () => new Response("replaced later"));
    expect(await (await fetch("https://app.example/")).text()).toBe("replaced later");
    const timers: number[] = [];
    vi.stubGlobal("setTimeout", (_: () => void, delayMs: number) => timers.push(delayMs));
    clock.setTimer(() => {}, 1_234);
    expect(timers).toEqual([1_234]);
  });

  it("warns once a sentence", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const platform = createBrowserPlatform();
    for (const sentence of ["One thing.", "Another.", "One thing."]) platform.warn!(sentence);
    expect(warn.mock.calls.flat()).toEqual(["stay-signed-in: One thing.", "stay-signed-in: Another."]);
  });
});

describe("storage", () => {
  it("reads, writes and removes", () => {
    const page = createPage();
    const { storage } = createBrowserPlatform();
    storage!.write("key", "value");
    expect([storage!.read("key"), page.localStorage.getItem("key")]).toEqual(["value", "value"]);
    storage!.write("key", null);
    expect(storage!.read("key")).toBeNull();
  });

  // B080 https://github.com/MichalZalecki/storage-factory/issues/10
  it("does not look at a localStorage that throws before it is used", () => {
    const page = createPage();
    const looks: string[] = [];
    const descriptor = {
      configurable: true,
      get() {
        looks.push("looked");
        return refuse();
      },
    };
    Object.defineProperty(globalThis, "localStorage", descriptor);
    Object.defineProperty(page, "localStorage", descriptor);
    const { storage } = createBrowserPlatform();
    expect(looks).toEqual([]);
    expect(() => storage!.read("key")).toThrow(DOMException);
    expect(() => storage!.write("key", "value")).toThrow(DOMException);
  });

  // B079 https://github.com/paulvanbladel/aurelia-auth/issues/160
  it("shows a full storage to its caller, and is read all the same", () => {
    const full = { getItem: () => "old", setItem: refuse, removeItem: () => {} };
    vi.stubGlobal("localStorage", full);
    const { storage } = createBrowserPlatform();
    expect(() => storage!.write("key", "value")).toThrow(DOMException);
    expect(storage!.read("key")).toBe("old");
    storage!.write("key", null);
  });

  // B080 https://github.com/MichalZalecki/storage-factory/issues/10
  it("that is blocked keeps no refresh waiting where the lock rests on it", async () => {
    vi.stubGlobal("navigator", {});
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get: refuse });
    try {
      const { lock } = createBrowserPlatform();
      expect(await lock!.request("lock", new AbortController().signal, async (waited) => waited)).toBe(false);
      expect(await lock!.countSiblings("here")).toBe(0);
    } finally {
      Reflect.deleteProperty(globalThis, "localStorage");
    }
  });

  it("tells of another tab's write of the key, and of a wipe, until it is not to", () => {
    const page = createPage();
    const { storage } = createBrowserPlatform();
    let calls = 0;
    const stop = storage!.onChange!("key", () => void (calls += 1));
    const write = (key: string | null) =>
      page.dispatchEvent(new page.StorageEvent("storage", key === null ? {} : { key }));
    for (const key of ["key", "other", null]) write(key);
    expect(calls).toBe(2);
    stop();
    write("key");
    expect(calls).toBe(2);
  });
});

describe("the channel", () => {
  it("reaches other tabs and not its own", async () => {
    const [one, two] = [createBrowserPlatform(), createBrowserPlatform()];
    const heard: string[] = [];
    const first = one.openChannel!("channel", (message) => heard.push(`first heard ${String(message)}`));
    const second = two.openChannel!("channel", (message) => heard.push(`second heard ${String(message)}`));
    first.post("hello");
    await expect.poll(() => heard).toEqual(["second heard hello"]);
    first.close();
    second.close();
    expect(() => first.post("late")).toThrow();
  });

  it("is left out where there is none", () => {
    vi.stubGlobal("BroadcastChannel", undefined);
    expect(createBrowserPlatform().openChannel).toBeUndefined();
  });

  // B091 https://github.com/supabase/auth-js/pull/626
  it("throws to its caller, who goes on alone, when a frame may not have one", () => {
    vi.stubGlobal(
      "BroadcastChannel",
      class {
        constructor() {
          refuse();
        }
      },
    );
    const { openChannel } = createBrowserPlatform();
    expect(() => openChannel!("channel", () => {})).toThrow(DOMException);
  });
});

describe("signals", () => {
  function createWatchedPage() {
    const page = createPage();
    const attached: string[] = [];
    for (const target of [page, page.document]) {
      const { addEventListener, removeEventListener } = target;
      target.addEventListener = (name: string, ...rest: unknown[]) => {
        attached.push(name);
        Reflect.apply(addEventListener, target, [name, ...rest]);
      };
      target.removeEventListener = (name: string, ...rest: unknown[]) => {
        attached.splice(attached.indexOf(name), 1);
        Reflect.apply(removeEventListener, target, [name, ...rest]);
      };
    }
    const show = (state: string) => {
      Object.defineProperty(page.document, "visibilityState", { configurable: true, value: state });
      page.document.dispatchEvent(new page.Event("visibilitychange"));
    };
    const pageshow = (persisted: boolean) =>
      page.dispatchEvent(Object.defineProperty(new page.Event("pageshow"), "persisted", { value: persisted }));
    return { page, attached, show, pageshow };
  }

  it("tell of the page's life", () => {
    const { page, show, pageshow } = createWatchedPage();
    const { signals } = createBrowserPlatform();
    const heard: string[] = [];
    signals.subscribe((signal) => heard.push(signal));
    pageshow(false);
    expect(heard).toEqual([]);
    show("hidden");
    expect(signals.isVisible()).toBe(false);
    page.dispatchEvent(new page.Event("focus"));
    page.dispatchEvent(new page.Event("pagehide"));
    page.document.dispatchEvent(new page.Event("resume"));
    pageshow(true);
    show("visible");
    page.dispatchEvent(new page.Event("focus"));
    page.dispatchEvent(new page.Event("offline"));
    page.dispatchEvent(new page.Event("online"));
    expect(heard).toEqual([
      ...["hidden", "suspended", "resumed", "restored", "visible", "visible", "offline", "online"],
    ]);
  });

  it("listen only while somebody does, and never to what keeps a page out of the page cache", () => {
    const { attached } = createWatchedPage();
    const { signals } = createBrowserPlatform();
    expect(attached).toEqual([]);
    const listener = () => {};
    const stops = [signals.subscribe(listener), signals.subscribe(listener)];
    expect([...attached].sort()).toEqual([
      "focus",
      "offline",
      "online",
      "pagehide",
      "pageshow",
      "resume",
      "visibilitychange",
    ]);
    stops[0]!();
    stops[0]!();
    expect(attached).toHaveLength(7);
    stops[1]!();
    expect(attached).toEqual([]);
    signals.subscribe(listener)();
    expect(attached).toEqual([]);
  });

  it("are offline only when the browser says so", () => {
    const { signals } = createBrowserPlatform();
    vi.stubGlobal("navigator", { onLine: false });
    expect(signals.isOnline()).toBe(false);
    vi.stubGlobal("navigator", {});
    expect(signals.isOnline()).toBe(true);
  });
});
