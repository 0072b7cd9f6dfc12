import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import {
  account,
  callApi,
  otherAccount,
  patience,
  shownSinceSignIn,
  signIn,
  untilKnown,
  untilShown,
} from "./support/tabActions.ts";
import { useChromium } from "./support/useChromium.ts";
import { unchallenged } from "../support/unchallenged.ts";

const { scenario } = useChromium();
const refreshLock = "stay-signed-in:/v1/auth:refresh";
const hourMs = 3_600_000;

async function crash(tab: Page): Promise<void> {
  const crashed = tab.waitForEvent("crash");
  const session = await tab.context().newCDPSession(tab);
  session.send("Page.crash").catch(() => {});
  await crashed;
  await tab.close();
}

describe("the refresh lock", () => {
  // B025 https://github.com/supabase/supabase-js/pull/2235
  it.each(["before", "after"] as const)(
    "of a tab that crashes %s the server has acted on its refresh passes on to another",
    (where) =>
      scenario({}, async ({ app, ada, openTab }) => {
        const [first, second] = [await openTab(), await openTab()];
        await signIn(first);
        await untilShown(second, "authenticated", ada);
        const before = app.counts.refresh;
        app.refuseTokens();
        const release = app.holdRefreshes(where);
        const reached = app.untilRefresh(app.counts.refresh + 1);
        first.evaluate(() => api.get("/subject")).catch(() => {});
        await reached;
        const request = callApi(second);
        // It waits its turn: the lock is the crashing tab's.
        await second.waitForFunction(async (name) => {
          const { pending = [] } = await navigator.locks.query();
          return pending.some((lock) => lock.name === name);
        }, refreshLock);
        const takenOver = app.untilRefresh(before + 2);
        await crash(first);
        await takenOver;
        release();
        expect(await request).toEqual({ status: 200, subject: ada });
        expect(app.counts.refresh - before).toBe(2);
        expect(await shownSinceSignIn(second)).toEqual(["authenticated"]);
      })(),
  );

  it.each([[[refreshLock]], [[refreshLock, `${refreshLock}-2`]]])(
    "held for ever by another page (%j) delays a refresh and does not stop it",
    (names) =>
      scenario({ client: { requestTimeoutMs: 500 } }, async ({ app, ada, openTab, openElsewhere }) => {
        const other = await openElsewhere();
        const tab = await openTab();
        await signIn(tab);
        await other.evaluate(async (held) => {
          for (const name of held) {
            await new Promise<void>((resolve) => {
              void navigator.locks.request(name, () => {
                resolve();
                return new Promise(() => {});
              });
            });
          }
        }, names);
        const before = app.counts.refresh;
        app.refuseTokens();
        expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
        expect(app.counts.refresh - before).toBe(1);
        expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      })(),
  );
});

describe("the back/forward cache", () => {
  const leave = async (tab: Page, origin: string) => {
    await tab.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    await tab.goto(`${origin}/elsewhere`);
  };
  const comeBack = async (tab: Page) => {
    await tab.evaluate(() => history.back());
    await tab.waitForFunction(() => "wasRestored" in globalThis && wasRestored && "isSamePage" in globalThis);
  };

  // B092 https://github.com/auth0/auth0-react/issues/562
  // B242 https://github.com/whatwg/html/issues/7253
  it(
    "gives a page back that is signed out when somebody signed out meanwhile",
    scenario({}, async ({ app, ada, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(first, "authenticated", ada);
      await leave(first, app.origin);
      await second.evaluate(() => auth.signOut());
      await comeBack(first);
      await untilShown(first, "unauthenticated");
      expect(await first.evaluate(() => auth.getState())).toMatchObject({ reason: "signedOut" });
      expect(app.counts.login).toBe(1);
    }),
  );

  it(
    "gives a page back as whoever signed in meanwhile",
    scenario({}, async ({ app, ada, bob, openTab }) => {
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(first, "authenticated", ada);
      await leave(first, app.origin);
      await second.evaluate(() => auth.signOut());
      await signIn(second, otherAccount);
      await comeBack(first);
      await untilShown(first, "authenticated", bob);
      expect(await callApi(first)).toEqual({ status: 200, subject: bob });
      expect(await first.evaluate(() => events)).toContain("identityChanged");
    }),
  );

  // B241 https://github.com/dexie/Dexie.js/issues/1776
  it(
    "gives a page back signed in when nothing happened",
    scenario({}, async ({ app, ada, openTab }) => {
      const tab = await openTab();
      await signIn(tab);
      await untilShown(tab, "authenticated", ada);
      await leave(tab, app.origin);
      await comeBack(tab);
      expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      expect(app.counts.refresh).toBe(1);
    }),
  );
});

describe("messages from strangers on the channel", () => {
  const forge = (claims: object) =>
    [{ alg: "none", typ: "at+jwt" }, claims, "x"]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
  const nowSeconds = Math.floor(Date.now() / 1000);
  const told = {
    version: 1,
    kind: "told",
    id: "stranger",
    end: "open",
    pendingSignOut: false,
    isGuest: false,
    issuedAt: nowSeconds,
  };
  const token = forge({
    sub: "mallory",
    sid: "stranger",
    iat: nowSeconds,
    exp: nowSeconds + 900,
    aud: "fastapi-users:auth",
  });
  const withToken = { ...told, token, lifetimeMs: 900_000, sentAt: Date.now(), count: 99, subject: "mallory" };
  const foreign = [
    null,
    0,
    "asked",
    [],
    {},
    { version: 1 },
    { version: 1, kind: "told" },
    { version: 2, kind: "told", session: { number: 1e15 }, end: "signedOut" },
    { version: 1, kind: "toString", number: 1 },
    { version: 1, kind: "told", number: "1e15", id: 7, end: "open" },
    { ...told, number: Number.NaN },
    { ...told, number: 1e15, id: "x".repeat(100_000) },
    { ...told, number: 1, end: "signedOut" },
    { ...told, number: 1, end: "revoked" },
    { ...withToken, number: 1 },
  ];

  it(
    "that mean nothing, or something old, change nothing",
    scenario({}, async ({ app, ada, openTab, openElsewhere }) => {
      const [tab, other] = [await openTab(), await openElsewhere()];
      await signIn(tab);
      await untilShown(tab, "authenticated", ada);
      const before = { ...app.counts };
      await post(tab, other, foreign);
      expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      expect(await shownSinceSignIn(tab)).toEqual(["authenticated"]);
      expect(app.counts).toEqual(before);
    }),
  );

  it.each([
    ["an open session that was never begun", [{ ...told, number: 1e15 }]],
    ["one that has expired", [{ ...told, number: 1e15, end: "expired" }]],
    ["one that was revoked", [{ ...told, number: 1e15, end: "revoked" }]],
    ["one of another subject, with a token that nobody signed", [{ ...withToken, number: 1e15 }]],
  ])("that tell of %s leave the user signed in", (_, messages) =>
    scenario({}, async ({ app, ada, openTab, openElsewhere }) => {
      const [tab, other] = [await openTab(), await openElsewhere()];
      await signIn(tab);
      await untilShown(tab, "authenticated", ada);
      const before = app.counts.refresh;
      await post(tab, other, messages);
      // What was told is a question to the server (T3); a token of this answer would be refused below like those before it.
      await app.untilRefresh(before + 1);
      await expect.poll(() => tab.evaluate(() => auth.activity.getState().kind), patience).toBe("idle");
      app.refuseTokens();
      expect(await callApi(tab)).toEqual({ status: 200, subject: ada });
      await untilShown(tab, "authenticated", ada);
      const shown = await tab.evaluate(() => rendered.map(({ subject }) => subject));
      expect(shown).not.toContain("mallory");
      expect(await shownSinceSignIn(tab)).not.toContain("unauthenticated");
      expect(app.counts.refresh - before).toBeLessThanOrEqual(2);
      await tab.reload();
      await untilShown(tab, "authenticated", ada);
    })(),
  );

  it(
    "sign nobody in",
    scenario({}, async ({ app, openTab, openElsewhere }) => {
      const [tab, other] = [await openTab(), await openElsewhere()];
      await untilShown(tab, "unauthenticated");
      await post(tab, other, [...foreign, { ...withToken, number: 1e15 }, { ...told, number: 1e15 }]);
      await untilShown(tab, "unauthenticated");
      expect(
        await tab.evaluate(() =>
          auth.getAccessToken().then(
            () => "a token",
            ({ code }) => code,
          ),
        ),
      ).toBe("sessionEnded");
      expect(await tab.evaluate(() => rendered.some(({ subject }) => subject === "mallory"))).toBe(false);
      expect(unchallenged(await tab.evaluate((given) => auth.signIn(given), account)).isGuest).toBe(false);
      expect(app.counts.login).toBe(1);
    }),
  );

  /** Posts from another page, and waits until `tab` has had it all. */
  async function post(tab: Page, other: Page, messages: readonly unknown[]): Promise<void> {
    await tab.evaluate(() => {
      const channel = new BroadcastChannel("stay-signed-in:/v1/auth");
      const heard = new Promise<void>((resolve) => {
        channel.addEventListener("message", ({ data }) => data === "that was all" && resolve());
      });
      Object.assign(globalThis, { heard });
    });
    await other.evaluate((all) => {
      const channel = new BroadcastChannel("stay-signed-in:/v1/auth");
      for (const message of [...all, "that was all"]) channel.postMessage(message);
    }, messages);
    await tab.evaluate(() => (globalThis as unknown as { heard: Promise<void> }).heard);
  }
});

describe("a clock that is set", () => {
  it(
    "an hour forward and back again keeps the user signed in, without a loop",
    scenario({}, async ({ app, ada, profile, openTab }) => {
      const startedAt = Date.now();
      await profile.clock.install({ time: startedAt });
      const [first, second] = [await openTab(), await openTab()];
      await signIn(first);
      await untilShown(second, "authenticated", ada);
      const before = app.counts.refresh;
      await profile.clock.setSystemTime(startedAt + hourMs);
      expect(await callApi(first)).toEqual({ status: 200, subject: ada });
      expect(await callApi(second)).toEqual({ status: 200, subject: ada });
      expect(app.counts.refresh - before).toBe(1);
      await profile.clock.setSystemTime(startedAt);
      expect(await callApi(second)).toEqual({ status: 200, subject: ada });
      app.refuseTokens();
      expect(await callApi(first)).toEqual({ status: 200, subject: ada });
      expect(await callApi(second)).toEqual({ status: 200, subject: ada });
      expect(app.counts.refresh - before).toBe(2);
      await first.reload();
      await untilKnown(first);
      await untilShown(first, "authenticated", ada);
      expect(await shownSinceSignIn(second)).toEqual(["authenticated"]);
      expect(app.counts.guest).toBe(0);
    }),
  );
});
