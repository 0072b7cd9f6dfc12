import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import type { Scene } from "./support/playScene.ts";
import { patience, signIn, untilShown } from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";

const { scenario } = useChromium();

const MINUTE_MS = 60_000;
const away = { idle: { afterMs: 10 * MINUTE_MS, warnMs: MINUTE_MS } };

/** Two tabs in which Ada is signed in, on a clock that moves by hand. */
async function openTwo({ ada, openTab, profile }: Scene) {
  await profile.clock.install();
  const tabs = [await openTab(), await openTab()] as const;
  await signIn(tabs[0]);
  for (const tab of tabs) await untilShown(tab, "authenticated", ada);
  return tabs;
}

const untilWarned = (tab: Page, isWarned: boolean) =>
  expect.poll(() => tab.evaluate(() => idle.getState() !== null), patience).toBe(isWarned);

// A06 https://github.com/rednez/angular-user-idle/issues/67
it(
  "whoever is away is warned in both tabs, stays by a key in either, and is signed out of both by one sign-out",
  scenario(away, async (scene) => {
    const { app, ada, profile } = scene;
    const tabs = await openTwo(scene);
    await profile.clock.fastForward(9.5 * MINUTE_MS);
    for (const tab of tabs) await untilWarned(tab, true);
    await tabs[1].keyboard.press("Shift");
    for (const tab of tabs) await untilWarned(tab, false);
    await profile.clock.fastForward(9.5 * MINUTE_MS);
    for (const tab of tabs) await untilWarned(tab, true);
    for (const tab of tabs) await untilShown(tab, "authenticated", ada);
    await profile.clock.fastForward(MINUTE_MS);
    for (const tab of tabs) await untilShown(tab, "unauthenticated");
    await expect.poll(() => app.counts.logout, patience).toBeGreaterThan(0);
    // Whoever waits for its turn has had it by now.
    for (const tab of tabs)
      await tab.evaluate(() => navigator.locks.request(`${auth.internals.namespace}:idle`, () => {}));
    expect(app.counts.logout).toBe(1);
  }),
);

it(
  "a page that is loaded after the time shows nobody, not for a moment",
  scenario(away, async (scene) => {
    const { app, openTab, profile } = scene;
    for (const tab of await openTwo(scene)) await tab.close();
    await profile.clock.setSystemTime(Date.now() + 20 * MINUTE_MS);
    const tab = await openTab();
    await untilShown(tab, "unauthenticated");
    expect(await tab.evaluate(() => rendered.map(({ status }) => status))).not.toContain("authenticated");
    await expect.poll(() => app.counts.logout, patience).toBeGreaterThan(0);
  }),
);
