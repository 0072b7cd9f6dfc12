import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { Scene } from "./support/playScene.ts";
import { callApi, otherAccount, shownSinceSignIn, signIn, untilShown } from "./support/tabActions.ts";
import { plainHost, useChromium } from "./support/useChromium.ts";

const { scenario } = useChromium();

async function openTabs({ openTab }: Scene, count: number): Promise<Page[]> {
  return Promise.all(Array.from({ length: count }, () => openTab()));
}

/** Sends `count` requests to the API from each tab at once; the subjects that the API saw, or what went wrong. */
async function callTogether(tabs: readonly Page[], count: number): Promise<string[]> {
  const answers = await Promise.all(
    tabs.map((tab) =>
      tab.evaluate((requests) => {
        const call = () =>
          api.get("/subject").then(
            ({ data }) => String(data.subject),
            (error) => `failed: ${error}`,
          );
        return Promise.all(Array.from({ length: requests }, call));
      }, count),
    ),
  );
  return answers.flat();
}

describe("eight tabs that each send 25 requests at the same moment", () => {
  // B013 https://github.com/supabase/auth-js/issues/213
  // B014 https://github.com/supabase/supabase/issues/8959
  it(
    "make one refresh when the API refuses the token that they share",
    scenario({ refreshTakesMs: 200 }, async (scene) => {
      const { app, ada } = scene;
      const tabs = await openTabs(scene, 8);
      await signIn(tabs[0] as Page);
      await Promise.all(tabs.map((tab) => untilShown(tab, "authenticated", ada)));
      const before = app.counts.refresh;
      app.refuseTokens();
      const subjects = await callTogether(tabs, 25);
      expect(subjects).toEqual(Array.from({ length: 200 }, () => ada));
      expect(app.apiStatuses.filter((status) => status === 401).length).toBeGreaterThan(100);
      expect(app.apiStatuses.filter((status) => status === 200)).toHaveLength(200);
      expect(app.counts.refresh - before).toBe(1);
      for (const tab of tabs) expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
    }),
  );

  it(
    "make one refresh, and get no 401, when the token that they share has expired",
    scenario({ refreshTakesMs: 200 }, async (scene) => {
      const { app, ada, profile } = scene;
      await profile.clock.install();
      const tabs = await openTabs(scene, 8);
      await signIn(tabs[0] as Page);
      await Promise.all(tabs.map((tab) => untilShown(tab, "authenticated", ada)));
      const before = app.counts.refresh;
      // As after a sleep: the clock has gone on and no timer has run.
      await profile.clock.setSystemTime(Date.now() + 16 * 60_000);
      const subjects = await callTogether(tabs, 25);
      expect(subjects).toEqual(Array.from({ length: 200 }, () => ada));
      expect(app.apiStatuses).toEqual(Array.from({ length: 200 }, () => 200));
      expect(app.counts.refresh - before).toBe(1);
    }),
  );
});

describe("two tabs", () => {
  it(
    "that comes up second is signed in without asking the server",
    scenario({ client: { guests: "automatic" } }, async ({ app, ada, openTab }) => {
      const first = await openTab();
      await first.waitForFunction(() => auth.getState().status === "authenticated");
      await signIn(first);
      const before = { ...app.counts };
      const second = await openTab();
      await untilShown(second, "authenticated", ada);
      expect(await callApi(second)).toEqual({ status: 200, subject: ada });
      expect(app.counts).toEqual({ ...before, load: 2 });
    }),
  );

  it(
    "sign out together",
    scenario({}, async ({ app, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await second.waitForFunction(() => auth.getState().status === "authenticated");
      await second.evaluate(() => auth.signOut());
      await untilShown(first, "unauthenticated");
      expect(await first.evaluate(() => auth.getState())).toMatchObject({ reason: "signedOut" });
      expect(app.counts.logout).toBe(1);
    }),
  );

  it.each(["before", "after"] as const)(
    "sign out together with a refresh under way that the server acts on %s the sign-out's answer",
    (where) =>
      scenario({}, async ({ app, profile, openTab }) => {
        const [first, second] = [await openTab(), await openTab()];
        await signIn(first);
        await second.waitForFunction(() => auth.getState().status === "authenticated");
        const release = app.holdRefreshes(where === "before" ? "after" : "before");
        const reached = app.untilRefresh(app.counts.refresh + 1);
        const refreshing = first.evaluate(() =>
          auth.refresh().then(
            () => "refreshed",
            ({ code }) => code,
          ),
        );
        await reached;
        await second.evaluate(() => auth.signOut());
        await untilShown(first, "unauthenticated");
        release();
        expect(await refreshing).toBe("sessionEnded");
        await first.reload();
        await untilShown(first, "unauthenticated");
        await untilShown(second, "unauthenticated");
        expect(await second.evaluate(() => auth.getState())).toMatchObject({ reason: "signedOut" });
        expect((await profile.cookies()).length).toBeLessThanOrEqual(1);
      })(),
  );

  it(
    "both become whoever signs in in one of them, and send nothing that was meant for the other",
    scenario({}, async ({ app, ada, bob, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      app.refuseTokens();
      const release = app.holdRefreshes("before");
      const reached = app.untilRefresh(app.counts.refresh + 1);
      const request = second.evaluate(() =>
        api.get("/subject").then(
          () => "sent",
          ({ code }) => code,
        ),
      );
      await reached;
      await signIn(first, otherAccount);
      await untilShown(second, "authenticated", bob);
      expect(await request).toBe("identityChanged");
      release();
      expect(await callApi(first)).toEqual({ status: 200, subject: bob });
      expect(await callApi(second)).toEqual({ status: 200, subject: bob });
      expect(await second.evaluate(() => events)).toContain("identityChanged");
    }),
  );
});

describe("four tabs on plain http, without locks and without a secure context", () => {
  it(
    "stay together",
    scenario({ server: { allowInsecureCookies: true }, refreshTakesMs: 200 }, async ({ app, ada, openTab }) => {
      const address = `http://${plainHost}:${app.port}`;
      const tabs = await Promise.all(Array.from({ length: 4 }, () => openTab(address)));
      const [first] = tabs as [Page];
      expect(await first.evaluate(() => [isSecureContext, "locks" in navigator])).toEqual([false, false]);
      await signIn(first);
      await Promise.all(tabs.map((tab) => untilShown(tab, "authenticated", ada)));
      const before = app.counts.refresh;
      app.refuseTokens();
      expect(await callTogether(tabs, 10)).toEqual(Array.from({ length: 40 }, () => ada));
      expect(app.counts.refresh - before).toBe(1);
      await Promise.all(tabs.map((tab) => tab.reload()));
      await Promise.all(tabs.map((tab) => untilShown(tab, "authenticated", ada)));
      await first.evaluate(() => auth.signOut());
      await Promise.all(tabs.map((tab) => untilShown(tab, "unauthenticated")));
    }),
  );
});
