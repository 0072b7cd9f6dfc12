import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SignJWT } from "jose";
import { findPython } from "./support/findPython.ts";
import { type InteropBrowser, openBrowser, openTab, startClient } from "./support/openBrowser.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { interopSecret, type PythonServer, startPythonServer } from "./support/startPythonServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const python = await findPython();
const refreshed = (requests: readonly string[]) =>
  requests.filter((request) => request === "POST /v1/auth/jwt/refresh 200");

describe.skipIf(python === null)(
  "the package in Chromium against the fastapi-users example (needs Python 3.11)",
  () => {
    let server: PythonServer;
    let browser: InteropBrowser;
    const profiles: BrowserContext[] = [];

    beforeAll(async () => {
      // Tokens that last so short that several expire within a test, and a grace time that it can wait for.
      const settings = {
        TOKEN_LIFETIME_SECONDS: "12",
        REFRESH_GRACE_SECONDS: "1",
        STOCK_TOKENS_UNTIL: "2100-01-01T00:00:00Z",
      };
      server = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
      browser = await openBrowser();
    });

    // A tab that is left open goes on renewing, and would be counted.
    afterEach(async () => {
      for (const profile of profiles.splice(0)) await profile.close();
    });

    afterAll(async () => {
      await browser?.close();
      await server?.dispose();
    });

    async function openProfile(): Promise<BrowserContext> {
      const profile = await browser.openProfile(server.origin);
      profiles.push(profile);
      return profile;
    }

    const signIn = async (page: Page) => {
      const account = await registerAccount(server.baseUrl);
      return unchallenged(await page.evaluate((credentials) => auth.signIn(credentials), account));
    };
    const stateOf = (page: Page) => page.evaluate(() => auth.getState());
    const waitForState = (page: Page, status: string) =>
      page.waitForFunction((wanted) => auth.getState().status === wanted, status, { timeout: 20_000 });
    /** Waits until the page has another access token than now. */
    const waitForRenewal = (page: Page, former: string) =>
      page.waitForFunction((token) => ![token, null].includes(auth.accessToken.getState()), former, {
        timeout: 30_000,
      });
    const gracePassed = (page: Page) => page.waitForTimeout(1200);

    it("stays who it was over a reload, and keeps the refresh token from scripts", async () => {
      const page = await openTab(await openProfile(), server.origin);
      const identity = await signIn(page);
      await page.reload();
      await startClient(page);
      expect(await stateOf(page)).toMatchObject({ status: "authenticated", identity: { subject: identity.subject } });
      const visible = await page.evaluate(() => document.cookie + JSON.stringify([localStorage, sessionStorage]));
      const token = await page.evaluate(() => auth.getAccessToken());
      expect(visible).not.toContain("ssr1.");
      expect(visible).not.toContain(token);
    });

    it("renews the token before it ends, without being asked, once for three tabs", async () => {
      const profile = await openProfile();
      const first = await openTab(profile, server.origin);
      const identity = await signIn(first);
      const others = [await openTab(profile, server.origin), await openTab(profile, server.origin)];
      const tabs = [first, ...others];
      for (const tab of others) expect(await stateOf(tab)).toMatchObject({ identity: { subject: identity.subject } });
      const former = await first.evaluate(() => auth.getAccessToken());
      const before = refreshed(server.requests).length;
      await Promise.all(tabs.map((tab) => waitForRenewal(tab, former)));
      const tokens = await Promise.all(tabs.map((tab) => tab.evaluate(() => auth.accessToken.getState())));
      expect(new Set(tokens).size).toBe(1);
      expect(refreshed(server.requests).length - before).toBe(1);
      expect(await stateOf(first)).toMatchObject({
        identity: { subject: identity.subject, sessionId: identity.sessionId },
      });
    });

    it("sends a request again, as the same subject, when its token is refused", async () => {
      const page = await openTab(await openProfile(), server.origin);
      const { subject } = await signIn(page);
      const answer = await page.evaluate(async () => {
        const refused = await auth.getAccessToken();
        let count = 0;
        // As a server would whose clock is ahead: the first token is refused, any other goes through.
        const send: typeof fetch = (input, init) => {
          count += 1;
          const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
          const isRefused = headers.get("authorization") === `Bearer ${refused}`;
          return isRefused ? Promise.resolve(new Response("{}", { status: 401 })) : fetch(input, init);
        };
        const response = await interop.authorizeFetch(auth, { fetch: send })("/v1/notes");
        return { status: response.status, body: await response.json(), count };
      });
      expect(answer).toEqual({ status: 200, body: { owner: subject }, count: 2 });
    });

    it("tells every tab of a sign-in and of a sign-out", async () => {
      const profile = await openProfile();
      const [one, two] = [await openTab(profile, server.origin), await openTab(profile, server.origin)];
      const { subject } = await signIn(one);
      await waitForState(two, "authenticated");
      expect(await stateOf(two)).toMatchObject({ identity: { subject } });
      const token = await two.evaluate(() => auth.getAccessToken());
      await two.evaluate(() => auth.signOut());
      await waitForState(one, "unauthenticated");
      expect(await stateOf(one)).toMatchObject({ reason: "signedOut" });
      const me = await fetch(`${server.baseUrl}/users/me`, { headers: { Authorization: `Bearer ${token}` } });
      expect(me.status).toBe(401);
      await one.reload();
      await startClient(one);
      expect(await stateOf(one)).toMatchObject({ status: "unauthenticated" });
      expect(await profile.cookies()).toEqual([]);
    });

    it("starts a guest only when asked, who then stays the same one", async () => {
      const page = await openTab(await openProfile(), server.origin);
      expect(await stateOf(page)).toMatchObject({ status: "unauthenticated", reason: "none" });
      const guest = await page.evaluate(() => auth.signInAsGuest());
      await page.reload();
      await startClient(page);
      expect(await stateOf(page)).toMatchObject({ identity: { subject: guest.subject, isGuest: true } });
    });

    it("ends as revoked, and not as a guest, when a stolen refresh token was used", async () => {
      const profile = await openProfile();
      const page = await openTab(profile, server.origin);
      await signIn(page);
      const [stolen] = await profile.cookies();
      await page.evaluate(() => auth.refresh());
      await gracePassed(page);
      await page.evaluate(() => auth.refresh());
      const thief = await fetch(`${server.baseUrl}/jwt/refresh`, {
        method: "POST",
        headers: { cookie: `${stolen?.name}=${stolen?.value}`, origin: server.origin },
      });
      expect([thief.status, await thief.json()]).toEqual([401, { detail: "REFRESH_TOKEN_REUSED" }]);
      await expect(page.evaluate(() => auth.refresh())).rejects.toThrow();
      expect(await stateOf(page)).toMatchObject({ status: "unauthenticated", reason: "revoked" });
      expect(server.requests.filter((request) => request.includes("/guest")).length).toBeLessThanOrEqual(1);
    });

    it("moves a token from localStorage over once", async () => {
      const { username, password } = await registerAccount(server.baseUrl);
      const body = new URLSearchParams({ username, password });
      const { subject } = (await (await fetch(`${server.baseUrl}/jwt/login`, { method: "POST", body })).json()) as {
        subject: string;
      };
      // What the stock app hands out.
      const oldToken = await new SignJWT({ sub: subject, aud: ["fastapi-users:auth"] })
        .setProtectedHeader({ alg: "HS256" })
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(interopSecret));
      const profile = await openProfile();
      const page = await profile.newPage();
      await page.goto(`${server.origin}/`);
      await page.evaluate(async (token) => {
        localStorage.setItem("token", token);
        await interop.moveOldToken();
      }, oldToken);
      await startClient(page);
      expect(await stateOf(page)).toMatchObject({ status: "authenticated", identity: { subject } });
      expect(await page.evaluate(() => localStorage.getItem("token"))).toBeNull();
    });
  },
);
