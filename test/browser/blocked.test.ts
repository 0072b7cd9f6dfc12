import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { App } from "./support/startApp.ts";
import { callApi, signIn, untilShown } from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";

const { scenario } = useChromium();

describe("a browser that blocks", () => {
  const blocks = {
    "storage and the channel, which throw": () => {
      const denied = () => {
        throw new DOMException("Access is denied.", "SecurityError");
      };
      for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(globalThis, name, { get: denied, configurable: true });
      }
      Object.defineProperty(globalThis, "BroadcastChannel", { value: denied, configurable: true });
    },
    "storage that takes no writes, the channel and the locks, which are absent": () => {
      Storage.prototype.setItem = () => {
        throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
      };
      Reflect.deleteProperty(globalThis, "BroadcastChannel");
      Object.defineProperty(navigator, "locks", { value: undefined });
    },
  };

  // B091 https://github.com/supabase/auth-js/pull/626
  it.each(Object.entries(blocks))("%s: signs in, stays, renews and signs out", (_, block) =>
    scenario({ server: { refreshGraceSeconds: 1 } }, async ({ app, ada, profile, openTab }) => {
      await profile.addInitScript(block);
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await first.reload();
      await untilShown(first, "authenticated", ada);
      await second.reload();
      await untilShown(second, "authenticated", ada);
      app.refuseTokens();
      const answers = await Promise.all([callApi(first), callApi(second), callApi(first)]);
      expect(answers).toEqual(Array.from({ length: 3 }, () => ({ status: 200, subject: ada })));
      await first.evaluate(() => auth.signOut());
      await untilShown(first, "unauthenticated");
      // Nothing tells the other tab; its next refresh finds out.
      expect(await second.evaluate(() => auth.refresh().catch(({ code }) => code))).toBe("sessionEnded");
      await untilShown(second, "unauthenticated");
      await first.reload();
      await untilShown(first, "unauthenticated");
      expect(app.counts).toMatchObject({ login: 1, guest: 0 });
    })(),
  );

  it(
    "the channel alone: tabs still hear of a sign-in and of a sign-out, by storage",
    scenario({}, async ({ app, ada, profile, openTab }) => {
      await profile.addInitScript(() => Reflect.deleteProperty(globalThis, "BroadcastChannel"));
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      // Nothing but the channel hands a token over: each tab fetches its own.
      expect(await countRefreshesOfBoth(app, [first, second], ada)).toBe(2);
      await first.evaluate(() => auth.signOut());
      await untilShown(second, "unauthenticated");
      expect(await second.evaluate(() => auth.getState())).toMatchObject({ reason: "signedOut" });
    }),
  );

  it(
    "storage alone: tabs still share a session, a refresh and a sign-out, by the channel",
    scenario({}, async ({ app, ada, profile, openTab }) => {
      await profile.addInitScript(() => {
        const denied = () => {
          throw new DOMException("Access is denied.", "SecurityError");
        };
        Object.defineProperty(globalThis, "localStorage", { get: denied, configurable: true });
      });
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      expect(await countRefreshesOfBoth(app, [first, second], ada)).toBe(1);
      await first.evaluate(() => auth.signOut());
      await untilShown(second, "unauthenticated");
      for (const tab of [first, second]) await tab.reload();
      for (const tab of [first, second]) await untilShown(tab, "unauthenticated");
    }),
  );
});

/** How many refreshes it costs that the tokens of both tabs are refused, and both ask for something. */
async function countRefreshesOfBoth(app: App, tabs: readonly Page[], subject: string): Promise<number> {
  const before = app.counts.refresh;
  app.refuseTokens();
  const answers = await Promise.all(tabs.map((tab) => callApi(tab)));
  expect(answers).toEqual(tabs.map(() => ({ status: 200, subject })));
  return app.counts.refresh - before;
}
