import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { openSignedIn, record } from "./scene.ts";
import { ADA, BOB } from "./support.ts";

const API = "https://app.example/v1/auth/users/me";

async function openTwo() {
  const scene = await openSignedIn(2);
  const [cached] = scene.otherTabs;
  const [cachedClient] = scene.others;
  if (cached === undefined || cachedClient === undefined) throw new Error("no second tab");
  await scene.world.advance(1_000);
  return Object.assign(scene, { cached, cachedClient });
}

/** What another tab does while this one lies in the cache. */
const meanwhile: [string, (client: AuthClient) => Promise<unknown>][] = [
  ["a sign-out", (client) => client.signOut()],
  ["a refresh", (client) => client.refresh()],
  ["a sign-in of the same subject", (client) => client.signIn(ADA)],
  ["a sign-in of another subject", (client) => client.signIn(BOB)],
  ["a sign-out and a sign-in of another", (client) => client.signOut().then(() => client.signIn(BOB))],
  ["a sign-out and a guest start", (client) => client.signOut().then(() => client.signInAsGuest())],
];

describe("a page in the back/forward cache", () => {
  // B092 https://github.com/auth0/auth0-react/issues/562
  it.each([1_000, 10 * 60_000, 20 * 60_000, 3 * 3_600_000])(
    "for %s ms, while another tab signs out, shows nobody in the very task in which it comes back",
    async (ms) => {
      await using scene = await openTwo();
      const { events } = record(scene.cachedClient);
      scene.cached.suspend();
      await scene.world.until(scene.client.signOut());
      await scene.world.advance(ms);
      scene.cached.restore();
      expect(scene.cachedClient.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
      expect(scene.cachedClient.accessToken.getState()).toBe(null);
      await scene.world.advance(60_000);
      expect(scene.cachedClient.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
      expect(events).toEqual(["signedOut", "identityChanged"]);
    },
  );

  // B093 https://github.com/THM-Health/PILOS/pull/2282
  it.each(["before", "after"] as const)(
    "in the middle of its own sign-out, held %s the server has it, is signed out when it comes back",
    async (hold) => {
      await using scene = await openTwo();
      const held = scene.world.network.addFault({ match: "/jwt/logout", hold });
      const signingOut = scene.cachedClient.signOut();
      await scene.world.settle();
      scene.cached.suspend();
      await scene.world.advance(60_000);
      held.release();
      scene.cached.restore();
      expect(scene.cachedClient.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
      await scene.world.until(signingOut);
      await scene.world.advance(60_000);
      for (const client of scene.clients) expect(client.getState()).toMatchObject({ reason: "signedOut" });
    },
  );

  // B093 https://github.com/THM-Health/PILOS/pull/2282
  it("in the middle of a refresh goes on when it comes back", async () => {
    await using scene = await openTwo();
    scene.world.network.addFault({ match: "/jwt/refresh", delayAfterMs: 5_000 });
    const refreshing = scene.cachedClient.refresh().catch(() => {});
    await scene.world.settle();
    scene.cached.suspend();
    await scene.world.advance(60_000);
    scene.cached.restore();
    await scene.world.until(refreshing);
    expect(scene.cachedClient.getState()).toMatchObject({ status: "authenticated" });
    const send = authorizeFetch(scene.cachedClient, { fetch: scene.cached.platform.fetch });
    expect((await scene.world.until(send(API))).status).toBe(200);
  });

  // B241 https://github.com/dexie/Dexie.js/issues/1776
  it("keeps no channel open, and opens one when it comes back, before any request goes out", async () => {
    await using scene = await openTwo();
    scene.cached.suspend();
    expect(scene.world.channel.openCount(2)).toBe(0);
    await scene.world.until(scene.client.signOut());
    const before = scene.world.network.requests.length;
    scene.cached.restore();
    expect(scene.world.channel.openCount(2)).toBe(1);
    expect(scene.cachedClient.getState()).toMatchObject({ reason: "signedOut" });
    await scene.world.advance(5_000);
    expect(scene.world.network.requests.slice(before).filter(({ subject }) => subject !== null)).toEqual([]);
    expect(scene.world.channel.openCount(2)).toBe(1);
  });

  it.each([1, 5])("and out of it %s times holds one channel and no more timers", async (times) => {
    await using scene = await openTwo();
    for (let time = 0; time < times; time += 1) {
      scene.cached.suspend();
      await scene.world.advance(10_000);
      scene.cached.restore();
      await scene.world.advance(10_000);
    }
    expect(scene.world.channel.openCount(2)).toBe(1);
    expect(scene.world.leftovers().filter((line) => line.startsWith("tab 2"))).toEqual([
      "tab 2: 1 timer(s)",
      "tab 2: 1 signal listener(s)",
      "tab 2: 1 channel(s) open",
      "tab 2: 1 lock(s) held, waited for or announced",
    ]);
  });
});

// B242 https://github.com/whatwg/html/issues/7253
describe.each(["lost", "kept", "evicted"] as const)("where messages to a cached page are %s", (fate) => {
  it.each(meanwhile)("%s meanwhile leaves it as a tab that was never cached", async (_name, act) => {
    await using scene = await openTwo();
    scene.world.channel.whileSuspended = fate === "kept" ? "kept" : "lost";
    scene.cached.suspend();
    await scene.world.until(act(scene.client));
    await scene.world.advance(30_000);
    let client = scene.cachedClient;
    if (fate === "evicted") {
      scene.cached.crash();
      client.dispose();
      client = scene.open(scene.world.open());
    } else scene.cached.restore();
    await scene.world.advance(10_000);
    const said = scene.client.getState();
    expect(client.getState()).toMatchObject(
      said.status === "authenticated"
        ? { status: said.status, identity: said.identity }
        : { status: said.status, ...(said.status === "unauthenticated" && { reason: said.reason }) },
    );
    if (said.status !== "authenticated") return;
    const sent = scene.world.network.requests.length;
    const tab = fate === "evicted" ? scene.world.tabs.at(-1) : scene.cached;
    if (tab === undefined) throw new Error("no tab");
    const send = authorizeFetch(client, { fetch: tab.platform.fetch });
    expect((await scene.world.until(send(API))).status).toBe(200);
    expect(scene.world.network.requests.slice(sent).at(-1)?.subject).toBe(said.identity.subject);
  });
});
