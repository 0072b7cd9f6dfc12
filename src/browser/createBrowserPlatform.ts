import type { Platform } from "../core/ports.ts";
import { createBrowserClock } from "./browserClock.ts";
import { createSharedStorage } from "./sharedStorage.ts";
import { createSignals } from "./signals.ts";
import { createLazyStorageLock } from "./lazyStorageLock.ts";
import { createOpenTabChannel } from "./tabChannel.ts";
import { createTabLock } from "./tabLock.ts";
import { createWarnOnce } from "./warnOnce.ts";

/**
 * The ports on what a browser offers. Making it looks at nothing but which APIs are there, so it may be made on a
 * server as well; whatever is missing is left out, and what throws throws to the core, which goes on without.
 *
 * @param overrides ports to use instead.
 */
export function createBrowserPlatform(overrides: Partial<Platform> = {}): Platform {
  const clock = overrides.clock ?? createBrowserClock();
  const storage = overrides.storage ?? createSharedStorage();
  const random = overrides.random ?? Math.random;
  return {
    clock,
    storage,
    random,
    // Looked up at each call: tools that replace fetch (request mocks, monitoring) do so after this is made.
    fetch: (input, init) => globalThis.fetch(input, init),
    signals: createSignals(),
    lock: createTabLock() ?? createLazyStorageLock({ storage, clock, random }),
    openChannel: createOpenTabChannel(),
    origin: pageOrigin(),
    warn: createWarnOnce(),
    ...overrides,
  };
}

/** Undefined on a server, and in a frame with an opaque origin, which calls itself "null". */
function pageOrigin(): string | undefined {
  return typeof location === "undefined" || location.origin === "null" ? undefined : location.origin;
}
