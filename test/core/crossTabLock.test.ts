import { describe, expect, it } from "vitest";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { NetworkFault } from "../../src/testing/networkFault.ts";
import { ADA } from "./support.ts";
import { LOCK, openSignedInTabs, openTabs, outcomeOf, REFRESH, UNAUTHORIZED } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

/** How long the lock is waited for at most: the time-out of a request, and two seconds. */
const WAIT_MS = 12_000;

describe("the lock around a refresh", () => {
  // B019 https://github.com/supabase/supabase-js/issues/2013
  it.each(["signedIn", "refreshed", "identityChanged", "state", "token"] as const)(
    "is not held while listeners run: one that calls back into the client settles (%s)",
    async (heard) => {
      await using opened = await openTabs(2);
      const { world, at } = opened;
      const { client } = at(1);
      const work: { value: string }[] = [];
      const holders: (number | null)[] = [];
      const callBack = (): void => {
        if (work.length > 9) return;
        holders.push(world.lock.holderOf(LOCK));
        work.push(outcomeOf(client.getAccessToken()), outcomeOf(client.refresh()), outcomeOf(client.ready()));
      };
      if (heard === "state") client.subscribe(callBack);
      else if (heard === "token") client.accessToken.subscribe(callBack);
      else client.on(heard, callBack);
      const signingIn = outcomeOf(client.signIn(ADA));
      await world.advance(100);
      const refreshing = outcomeOf(client.refresh());
      await world.advance(900);
      expect([signingIn.value, refreshing.value]).toEqual(["resolved", "resolved"]);
      expect(work.length).toBeGreaterThan(0);
      await world.advance(15_000);
      for (const { value } of work) expect(value).not.toBe("pending");
      expect(world.lock.holderOf(LOCK)).toBeNull();
    },
  );

  // B020 https://github.com/supabase/supabase/issues/44642
  it.each(["orphaned", "held by a frozen tab", "both names orphaned"] as const)(
    "is waited for no longer than a slow refresh may take: %s",
    async (how) => {
      await using opened = await openSignedInTabs(2);
      const { world, at, sent, identity } = opened;
      await world.advance(60_000);
      opened.forget();
      if (how !== "held by a frozen tab") world.lock.orphan(LOCK);
      if (how === "both names orphaned") world.lock.orphan(`${LOCK}-2`);
      if (how === "held by a frozen tab") {
        world.network.addFault({ match: REFRESH, tab: 2, hold: "before" });
        void at(2)
          .client.refresh()
          .catch(() => {});
        await world.settle();
        at(2).tab.freeze();
        opened.forget();
      }
      world.network.addFault({ match: "/users/me", tab: 1, answer: UNAUTHORIZED });
      const outcome = outcomeOf(at(1).request());
      await world.advance((how === "both names orphaned" ? 2 : 1) * WAIT_MS - 100);
      expect(sent(REFRESH)).toHaveLength(0);
      await world.advance(500);
      expect(sent(REFRESH)).toHaveLength(1);
      expect(outcome.value).toBe("resolved");
      // The orphan is remembered: the next refresh need not wait for it again.
      await world.advance(20_000);
      const again = outcomeOf(at(1).client.refresh());
      await world.advance((how === "both names orphaned" ? WAIT_MS : 0) + 500);
      expect(again.value).toBe("resolved");
      expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
      if (how === "held by a frozen tab") at(2).tab.thaw();
      await world.advance(5_000);
      expect(at(2).client.getState()).toEqual({ status: "authenticated", identity });
    },
  );

  // B022 https://github.com/supabase/supabase/pull/44922
  it.each([20_000, 3_600_000])(
    "is never stolen back and forth: who thaws after %i ms finds its answer old",
    async (frozenMs) => {
      await using opened = await openSignedInTabs(3);
      const { world, at, sent, identity, tabs } = opened;
      await world.advance(60_000);
      opened.forget();
      const held = world.network.addFault({ match: REFRESH, tab: 1, hold: "after" });
      const first = outcomeOf(at(1).client.refresh());
      await world.settle();
      at(1).tab.freeze();
      held.release();
      await world.advance(frozenMs);
      await world.until(at(2).client.refresh());
      const current = at(2).client.accessToken.getState();
      const before = sent(REFRESH).length;
      at(1).tab.thaw();
      await world.advance(30_000);
      expect(first.value).not.toBe("pending");
      // Its own answer has expired meanwhile: it may ask once, and takes over what comes of it with all others.
      expect(sent(REFRESH).length).toBeLessThanOrEqual(before + 1);
      for (const { client } of tabs) {
        expect(client.getState()).toEqual({ status: "authenticated", identity });
        expect(client.accessToken.getState()).toBe(current);
      }
      expect(world.lock.holderOf(LOCK)).toBeNull();
    },
  );

  // B023 https://github.com/auth0/auth0-spa-js/pull/276
  it.each([
    ["a network error", { delayBeforeMs: 20, cut: "before" }],
    ["a lost answer", { delayBeforeMs: 20, cut: "after" }],
    ["a busy server", { delayAfterMs: 20, answer: { status: 503 } }],
    ["a page of HTML", { delayAfterMs: 20, answer: { status: 200, body: "<html>" } }],
  ] as const satisfies readonly (readonly [string, NetworkFault])[])(
    "is free at once after %s",
    async (_name, fault) => {
      await using opened = await openSignedInTabs(2);
      const { world, at, sent } = opened;
      await world.advance(60_000);
      opened.forget();
      world.network.addFault({ match: REFRESH, ...fault });
      const first = outcomeOf(at(1).client.refresh());
      await world.advance(21);
      expect(first.value).toMatch(/unavailable|badResponse/);
      expect(world.lock.holderOf(LOCK)).toBeNull();
      const second = outcomeOf(at(1).client.refresh());
      await world.advance(5);
      expect(second.value).toBe("resolved");
      expect(sent(REFRESH)).toHaveLength(2);
    },
  );

  // B023 https://github.com/auth0/auth0-spa-js/pull/276
  it.each(["a time-out", "a sign-out", "a sign-in", "the end of the client", "a fetch that throws at once"] as const)(
    "is free again after %s",
    async (how) => {
      await using opened = await openSignedInTabs(2);
      const { world, at, identity } = opened;
      const { client, tab } = at(1);
      await world.advance(60_000);
      const hole = world.network.addFault({ match: REFRESH, tab: 1, hold: "before" });
      const real = tab.platform.fetch;
      if (how === "a fetch that throws at once")
        Object.assign(tab.platform, {
          fetch: () => {
            throw new TypeError("not today");
          },
        });
      const asked = outcomeOf(client.refresh());
      await world.advance(10);
      if (how === "a time-out") await world.advance(10_000);
      if (how === "a sign-out") await world.until(client.signOut());
      if (how === "a sign-in") await world.until(client.signIn(ADA));
      if (how === "the end of the client") client.dispose();
      await world.advance(10);
      expect(world.lock.holderOf(LOCK)).toBeNull();
      expect(asked.value).not.toBe("pending");
      Object.assign(tab.platform, { fetch: real });
      hole.release();
      if (how === "a sign-out") return;
      await world.until(at(2).client.refresh());
      expect(at(2).client.getState()).toMatchObject({
        status: "authenticated",
        identity: { subject: identity.subject },
      });
    },
  );

  // B025 https://github.com/supabase/supabase-js/pull/2235
  it.each([0, 10, 200])(
    "is left alone by a client that stops and starts again %i ms into a refresh",
    async (afterMs) => {
      await using opened = await openTabs(0);
      const { world } = opened;
      const first = opened.add();
      await world.advance(1_000);
      const identity = unchallenged(await world.until(first.client.signIn(ADA)));
      first.tab.close();
      world.network.latencyMs = 100;
      const { client, tab } = opened.add();
      await world.advance(afterMs);
      for (let mount = 0; mount < 3; mount += 1) {
        client.start()();
        const stop = client.start();
        stop();
        stop();
      }
      const stop = client.start();
      await world.advance(1_000);
      expect(client.getState()).toEqual({ status: "authenticated", identity });
      expect(world.lock.holderOf(LOCK)).toBeNull();
      expect(world.lock.waitingCount(LOCK)).toBe(0);
      expect(opened.sent(REFRESH).filter((request) => request.tab === tab.number)).toHaveLength(1);
      stop();
      expect(client.getState()).toEqual({ status: "authenticated", identity });
    },
  );

  // B025 https://github.com/supabase/supabase-js/pull/2235
  it("holds up nobody in another client when its own is disposed of while it waits or works", async () => {
    await using opened = await openSignedInTabs(3);
    const { world, at } = opened;
    await world.advance(60_000);
    const held = world.network.addFault({ match: REFRESH, tab: 1, hold: "after" });
    const outcomes = [1, 2, 3].map((number) => outcomeOf(at(number).client.refresh()));
    await world.advance(100);
    at(1).client.dispose();
    at(2).client.dispose();
    await world.advance(1_000);
    expect(outcomes.map(({ value }) => value)).toEqual(["disposed", "disposed", "resolved"]);
    expect(world.lock.holderOf(LOCK)).toBeNull();
    held.release();
  });

  // B159 https://github.com/AxaFrance/oidc-client/pull/1281
  it.each([
    { tabCount: 5, latencyMs: 0, body: "REFRESH_TOKEN_REVOKED", lock: "works" },
    { tabCount: 5, latencyMs: 400, body: "REFRESH_TOKEN_INVALID", lock: "works" },
    { tabCount: 12, latencyMs: 100, body: "REFRESH_TOKEN_EXPIRED", lock: "works" },
    { tabCount: 5, latencyMs: 100, body: "REFRESH_TOKEN_EXPIRED", lock: "missing" },
  ] as const)(
    "is left by all who wait once the session has ended ($tabCount tabs, $body, lock $lock)",
    async (given) => {
      await using opened = await openSignedInTabs(given.tabCount, { world: { lock: given.lock } });
      const { world, tabs, sent } = opened;
      await world.advance(60_000);
      opened.forget();
      world.network.latencyMs = given.latencyMs;
      world.network.addFault({
        match: REFRESH,
        times: Number.POSITIVE_INFINITY,
        answer: { status: 401, body: JSON.stringify({ detail: given.body }) },
      });
      const outcomes = tabs.map(({ client }) => outcomeOf(client.refresh()));
      await world.advance(2_000);
      expect(new Set(outcomes.map(({ value }) => value))).toEqual(new Set(["sessionEnded"]));
      for (const { client, told } of tabs) {
        expect(client.getState().status).toBe("unauthenticated");
        expect(told.filter((event) => event === "sessionEnded")).toHaveLength(1);
      }
      if (given.lock === "works") expect(sent(REFRESH).length).toBeLessThanOrEqual(2);
      await world.advance(60_000);
      expect(sent(REFRESH).length).toBeLessThanOrEqual(given.lock === "works" ? 2 : given.tabCount);
    },
  );

  // B214 https://github.com/supabase/supabase-js/issues/2344
  it.each(
    (["fresh", "inside the margin", "expired", "nobody's"] as const).flatMap((age) =>
      [
        ["start", "subscribe", "token"],
        ["start", "token", "subscribe"],
        ["subscribe", "start", "token"],
        ["subscribe", "token", "start"],
        ["token", "start", "subscribe"],
        ["token", "subscribe", "start"],
      ].map((order) => ({ age, order })),
    ),
  )("is free after a start-up in any order: $order, with a session that is $age", async ({ age, order }) => {
    await using opened = await openTabs(1, { client: { refreshWhileHidden: false } });
    const { world, at } = opened;
    if (age !== "nobody's") await world.until(at(1).client.signIn(ADA));
    at(1).tab.hide();
    await world.advance({ fresh: 1_000, "inside the margin": 800_000, expired: 1_000_000, "nobody's": 1_000 }[age]);
    const tab = world.open();
    const client = createAuthClient({ platform: tab.platform });
    opened.clients.push(client);
    const outcomes: { value: string }[] = [];
    const steps: Record<string, () => void> = {
      start: () => void client.start(),
      subscribe() {
        client.subscribe(() => outcomes.push(outcomeOf(client.getAccessToken())));
        client.on("refreshed", () => outcomes.push(outcomeOf(client.getAccessToken())));
        client.on("signedIn", () => outcomes.push(outcomeOf(client.refresh())));
      },
      token: () => void outcomes.push(outcomeOf(client.getAccessToken())),
    };
    for (const step of order) steps[step]?.();
    await world.advance(1_000);
    expect(outcomes.length).toBeGreaterThan(0);
    const expected = age === "nobody's" ? "sessionEnded" : "resolved";
    expect(new Set(outcomes.map(({ value }) => value))).toEqual(new Set([expected]));
    expect(client.getState().status).toBe(age === "nobody's" ? "unauthenticated" : "authenticated");
    expect(world.lock.holderOf(LOCK)).toBeNull();
    expect(world.lock.waitingCount(LOCK)).toBe(0);
  });
});
