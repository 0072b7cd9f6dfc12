import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { AuthEventName } from "../../src/core/authClient.ts";
import { createPagePlatform } from "./support/createPagePlatform.ts";
import { findPython } from "./support/findPython.ts";
import { type InteropBrowser, openBrowser, openTab } from "./support/openBrowser.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const python = await findPython();

describe.skipIf(python === null)(
  "the package against a stock fastapi-users app, without refresh (needs Python 3.11)",
  () => {
    let server: PythonServer;
    let browser: InteropBrowser;

    beforeAll(async () => {
      const settings = { TOKEN_LIFETIME_SECONDS: "8" };
      server = await startPythonServer({ python: python ?? "", app: "app.stock:app", settings });
      browser = await openBrowser();
    });

    afterAll(async () => {
      await browser?.close();
      await server?.dispose();
    });

    const asked = (path: string) => server.requests.filter((request) => request.includes(path));

    it("lasts in Node until the access token ends, then has expired, with one refresh asked for and no guest", async () => {
      const client = createAuthClient({ baseUrl: server.baseUrl, platform: createPagePlatform(server.origin) });
      const events: AuthEventName[] = [];
      for (const name of ["sessionEnded", "signedOut", "identityChanged"] as const)
        client.on(name, () => events.push(name));
      client.start();
      await client.ready();
      const account = await registerAccount(server.baseUrl);
      const ended = new Promise((resolve) => client.on("sessionEnded", resolve));
      const { subject } = unchallenged(await client.signIn(account));
      expect(await client.fetchUser()).toMatchObject({ email: account.username });
      await ended;
      expect(client.getState()).toMatchObject({
        status: "unauthenticated",
        reason: "expired",
        previousIdentity: { subject },
      });
      expect(events.filter((name) => name === "sessionEnded")).toHaveLength(1);
      const refreshes = asked("/jwt/refresh").length;
      await expect(client.getAccessToken()).rejects.toMatchObject({ code: "sessionEnded" });
      expect(asked("/jwt/refresh")).toHaveLength(refreshes);
      // Asked for by hand: once, and no more. The server writes down a request after it has answered it.
      await expect(client.refresh()).rejects.toMatchObject({ code: "sessionEnded" });
      await expect.poll(() => asked("/jwt/refresh")).toHaveLength(refreshes + 1);
      // At the start, and when the first token came near its end.
      expect(refreshes).toBeLessThanOrEqual(2);
      expect(asked("/guest")).toEqual([]);
      client.dispose();
    });

    it("does so in Chromium, in both tabs", async () => {
      const before = asked("/jwt/refresh").length;
      const profile = await browser.openProfile(server.origin);
      const tabs = [await openTab(profile, server.origin), await openTab(profile, server.origin)] as const;
      const account = await registerAccount(server.baseUrl);
      await tabs[0].evaluate((credentials) => auth.signIn(credentials), account);
      for (const tab of tabs) {
        await tab.waitForFunction(() => auth.getState().status === "authenticated");
      }
      for (const tab of tabs) {
        await tab.waitForFunction(() => auth.getState().status === "unauthenticated", undefined, { timeout: 30_000 });
        expect(await tab.evaluate(() => auth.getState())).toMatchObject({ reason: "expired" });
      }
      expect(asked("/jwt/refresh").length - before).toBeLessThanOrEqual(4);
      expect(asked("/guest")).toEqual([]);
      await profile.close();
    });
  },
);
