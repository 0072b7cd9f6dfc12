import type { AddressInfo } from "node:net";
import { serve, type ServerType } from "@hono/node-server";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { findPython } from "./support/findPython.ts";
import { type InteropBrowser, openBrowser, openTab, startClient } from "./support/openBrowser.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const python = await findPython();

// C01 https://github.com/authup/authup/issues/3495
describe.skipIf(python === null)("servers of one host in one browser's cookie jar (needs Python 3.11)", () => {
  const closing: (() => Promise<unknown>)[] = [];
  const places: { origin: string; prefix: string }[] = [];
  let browser: InteropBrowser;

  const makeAuth = (prefix: string): AuthServer => {
    const auth = createAuthServer({
      store: memoryStore(),
      accessTokenSecret: `the secret of the jar's tests, for ${prefix}`,
      prefix,
      refreshGraceSeconds: 0.001,
      rateLimits: false,
      passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    });
    closing.push(() => auth.close());
    return auth;
  };

  async function listen(...prefixes: string[]): Promise<void> {
    const auths = prefixes.map((prefix) => [prefix, makeAuth(prefix)] as const);
    const fetch = (request: Request, environment: object) => {
      const { pathname } = new URL(request.url);
      const found = auths.find(([prefix]) => pathname.startsWith(`${prefix}/`));
      return found?.[1].app.fetch(request, environment) ?? new Response("Not found", { status: 404 });
    };
    const server = await new Promise<ServerType>((resolve) => {
      const started: ServerType = serve({ fetch, port: 0, hostname: "localhost" }, () => resolve(started));
    });
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    places.push(...prefixes.map((prefix) => ({ origin, prefix })));
  }

  async function listenInPython(prefix: string): Promise<void> {
    const settings = { PREFIX: prefix, REFRESH_GRACE_SECONDS: "0" };
    const server: PythonServer = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
    closing.push(() => server.dispose());
    places.push({ origin: server.origin, prefix });
  }

  beforeAll(async () => {
    await listen("/v1/auth");
    await listen("/one/auth", "/two/auth");
    await listenInPython("/v1/auth");
    await listenInPython("/one/auth");
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    for (const close of closing.reverse()) await close();
  });

  it("keep five people apart who refresh in turns, by port and by prefix, in TypeScript and in Python", async () => {
    const profile = await browser.openProfile(places.map(({ origin }) => origin));
    const people: { page: Page; subject: string; prefix: string }[] = [];
    for (const { origin, prefix } of places) {
      const page = await openTab(profile, origin, prefix);
      const account = await registerAccount(`${origin}${prefix}`);
      const { subject } = unchallenged(await page.evaluate((credentials) => auth.signIn(credentials), account));
      people.push({ page, subject, prefix });
    }
    expect(new Set(people.map(({ subject }) => subject)).size).toBe(5);
    for (let round = 0; round < 3; round += 1) {
      for (const { page, subject } of people) {
        await page.evaluate(() => auth.refresh());
        expect(await page.evaluate(() => auth.getState())).toMatchObject({ identity: { subject } });
      }
    }
    for (const { page, subject, prefix } of people) {
      await page.reload();
      await startClient(page, prefix);
      expect(await page.evaluate(() => auth.getState())).toMatchObject({ identity: { subject } });
    }
    const names = (await profile.cookies()).map(({ name, path }) => `${path} ${name}`);
    expect(names).toHaveLength(5);
    for (const name of names)
      expect(name).toMatch(/^\/(v1|one|two)\/auth refresh_token\.\d+-[a-z0-9]+\.[A-Za-z0-9_-]{8}$/);

    // Whoever signs out takes only its own cookie along.
    await people[1]?.page.evaluate(() => auth.signOut());
    expect(await profile.cookies()).toHaveLength(4);
    await people[2]?.page.evaluate(() => auth.refresh());
    await profile.close();
  });
});
