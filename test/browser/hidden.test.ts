import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { callApi, patience, readToken, shownSinceSignIn, signIn, untilShown } from "./support/tabActions.ts";
import { useBackgroundChromium } from "./support/useBackgroundChromium.ts";

const { scenario } = useBackgroundChromium();
const lifetimeSeconds = 6;
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

/** Milliseconds since the last tick, and between the last two. */
function readPauses(tab: Page): Promise<{ now: number; last: number }> {
  return tab.evaluate(() => {
    const { ticks } = globalThis as unknown as { ticks: number[] };
    const [before = 0, last = 0] = ticks.slice(-2);
    return { now: performance.now() - last, last: last - before };
  });
}

describe("three tabs out of sight", () => {
  // B152 https://github.com/gravitational/teleport/issues/51617
  // B154 https://github.com/tldraw/tldraw/pull/9842
  it.each([
    ["second", [], ({ last }: { last: number }) => last > 900],
    [
      "minute",
      ["--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1"],
      ({ now }: { now: number }) => now > 3_000,
    ],
  ])("with timers that run once a %s keep a good token, by one refresh a lifetime", (_, flags, isThrottled) =>
    scenario(
      { flags, server: { accessTokenLifetimeSeconds: lifetimeSeconds } },
      async ({ app, ada, openTab, openElsewhere }) => {
        const tabs = [await openTab(), await openTab(), await openTab()] as const;
        await signIn(tabs[0]);
        for (const tab of tabs) await watchTimers(tab);
        await openElsewhere();
        for (const tab of tabs) {
          expect(await tab.evaluate(() => document.visibilityState)).toBe("hidden");
          await expect.poll(async () => isThrottled(await readPauses(tab)), patience).toBe(true);
        }
        await app.untilRefresh(app.counts.refresh + 3);
        for (const tab of tabs) expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
        expect(app.apiStatuses).toEqual([200, 200, 200]);
        // The tabs' start-ups and whatever came before the sign-in aside, each began when the token before was half spent.
        const renewals = app.refreshedAt.slice(-3);
        const gaps = renewals.slice(1).map((at, index) => at - (renewals[index] ?? 0));
        for (const gap of gaps) expect(gap).toBeGreaterThan((lifetimeSeconds * 1000) / 3);
        await expect.poll(async () => new Set(await Promise.all(tabs.map(readToken))).size, patience).toBe(1);
        for (const tab of tabs) expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      },
    )(),
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
