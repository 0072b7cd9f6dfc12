import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  callApi,
  otherAccount,
  patience,
  readToken,
  shownSinceSignIn,
  signIn,
  tryApi,
  untilShown,
} from "./support/tabActions.ts";
import { freeze, useBackgroundChromium } from "./support/useBackgroundChromium.ts";

const { scenario } = useBackgroundChromium();
const refreshLock = "stay-signed-in:/v1/auth:refresh";
const requestTimeoutMs = 1_500;
/** Both names of the lock, then the request: TABS.md L2 and L3. */
const mostWaitMs = 2 * (requestTimeoutMs + 2_000) + requestTimeoutMs;

function isLockHeld(tab: Page): Promise<boolean> {
  return tab.evaluate(async (name) => {
    const { held = [] } = await navigator.locks.query();
    return held.some((lock) => lock.name === name);
  }, refreshLock);
}

describe("a tab that freezes in the middle of its refresh, and keeps the lock", () => {
  // B020 https://github.com/supabase/supabase/issues/44642
  // B022 https://github.com/supabase/supabase/pull/44922
  // B193 https://github.com/bluesky-social/social-app/issues/8695
  it.each([
    ["before", "while it is frozen"],
    ["after", "while it is frozen"],
    ["before", "when the others have a token"],
    ["after", "when the others have a token"],
  ] as const)("holds nobody up and harms nobody: frozen %s the server has acted, answered %s", (where, answered) =>
    scenario({ client: { requestTimeoutMs } }, async ({ app, ada, openTab }) => {
      const tabs = [await openTab(), await openTab(), await openTab()] as const;
      const [frozen, second, third] = tabs;
      await signIn(frozen);
      for (const tab of tabs) await untilShown(tab, "authenticated", ada);
      const before = app.counts.refresh;
      const release = app.holdRefreshes(where, 1);
      const reached = app.untilRefresh(before + 1);
      const refreshing = frozen.evaluate(() => auth.refresh().then(() => "refreshed"));
      await reached;
      const thaw = await freeze(frozen);
      if (answered === "while it is frozen") release();
      app.refuseTokens();

      const beganAt = performance.now();
      expect(await Promise.all([callApi(second), callApi(third)])).toEqual([
        { status: 200, subject: ada },
        { status: 200, subject: ada },
      ]);
      expect(performance.now() - beganAt).toBeLessThan(mostWaitMs);
      expect(app.counts.refresh - before).toBe(2);
      // Nobody waits a second time for a lock that is known to be kept.
      expect(await isLockHeld(second)).toBe(true);
      const againAt = performance.now();
      await second.evaluate(() => auth.refresh());
      expect(performance.now() - againAt).toBeLessThan(requestTimeoutMs + 2_000);

      release();
      await thaw();
      expect(await refreshing).toBe("refreshed");
      expect(await callApi(frozen)).toEqual({ status: 200, subject: ada });
      await expect.poll(() => isLockHeld(frozen), patience).toBe(false);
      // All are of one mind again: one refresh more, and its token is everybody's.
      await frozen.evaluate(() => auth.refresh());
      await expect.poll(async () => new Set(await Promise.all(tabs.map(readToken))).size, patience).toBe(1);
      expect(app.counts.refresh - before).toBe(4);
      expect(app.apiStatuses.filter((status) => status === 401)).toHaveLength(2);
      for (const tab of tabs) expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      await frozen.reload();
      await untilShown(frozen, "authenticated", ada);
      expect(app.counts).toMatchObject({ login: 1, logout: 0, guest: 0 });
    })(),
  );
});

describe("a tab that thaws", () => {
  const channels = {
    "by the channel": () => {},
    "by the note alone, without a channel": () => Reflect.deleteProperty(globalThis, "BroadcastChannel"),
  };

  // B092 https://github.com/auth0/auth0-react/issues/562
  // Once more, should the sign-out's confirmation reach the thawed tab's storage so late that it tells the server as well (S5).
  it.each(Object.entries(channels))(
    "is signed out when somebody signed out meanwhile: told %s",
    { retry: 1 },
    (_, prepare) =>
      scenario({}, async ({ app, ada, profile, openTab }) => {
        await profile.addInitScript(prepare);
        const frozen = await openTab();
        await signIn(frozen);
        const second = await openTab();
        await untilShown(second, "authenticated", ada);
        const thaw = await freeze(frozen);
        await second.evaluate(() => auth.signOut());
        await thaw();
        await untilShown(frozen, "unauthenticated");
        expect(await frozen.evaluate(() => auth.getState())).toMatchObject({ reason: "signedOut" });
        await frozen.reload();
        await untilShown(frozen, "unauthenticated");
        await untilShown(second, "unauthenticated");
        expect(app.apiSubjects).toEqual([]);
        expect(app.counts).toMatchObject({ login: 1, logout: 1 });
        expect(await profile.cookies()).toEqual([]);
      })(),
  );

  it.each(Object.entries(channels))(
    "is whoever signed in meanwhile, and sends nothing as the former: told %s",
    (_, prepare) =>
      scenario({}, async ({ app, ada, bob, profile, openTab }) => {
        await profile.addInitScript(prepare);
        const frozen = await openTab();
        await signIn(frozen);
        const second = await openTab();
        await untilShown(second, "authenticated", ada);
        await second.bringToFront();
        // It freezes with a request of the former's that waits for a token.
        app.refuseTokens();
        const release = app.holdRefreshes("before", 1);
        const reached = app.untilRefresh(app.counts.refresh + 1);
        const waiting = tryApi(frozen);
        await reached;
        const thaw = await freeze(frozen);
        expect(await signIn(second, otherAccount)).toBe(bob);
        release();
        await thaw();
        expect(await waiting).toBe("identityChanged");
        await untilShown(frozen, "authenticated", bob);
        expect(await callApi(frozen)).toEqual({ status: 200, subject: bob });
        expect(await callApi(second)).toEqual({ status: 200, subject: bob });
        expect(await frozen.evaluate(() => events)).toContain("identityChanged");
        expect(app.apiSubjects).toEqual([bob, bob]);
        await frozen.reload();
        await untilShown(frozen, "authenticated", bob);
        await untilShown(second, "authenticated", bob);
      })(),
  );
});
