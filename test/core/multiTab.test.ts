import { describe, expect, it } from "vitest";
import { overlap } from "../../src/testing/requestRecord.ts";
import { ADA } from "./support.ts";
import { LIFETIME_MS, LOCK, openSignedInTabs, openTabs, outcomeOf, REFRESH } from "./watchedTabs.ts";

const tokens = (tabs: readonly { client: { accessToken: { getState(): string | null } } }[]): Set<string | null> =>
  new Set(tabs.map(({ client }) => client.accessToken.getState()));

describe("several tabs on one rotating refresh token", () => {
  // B013 https://github.com/supabase/auth-js/issues/213
  it.each([
    { tabCount: 2, latencyMs: 0, lifetimeSeconds: 900 },
    { tabCount: 3, latencyMs: 200, lifetimeSeconds: 900 },
    { tabCount: 3, latencyMs: 2_000, lifetimeSeconds: 60 },
    { tabCount: 8, latencyMs: 50, lifetimeSeconds: 20 },
  ])("make one refresh when $tabCount of them are due, and all use its token", async (given) => {
    await using opened = await openSignedInTabs(given.tabCount, {
      server: { accessTokenLifetimeSeconds: given.lifetimeSeconds },
    });
    const { world, tabs, sent } = opened;
    world.network.latencyMs = given.latencyMs;
    const [before] = tokens(tabs);
    // All of them due at one moment: as after a sleep.
    await world.clock.sleep(given.lifetimeSeconds * 1_000);
    for (const { tab } of tabs) tab.signal("resumed");
    await world.advance(given.lifetimeSeconds * 500);
    expect(sent(REFRESH)).toHaveLength(1);
    expect(tokens(tabs).size).toBe(1);
    expect(tokens(tabs)).not.toContain(before);
    for (const { told } of tabs) expect(told).toEqual(["refreshed"]);
  });

  // B014 https://github.com/supabase/supabase/issues/8959
  it.each([0, 50, 250])(
    "leave the queue for the lock once the first has a token (told %i ms later)",
    async (delayMs) => {
      await using opened = await openSignedInTabs(5);
      const { world, tabs, sent, at } = opened;
      world.channel.delayMs = delayMs;
      const held = world.network.addFault({ match: REFRESH, hold: "after" });
      const rejectedToken = at(1).client.accessToken.getState() ?? "";
      const asked = Promise.all(tabs.map(({ client }) => client.getAccessToken({ rejectedToken })));
      await world.advance(1_000);
      expect(world.lock.waitingCount(LOCK)).toBe(4);
      held.release();
      const got = await world.until(asked);
      expect(new Set(got).size).toBe(1);
      expect(got[0]).not.toBe(rejectedToken);
      expect(sent(REFRESH)).toHaveLength(1);
    },
  );

  // B016 https://github.com/damienbod/angular-auth-oidc-client/pull/2237
  it.each([100, 3_000, 11_000])(
    "refresh once after a wait of %i ms for the lock when nothing has changed",
    async (waitMs) => {
      await using opened = await openSignedInTabs(2);
      const { world, sent, at } = opened;
      world.lock.orphan(LOCK);
      const asked = at(2).client.refresh();
      await world.advance(waitMs);
      expect(sent(REFRESH)).toHaveLength(0);
      world.lock.free(LOCK);
      await world.until(asked);
      expect(sent(REFRESH)).toHaveLength(1);
    },
  );

  // B016 https://github.com/damienbod/angular-auth-oidc-client/pull/2237
  it.each([100, 3_000, 9_000])("use the token that another tab got during a wait of %i ms", async (waitMs) => {
    await using opened = await openSignedInTabs(2);
    const { world, sent, at } = opened;
    world.network.addFault({ match: REFRESH, delayAfterMs: waitMs });
    const first = at(1).client.refresh();
    await world.settle();
    await world.until(Promise.all([first, at(2).client.refresh()]));
    expect(sent(REFRESH)).toHaveLength(1);
    expect(tokens(opened.tabs).size).toBe(1);
  });

  // B016 https://github.com/damienbod/angular-auth-oidc-client/pull/2237
  it("refresh anew when the token that another tab got has passed during a wait of two hours", async () => {
    await using opened = await openSignedInTabs(2);
    const { world, sent, at } = opened;
    world.network.addFault({ match: REFRESH, delayAfterMs: 1_000 });
    const first = at(1).client.refresh();
    await world.settle();
    const second = at(2).client.refresh();
    await world.settle();
    at(2).tab.freeze();
    await world.until(first);
    at(1).tab.close();
    await world.advance(2 * 3_600_000);
    at(2).tab.thaw();
    await world.until(second);
    expect(sent(REFRESH).map(({ tab }) => tab)).toEqual([1, 2]);
    expect(at(2).client.getState().status).toBe("authenticated");
    await world.until(at(2).client.getAccessToken({ minValidityMs: 600_000 }));
    expect(sent(REFRESH)).toHaveLength(2);
  });

  // B017 https://github.com/auth0/auth0-spa-js/issues/1684
  it.each([0, 300, 3_000])(
    "never have two refreshes under way, whatever is asked for (%i ms a way)",
    async (latencyMs) => {
      await using opened = await openSignedInTabs(3);
      const { world, sent, at } = opened;
      await world.advance(600_000);
      world.network.latencyMs = latencyMs;
      opened.forget();
      await world.until(
        Promise.all([
          at(1).client.getAccessToken({ minValidityMs: 400_000 }),
          at(1).client.refresh(),
          at(2).client.refresh(),
          at(2).client.getAccessToken({ rejectedToken: at(2).client.accessToken.getState() ?? "" }),
          at(3).client.fetchUser(),
          at(3).client.getAccessToken({ minValidityMs: 800_000 }),
        ]),
      );
      const refreshes = sent(REFRESH);
      expect(refreshes.length).toBeGreaterThan(0);
      for (const [index, one] of refreshes.entries())
        for (const other of refreshes.slice(index + 1)) expect(overlap(one, other)).toBe(false);
    },
  );

  // B158 https://github.com/AxaFrance/oidc-client/issues/1171
  it.each([
    { seed: 1, lock: "works" },
    { seed: 2, lock: "works" },
    { seed: 3, lock: "missing" },
    { seed: 4, lock: "throws" },
  ] as const)(
    "stay signed in through 150 lifetimes of 20 s with four tabs (seed $seed, lock $lock)",
    async ({ seed, lock }) => {
      await using opened = await openSignedInTabs(4, {
        server: { accessTokenLifetimeSeconds: 20, refreshGraceSeconds: 12 },
        world: { seed, lock },
      });
      const { world, tabs, sent, audit, identity } = opened;
      world.network.latencyMs = [1, 900];
      world.channel.delayMs = [0, 150];
      await world.advance(150 * 20_000);
      for (const { client, told } of tabs) {
        expect(client.getState()).toEqual({ status: "authenticated", identity });
        expect(new Set(told)).toEqual(new Set(["refreshed"]));
      }
      expect(audit.filter((event) => /reuse/i.test(JSON.stringify(event)))).toEqual([]);
      expect(sent(REFRESH).length).toBeGreaterThan(140);
      if (lock === "works") expect(sent(REFRESH).length).toBeLessThan(320);
    },
    60_000,
  );

  // B162 https://github.com/AxaFrance/oidc-client/issues/1397
  it.each([
    ["signed out", "failing", "loading"],
    ["loading", "expired", "failing"],
    ["expired", "signed out", "signed out"],
  ] as const)("all take over a later sign-in, being %s, %s and %s", async (...conditions) => {
    await using opened = await openTabs(0);
    const { world } = opened;
    for (const condition of conditions) {
      if (condition === "failing")
        world.network.addFault({
          match: REFRESH,
          tab: world.tabs.length + 1,
          times: Infinity,
          answer: { status: 503 },
        });
      if (condition === "loading")
        world.network.addFault({ match: REFRESH, tab: world.tabs.length + 1, times: Infinity, hold: "before" });
      const { client } = opened.add();
      await world.advance(500);
      if (condition === "signed out") await world.until(client.signOut());
      if (condition === "expired") {
        await world.until(client.signIn(ADA));
        world.network.addFault({
          match: REFRESH,
          tab: world.tabs.length,
          answer: { status: 401, body: '{"detail":"REFRESH_TOKEN_EXPIRED"}' },
        });
        await world.until(client.refresh().catch(() => {}));
      }
    }
    const last = opened.add();
    await world.advance(500);
    const identity = await world.until(last.client.signIn(ADA));
    await world.advance(5_000);
    for (const { client } of opened.tabs) {
      expect(client.getState()).toEqual({ status: "authenticated", identity });
      await expect(world.until(client.getAccessToken())).resolves.toBe(last.client.accessToken.getState());
    }
  });

  // B193 https://github.com/bluesky-social/social-app/issues/8695
  it.each([60_000, 4 * 3_600_000, 3 * 24 * 3_600_000])(
    "take nothing from a tab that thaws %i ms after its answer had come",
    async (frozenMs) => {
      await using opened = await openSignedInTabs(2);
      const { world, at, audit, identity } = opened;
      const held = world.network.addFault({ match: REFRESH, tab: 1, hold: "after" });
      const asked = outcomeOf(at(1).client.refresh());
      await world.settle();
      at(1).tab.freeze();
      held.release();
      await world.advance(frozenMs);
      await world.until(at(2).client.refresh());
      const current = at(2).client.accessToken.getState();
      at(2).told.length = 0;
      at(1).tab.thaw();
      await world.advance(2_000);
      expect(asked.value).not.toBe("pending");
      expect(at(2).client.accessToken.getState()).toBe(current);
      expect(at(1).client.accessToken.getState()).toBe(current);
      expect(at(2).told).toEqual([]);
      for (const { client } of opened.tabs) expect(client.getState()).toEqual({ status: "authenticated", identity });
      expect(audit.filter((event) => /reuse/i.test(JSON.stringify(event)))).toEqual([]);
    },
  );

  // B194 https://github.com/bluesky-social/social-app/issues/11195
  it("ignore the older tokens and ended sessions that a stale tab tells of", async () => {
    await using opened = await openSignedInTabs(3);
    const { world, at, tabs } = opened;
    const posted: Record<string, unknown>[] = [];
    world.channel.decide = (message) => {
      posted.push(message as Record<string, unknown>);
      return null;
    };
    await world.until(at(1).client.refresh());
    await world.until(at(1).client.signOut());
    await world.advance(40_000);
    const identity = await world.until(at(1).client.signIn(ADA));
    await world.advance(40_000);
    await world.until(at(2).client.refresh());
    await world.advance(40_000);
    world.channel.decide = null;
    const current = at(1).client.accessToken.getState();
    const note = world.storage.contents()["stay-signed-in:/v1/auth:session"];
    opened.forget();
    const told = posted.filter(({ kind, number }) => kind === "told" && typeof number === "number");
    const newest = Math.max(...told.map(({ number }) => number as number));
    expect(told.some(({ token }) => typeof token === "string" && token !== current)).toBe(true);
    const older = told.filter(({ number }) => number !== newest);
    expect(older.length).toBeGreaterThan(0);
    for (const message of [
      ...told,
      ...older.flatMap((session) => ["expired", "revoked", "signedOut"].map((end) => ({ ...session, end }))),
    ]) {
      world.channel.inject("stay-signed-in:/v1/auth", message);
      await world.advance(100);
    }
    await world.advance(5_000);
    for (const tab of tabs) {
      expect(tab.client.getState()).toEqual({ status: "authenticated", identity });
      expect(tab.client.accessToken.getState()).toBe(current);
      expect(tab.told).toEqual([]);
    }
    expect(world.storage.contents()["stay-signed-in:/v1/auth:session"]).toBe(note);
  });

  // B194 https://github.com/bluesky-social/social-app/issues/11195
  it.each(["REFRESH_TOKEN_REUSED", "REFRESH_TOKEN_REVOKED", "REFRESH_TOKEN_EXPIRED", "REFRESH_TOKEN_INVALID"])(
    "go on when a refusal (%s) comes for a token that another tab has replaced meanwhile",
    async (detail) => {
      await using opened = await openSignedInTabs(3, { world: { lock: "missing" } });
      const { world, at, tabs, identity } = opened;
      await world.advance(100_000);
      opened.forget();
      world.network.addFault({
        match: REFRESH,
        tab: 1,
        delayAfterMs: 3_000,
        answer: { status: 401, body: JSON.stringify({ detail }) },
      });
      const asked = at(1).client.refresh();
      await world.advance(500);
      await world.until(at(2).client.refresh());
      await world.until(asked);
      await world.advance(5_000);
      expect(tokens(tabs).size).toBe(1);
      for (const { client, told } of tabs) {
        expect(client.getState()).toEqual({ status: "authenticated", identity });
        expect(told).not.toContain("sessionEnded");
      }
    },
  );

  // B246 https://github.com/folio-org/stripes-core/pull/1642
  it.each(["close", "crash", "freeze", "suspend"] as const)(
    "renew in time when the tab in front is gone just before (%s)",
    async (end) => {
      await using opened = await openSignedInTabs(3);
      const { world, at, identity } = opened;
      at(2).tab.hide();
      at(3).tab.hide();
      await world.advance(680_000);
      at(1).tab[end]();
      opened.forget();
      await world.advance(LIFETIME_MS - 700_000);
      const asked = opened.sent(REFRESH);
      expect(asked).toHaveLength(1);
      expect(asked[0]?.tab).not.toBe(1);
      for (const number of [2, 3]) expect(at(number).client.getState()).toEqual({ status: "authenticated", identity });
      expect(at(2).client.accessToken.getState()).toBe(at(3).client.accessToken.getState());
    },
  );
});
