import { existsSync } from "node:fs";
import process from "node:process";
import { type Browser, firefox, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePage } from "./support/bundlePage.ts";
import { startApp } from "./support/startApp.ts";
import { account, callApi, expectNoReadableToken, signIn, untilKnown, untilShown } from "./support/useChromium.ts";

const executablePath = [process.env["FIREFOX"] ?? "", "/usr/bin/firefox-esr", "/usr/bin/firefox"].find(existsSync);
const missing =
  executablePath === undefined ? " (skipped: no Firefox here; install one or set FIREFOX to its path)" : "";

describe.skipIf(executablePath === undefined)(`in Firefox${missing}`, () => {
  let browser: Browser;
  let script: string;

  beforeAll(async () => {
    // The channel drives an installed Firefox; without it the driver wants a build of its own.
    [browser, script] = await Promise.all([
      firefox.launch({ channel: "moz-firefox", executablePath: executablePath ?? "" }),
      bundlePage(),
    ]);
  });
  afterAll(() => browser?.close());

  it("two tabs are of one mind: signed in together, one refresh for both, signed out together", async () => {
    const app = await startApp(script);
    const profile = await browser.newContext();
    try {
      const ada = await register(app.port);
      const openTab = async (): Promise<Page> => {
        const tab = await profile.newPage();
        await tab.goto(`${app.origin}/`);
        await untilKnown(tab);
        return tab;
      };
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
    } finally {
      await profile.close();
      await app.close();
    }
  });
});

async function register(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: account.username, password: account.password }),
  });
  return ((await response.json()) as { id: string }).id;
}
