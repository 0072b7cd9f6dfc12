import { describe, expect, it } from "vitest";
import { expectNoReadableToken } from "./support/expectNoReadableToken.ts";
import { account, callApi, shownSinceSignIn, signIn, untilShown } from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";
import { unchallenged } from "../support/unchallenged.ts";

const { scenario } = useChromium();

describe("one tab", () => {
  it(
    "keeps whoever signed in through several lives of an access token",
    scenario({ server: { accessTokenLifetimeSeconds: 3 } }, async ({ app, ada, openTab }) => {
      const tab = await openTab();
      expect(await signIn(tab)).toBe(ada);
      const first = await tab.evaluate(() => auth.getAccessToken());
      await expectNoReadableToken(tab, app);
      // The server allows for clocks that differ by 5 s: only then is the first token really at its end.
      await expect
        .poll(() => app.auth.verifyAccessToken(first).catch(({ code }) => code), { timeout: 20_000 })
        .toBe("TOKEN_EXPIRED");
      await tab.waitForFunction((token) => ![token, null].includes(auth.accessToken.getState()), first);
      expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      expect(await tab.evaluate(async () => (await authorizedFetch("/api/subject")).status)).toBe(200);
      expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      expect(app.apiStatuses).toEqual([200, 200]);
      expect(app.counts.refresh).toBeGreaterThanOrEqual(2);
    }),
  );

  it(
    "comes back signed in after a reload",
    scenario({ client: { guests: "automatic" } }, async ({ app, ada, openTab }) => {
      const tab = await openTab();
      await tab.waitForFunction(() => auth.getState().status === "authenticated");
      await signIn(tab);
      const { refresh, guest } = app.counts;
      await tab.reload();
      await untilShown(tab, "authenticated", ada);
      expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      expect(await tab.evaluate(() => rendered.map(({ subject }) => subject))).toEqual([null, ada]);
      expect(app.counts).toMatchObject({ refresh: refresh + 1, guest, login: 1 });
    }),
  );

  // N09
  it(
    "prints no error on the console while nobody is signed in",
    scenario({}, async ({ app, openTab }) => {
      const tab = await openTab();
      const printed: string[] = [];
      tab.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) printed.push(message.text());
      });
      await tab.reload();
      await untilShown(tab, "unauthenticated");
      expect(app.counts.refresh).toBe(2);
      expect(printed).toEqual([]);
    }),
  );

  // B053 https://github.com/authts/react-oidc-context/issues/1638
  it(
    "mounted twice by StrictMode, asks once",
    scenario({ isStrict: true }, async ({ app, ada, openTab }) => {
      const tab = await openTab();
      expect(app.counts.refresh).toBe(1);
      await signIn(tab);
      await untilShown(tab, "authenticated", ada);
      await tab.reload();
      await untilShown(tab, "authenticated", ada);
      expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      expect(app.counts).toMatchObject({ refresh: 2, login: 1, guest: 0 });
    }),
  );

  it.each([
    { end: "expired", bring: "passTime" },
    { end: "revoked", bring: "endSessions" },
  ] as const)("says that its session ended as $end, and makes no guest of the user", ({ end, bring }) =>
    scenario({ client: { guests: "automatic" } }, async ({ app, ada, openTab }) => {
      const tab = await openTab();
      await tab.waitForFunction(() => auth.getState().status === "authenticated");
      await signIn(tab);
      const { guest } = app.counts;
      if (bring === "passTime") app.passTime(8 * 24 * 3600 * 1000);
      else await app.auth.subjects.endSessions(ada);
      app.refuseTokens();
      const outcome = await tab.evaluate(() =>
        api.get("/subject").then(
          () => "sent",
          (error) => error.response?.status,
        ),
      );
      expect(outcome).toBe(401);
      await untilShown(tab, "unauthenticated");
      expect(await tab.evaluate(() => auth.getState())).toMatchObject({
        reason: end,
        previousIdentity: { subject: ada },
      });
      await tab.reload();
      await untilShown(tab, "unauthenticated");
      expect(app.counts.guest).toBe(guest);
    })(),
  );

  it(
    "signs out for good",
    scenario({}, async ({ app, profile, openTab }) => {
      const tab = await openTab();
      await signIn(tab);
      expect(await profile.cookies()).toMatchObject([{ httpOnly: true, sameSite: "Strict" }]);
      await tab.evaluate(() => auth.signOut());
      await untilShown(tab, "unauthenticated");
      expect(await profile.cookies()).toEqual([]);
      await tab.reload();
      await untilShown(tab, "unauthenticated");
      expect(app.counts).toMatchObject({ logout: 1, login: 1 });
      expect(unchallenged(await tab.evaluate((given) => auth.signIn(given), account)).isGuest).toBe(false);
    }),
  );
});
