import { describe, expect, it } from "vitest";
import { expectNoReadableToken } from "./support/expectNoReadableToken.ts";
import { callApi, otherAccount, patience, shownSinceSignIn, signIn, tryApi, untilShown } from "./support/tabActions.ts";
import { firefoxPath, useFirefox } from "./support/useFirefox.ts";

const missing = firefoxPath === undefined ? " (skipped: no Firefox here; install one or set FIREFOX to its path)" : "";

describe.skipIf(firefoxPath === undefined)(`in Firefox${missing}`, () => {
  const { scenario } = useFirefox();

  it(
    "two tabs are of one mind: signed in together, one refresh for both, signed out together",
    scenario({}, async ({ app, ada, profile, openTab }) => {
      const tabs = [await openTab(), await openTab()] as const;
      expect(await signIn(tabs[0])).toBe(ada);
      for (const tab of tabs) await untilShown(tab, "authenticated", ada);
      for (const tab of tabs) expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      for (const tab of tabs) await expectNoReadableToken(tab, app);

      // Both find out at the same time that the API takes their token no more.
      const { refresh } = app.counts;
      app.refuseTokens();
      const release = app.holdRefreshes("before");
      const answers = tabs.map(callApi);
      await app.untilRefresh(refresh + 1);
      await expect.poll(() => app.apiStatuses.filter((status) => status === 401)).toHaveLength(2);
      release();
      expect(await Promise.all(answers)).toEqual([
        { status: 200, subject: ada },
        { status: 200, subject: ada },
      ]);
      expect(app.counts.refresh).toBe(refresh + 1);

      await tabs[1].reload();
      await untilShown(tabs[1], "authenticated", ada);
      await tabs[0].evaluate(() => auth.signOut());
      for (const tab of tabs) await untilShown(tab, "unauthenticated");
      expect(await profile.cookies()).toEqual([]);
      await tabs[1].reload();
      await untilShown(tabs[1], "unauthenticated");
      expect(app.counts).toMatchObject({ login: 1, logout: 1, guest: 0 });
    }),
  );

  it(
    "a tab that closes in the middle of its refresh leaves the lock to another",
    scenario({}, async ({ app, ada, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      const before = app.counts.refresh;
      app.refuseTokens();
      const release = app.holdRefreshes("after", 1);
      const reached = app.untilRefresh(before + 1);
      first.evaluate(() => api.get("/subject")).catch(() => {});
      await reached;
      const request = callApi(second);
      await expect
        .poll(() => second.evaluate(async () => (await navigator.locks.query()).pending?.length), patience)
        .toBe(1);
      await first.close();
      expect(await request).toEqual({ status: 200, subject: ada });
      release();
      expect(app.counts.refresh - before).toBe(2);
      expect(await shownSinceSignIn(second)).toEqual(["authenticated"]);
    }),
  );

  it(
    "both tabs become whoever signs in in one of them, and send nothing that was meant for the other",
    scenario({}, async ({ app, ada, bob, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      app.refuseTokens();
      const release = app.holdRefreshes("before", 1);
      const reached = app.untilRefresh(app.counts.refresh + 1);
      const waiting = tryApi(second);
      await reached;
      await signIn(first, otherAccount);
      await untilShown(second, "authenticated", bob);
      expect(await waiting).toBe("identityChanged");
      release();
      for (const tab of [first, second]) expect(await callApi(tab)).toEqual({ status: 200, subject: bob });
      expect(app.apiSubjects).toEqual([bob, bob]);
    }),
  );
});
