import type { Platform } from "../../../src/core/ports.ts";
import { createNodeClock } from "../../../src/node/nodeClock.ts";
import { appFetch } from "../../../src/testing/appFetch.ts";
import { type CookieJar, createCookieJar } from "../../../src/testing/cookieJar.ts";

/**
 * A page in Node: real time, a cookie jar, and the headers that a browser would send, over real sockets to a real server. One
 * tab only: what tabs share is tested in Chromium.
 */
export function createPagePlatform(origin: string, jar: CookieJar = createCookieJar()): Platform {
  return {
    clock: createNodeClock(),
    fetch: appFetch({ fetch: (request) => globalThis.fetch(request) }, { origin, jar }),
    random: Math.random,
    origin,
    signals: { subscribe: () => () => undefined, isVisible: () => true, isOnline: () => true },
  };
}
