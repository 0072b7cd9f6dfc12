import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { callApi, patience, readToken, shownSinceSignIn, signIn, untilShown } from "./support/tabActions.ts";
import { useBackgroundChromium } from "./support/useBackgroundChromium.ts";

const { scenario } = useBackgroundChromium();
const lifetimeSeconds = 6;
/** How soon is up to the browser, which spares a page for a minute that it has finished loading: one of three is enough. */
const throttleSoon = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1";
const quarterHourMs = 900_000;

/** Keeps a chain of short timers going, which shows how the browser treats the timers of a page. */
async function watchTimers(tab: Page): Promise<void> {
  await tab.evaluate(() => {
    const ticks: number[] = [];
    const tick = () => {
      ticks.push(performance.now());
      setTimeout(tick, 50);
    };
    tick();
    Object.assign(globalThis, { ticks });
  });
}

/** The last pause between two ticks, or the one that is under way if that is longer, in milliseconds. */
function readPause(tab: Page): Promise<number> {
  return tab.evaluate(() => {
    const { ticks } = globalThis as unknown as { ticks: number[] };
    const [before = 0, last = 0] = ticks.slice(-2);
    return Math.max(performance.now() - last, last - before);
  });
}

describe("three tabs out of sight", () => {
  // B152 https://github.com/gravitational/teleport/issues/51617
  // B154 https://github.com/tldraw/tldraw/pull/9842
  it(
    "keep a good token by one refresh a lifetime, with timers that run once a second, or once a minute",
    // Where a machine is so busy that a tab gets no answer of its siblings within 300 ms (L4), it asks the server itself.
    { timeout: 120_000, retry: 1 },
    scenario(
      { flags: [throttleSoon], server: { accessTokenLifetimeSeconds: lifetimeSeconds } },
      async ({ app, ada, openTab, openElsewhere }) => {
        const tabs = [await openTab(), await openTab(), await openTab()] as const;
        await signIn(tabs[0]);
        const started = app.counts.refresh;
        for (const tab of tabs) await watchTimers(tab);
        await openElsewhere();
        const readPauses = () => Promise.all(tabs.map(readPause));
        expect(await Promise.all(tabs.map((tab) => tab.evaluate(() => document.visibilityState)))).toEqual(
          Array.from({ length: 3 }, () => "hidden"),
        );
        await expect.poll(async () => Math.min(...(await readPauses())), patience).toBeGreaterThan(900);
        await app.untilRefresh(app.counts.refresh + 1);
        for (const tab of tabs) expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
        await expect.poll(async () => Math.max(...(await readPauses())), patience).toBeGreaterThan(2_500);
        await app.untilRefresh(app.counts.refresh + 2);
        for (const tab of tabs) expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
        expect(app.apiStatuses).toEqual(Array.from({ length: 6 }, () => 200));
        // None came before a third of the life of the token before it was over.
        const renewedAt = app.refreshedAt.slice(started);
        const gaps = renewedAt.slice(1).map((at, index) => at - (renewedAt[index] ?? 0));
        expect(Math.min(...gaps)).toBeGreaterThan((lifetimeSeconds * 1000) / 3);
        await expect.poll(async () => new Set(await Promise.all(tabs.map(readToken))).size, patience).toBe(1);
        for (const tab of tabs) expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      },
    ),
  );

  // B033 https://github.com/DuendeArchive/identity-model-oidc-client-js/issues/143
  it(
    "whose token ended in their sleep: the one that is brought to front renews it for all, unasked",
    scenario({}, async ({ app, ada, profile, openTab, openElsewhere }) => {
      const tabs = [await openTab(), await openTab(), await openTab()] as const;
      await signIn(tabs[0]);
      for (const tab of tabs) await untilShown(tab, "authenticated", ada);
      await openElsewhere();
      const [before, spent] = [app.counts.refresh, await readToken(tabs[1])];
      await profile.clock.setFixedTime(Date.now() + quarterHourMs);
      await tabs[1].bringToFront();
      for (const tab of tabs) await expect.poll(() => readToken(tab), patience).not.toBe(spent);
      for (const tab of tabs) expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      expect(app.counts.refresh - before).toBe(1);
      expect(app.apiStatuses).toEqual([200, 200, 200]);
      for (const tab of tabs) expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
    }),
  );

  // B034 https://github.com/auth0/auth0-spa-js/issues/343
  it(
    "whose token ended in their sleep: their requests wait for one refresh, and none is refused",
    scenario({ refreshTakesMs: 200 }, async ({ app, ada, profile, openTab, openElsewhere }) => {
      const tabs = [await openTab(), await openTab(), await openTab()] as const;
      await signIn(tabs[0]);
      for (const tab of tabs) await untilShown(tab, "authenticated", ada);
      await openElsewhere();
      const before = app.counts.refresh;
      await profile.clock.setFixedTime(Date.now() + quarterHourMs);
      const answers = await Promise.all(tabs.map(callApi));
      expect(answers).toEqual(Array.from({ length: 3 }, () => ({ status: 200, subject: ada })));
      expect(app.apiStatuses).toEqual([200, 200, 200]);
      expect(app.counts.refresh - before).toBe(1);
    }),
  );
});
