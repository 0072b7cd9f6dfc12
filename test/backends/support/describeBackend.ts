import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorizeFetch } from "../../../src/adapters/authorizeFetch.ts";
import type { Backend } from "../../../src/core/backend.ts";
import type { AuthClient } from "../../../src/core/authClient.ts";
import { createAuthClient } from "../../../src/core/createAuthClient.ts";
import type { TokenStore } from "../../../src/core/tokenBackend/tokenStore.ts";
import { createSimulatedClock, createTabs, type SimulatedTab, type SimulatedTabs } from "../../../src/testing.ts";
import type { BackendCase } from "./backendCase.ts";
import { type CountedApi, expectCounted, type Lives } from "./expectCounted.ts";

/** One tab with the client of its page. */
interface Page {
  readonly tab: SimulatedTab;
  readonly client: AuthClient;
  readonly api: typeof globalThis.fetch;
  close(): void;
}

/**
 * The one suite for every preset: what people of any of these APIs count on. Tabs and time are simulated; the server is a real one,
 * or one that keeps the vendor's documented wire.
 */
export function describeBackend(
  name: string,
  open: (given: { now: () => number }) => BackendCase | Promise<BackendCase>,
  options: {
    /** The moment that the pages live in; for a server in a process of its own, the real one. */
    readonly startAt?: number;
    /** A token's life at the server, by which refreshes are counted. Default: 5 s. */
    readonly lifetimeMs?: number;
    /** A cookie carries the refresh token: nothing is stored, and a late answer's cookie is the server's to refuse. */
    readonly usesCookie?: boolean;
    /** How many half lives of a token the tabs are watched for. Default: 10. */
    readonly rounds?: number;
    /** Its row in the count of docs/other-backends.md. */
    readonly count?: CountedApi | undefined;
  } = {},
): void {
  describe(name, () => {
    const { lifetimeMs = 5_000, usesCookie = false, rounds = 10 } = options;
    let world: SimulatedTabs;
    let api: BackendCase;
    let pages: Page[];

    beforeEach(async () => {
      const clock = createSimulatedClock(options.startAt === undefined ? {} : { startAt: options.startAt });
      api = await open({ now: clock.now });
      world = createTabs(0, { app: api.app, clock, origin: api.pageOrigin ?? new URL(api.protectedUrl).origin });
      pages = [];
    });
    afterEach(async () => {
      world.network.clearFaults();
      for (const page of [...pages]) page.close();
      await world.settle();
      world.dispose();
      await api.close?.();
    });

    /** What the tabs share, as a store. */
    const storeOf = ({ platform: { storage } }: SimulatedTab): TokenStore => ({
      getItem: (key) => storage?.read(key) ?? null,
      setItem: (key, value) => storage?.write(key, value),
      removeItem: (key) => storage?.write(key, null),
    });

    const describedBackend = (tab: SimulatedTab): Backend => {
      const { clock, openChannel } = tab.platform;
      return api.backend({ platform: { clock, openChannel }, refreshToken: storeOf(tab) });
    };

    function openPage(backendOf = describedBackend): Page {
      const tab = world.open();
      const backend = backendOf(tab);
      const client = createAuthClient({ backend, platform: tab.platform, namespace: "app" });
      const stop = client.start();
      const page: Page = {
        tab,
        client,
        api: authorizeFetch(client, { fetch: tab.platform.fetch, allowedOrigins: [new URL(api.protectedUrl).origin] }),
        close() {
          stop();
          client.dispose();
          pages.splice(pages.indexOf(page), 1);
        },
      };
      pages.push(page);
      return page;
    }

    async function openPages(count: number, backendOf = describedBackend): Promise<Page[]> {
      const opened: Page[] = [];
      for (let made = 0; made < count; made += 1) {
        opened.push(openPage(backendOf));
        await world.settle();
      }
      return opened;
    }

    async function signIn(page: Page): Promise<void> {
      await world.until(page.client.signIn(await api.credentials(false)));
      await world.settle();
    }

    /** The page is closed and opened anew: what it held in memory is gone. */
    async function reload(page: Page): Promise<Page> {
      page.close();
      page.tab.close();
      await world.settle();
      const again = openPage();
      await world.until(again.client.ready());
      return again;
    }

    const countOf = (path: string): number => world.log().filter((request) => request.path.endsWith(path)).length;
    const stored = (): string => JSON.stringify(world.storage.contents());

    it("signs in, refuses a wrong password, and tells the user", async () => {
      const page = openPage();
      await world.until(page.client.ready());
      const wrong = page.client.signIn(await api.credentials(true));
      await expect(world.until(wrong)).rejects.toMatchObject({ code: "credentialsRejected" });
      await signIn(page);
      expect(page.client.getState().status).toBe("authenticated");
      expect(await world.until(page.client.fetchUser())).toMatchObject(api.user);
    });

    /** Every tab asks twice in each token's life. */
    async function liveOn(opened: readonly Page[]): Promise<Lives> {
      await signIn(opened[0]!);
      const before = countOf(api.refreshPath);
      let failed = 0;
      for (let round = 0; round < rounds; round += 1) {
        for (const page of opened) {
          const response = await world.until(page.api(api.protectedUrl));
          if (!response.ok) failed += 1;
        }
        await world.advance(lifetimeMs / 2);
      }
      expect(opened.map(({ client }) => client.getState().status)).toEqual(opened.map(() => "authenticated"));
      return { refreshes: countOf(api.refreshPath) - before, failed, requests: rounds * opened.length };
    }

    const lives: Lives[] = [];
    it.each([1, 2, 3])(
      "keeps %i tabs signed in through many tokens' lives, with one refresh for all",
      async (count) => {
        const lived = await liveOn(await openPages(count));
        lives.push(lived);
        expect(lived.failed).toBe(0);
        // A token lives two rounds, and is renewed when two thirds of its life have passed. B2: several tabs as one.
        expect(lived.refreshes).toBeLessThanOrEqual(rounds);
      },
    );

    if (options.count !== undefined) {
      const counted = options.count;
      it("is what the documents count", () => expectCounted(counted, lives));

      // What it is compared with has to work as well.
      it("works written by hand, too", async () => {
        const { now } = world.clock;
        const byHand = (tab: SimulatedTab): Backend =>
          counted.byHand({ storage: storeOf(tab) as unknown as Storage, now });
        const pages = await openPages(1, byHand);
        // A real server's tokens end by its own clock, which simulated time runs ahead of: they look old as soon as they come.
        if (counted.isReal === true) {
          await signIn(pages[0]!);
          expect((await world.until(pages[0]!.api(api.protectedUrl))).ok).toBe(true);
        } else expect((await liveOn(pages)).failed).toBe(0);
      });
    }

    it("goes on after a reload, and again after that", async () => {
      let page = openPage();
      await signIn(page);
      page = await reload(page);
      page = await reload(page);
      expect(page.client.getState().status).toBe("authenticated");
      expect((await world.until(page.api(api.protectedUrl))).status).toBe(200);
    });

    it("signs out in all tabs and for good, and keeps no token", async () => {
      const [one, other] = await openPages(2);
      await signIn(one!);
      await world.until(other!.client.getAccessToken());
      await world.until(one!.client.signOut());
      await world.settle();
      expect(other!.client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
      if (api.signOutPath !== null) expect(countOf(api.signOutPath)).toBe(1);
      // What the server cannot be told of is not remembered to be told.
      if (!usesCookie) expect(stored()).not.toMatch(/"refreshToken":"/);
      other!.close();
      const again = await reload(one!);
      expect(again.client.getState().status).toBe("unauthenticated");
    });

    // B3. By a cookie no client can help it: the browser keeps what the late answer sets (see docs/other-backends.md).
    it.skipIf(usesCookie)("stays signed out when another tab's refresh comes back after the sign-out", async () => {
      const [one, other] = await openPages(2);
      await signIn(one!);
      await world.until(other!.client.getAccessToken());
      const held = world.network.addFault({ match: api.refreshPath, tab: other!.tab.number, hold: "after" });
      const refreshing = other!.client.refresh().catch(() => {});
      await world.settle();
      expect(held.hits).toBe(1);
      await world.until(one!.client.signOut());
      held.release();
      await world.until(refreshing);
      await world.settle();
      if (!usesCookie) expect(stored()).not.toMatch(/:refresh-token"/);
      other!.close();
      const again = await reload(one!);
      expect(again.client.getState().status).toBe("unauthenticated");
    });

    it("goes on through an outage, and with what it had after it", async () => {
      const page = openPage();
      await signIn(page);
      const outage = world.network.addFault({ match: api.refreshPath, answer: { status: 503 }, times: Infinity });
      await world.advance(lifetimeMs * 4);
      // Where no lifetime is told, this is what notices that the token has ended.
      await world.until(page.api(api.protectedUrl).catch(() => null));
      expect([page.client.getState().status, outage.hits > 0]).toEqual(["authenticated", true]);
      outage.remove();
      // The back-off of the outage.
      await world.advance(60_000);
      expect((await world.until(page.api(api.protectedUrl))).status).toBe(200);
    });

    it("ends as expired when the server has ended the session", async () => {
      const page = openPage();
      await signIn(page);
      await api.endSessions();
      const refreshed = world.until(page.client.refresh());
      await expect(refreshed).rejects.toMatchObject({ code: "sessionEnded" });
      expect(page.client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
      const before = countOf(api.refreshPath);
      await reload(page);
      // A refresh token that was refused is not presented again.
      if (!usesCookie) expect(countOf(api.refreshPath)).toBe(before);
    });
  });
}
