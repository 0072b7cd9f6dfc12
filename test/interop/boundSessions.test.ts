import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodeAuthClient } from "../../src/node/createNodeAuthClient.ts";
import { findPython } from "./support/findPython.ts";
import { type InteropBrowser, openBrowser } from "./support/openBrowser.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";

const python = await findPython();

describe.skipIf(python === null)("a session bound to a key, at the fastapi-users example (needs Python 3.11)", () => {
  let server: PythonServer;
  let browser: InteropBrowser;

  beforeAll(async () => {
    const settings = { SESSION_BINDING: "required" };
    server = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const listBound = async (accessToken: string) => {
    const answer = await fetch(`${server.baseUrl}/sessions`, { headers: { Authorization: `Bearer ${accessToken}` } });
    return ((await answer.json()) as { bound: boolean }[]).map(({ bound }) => bound);
  };

  const start = (page: Page) =>
    page.evaluate(async () => {
      Object.assign(globalThis, interop.startClient("/v1/auth", { isBound: true }));
      await auth.ready();
    });

  it("is renewed by its own browser, over a reload and in a second tab, and by nobody with a copy of the cookie", async () => {
    const profile = await browser.openProfile(server.origin);
    const page = await profile.newPage();
    await page.goto(`${server.origin}/`);
    await start(page);
    const account = await registerAccount(server.baseUrl);
    await page.evaluate((credentials) => auth.signIn(credentials), account);
    await page.reload();
    await start(page);
    await page.evaluate(() => auth.refresh());
    const second = await profile.newPage();
    await second.goto(`${server.origin}/`);
    await start(second);
    expect(await second.evaluate(() => auth.getState().status)).toBe("authenticated");
    expect(await listBound(await page.evaluate(() => auth.getAccessToken()))).toEqual([true]);

    const cookie = (await profile.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const stolen = await fetch(`${server.baseUrl}/jwt/refresh`, {
      method: "POST",
      headers: { Cookie: cookie, Origin: server.origin, "Sec-Fetch-Site": "same-origin" },
    });
    expect([stolen.status, await stolen.json()]).toEqual([401, { detail: "REFRESH_TOKEN_PROOF_INVALID" }]);
    await page.evaluate(() => auth.refresh());
    await profile.close();
  });

  it("is renewed by a program from one process to the next, and refused without a key in words that help", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bound-"));
    const open = (bindSession: boolean) =>
      createNodeAuthClient({
        baseUrl: server.baseUrl,
        sessionFile: join(folder, "sessions.json"),
        env: {},
        bindSession,
      });
    const [first, second] = [open(true), open(false)];
    const account = await registerAccount(server.baseUrl);
    await expect(second.signIn(account)).rejects.toMatchObject({
      code: "invalidOptions",
      message: expect.stringContaining("--bind-session"),
    });
    await first.signIn(account);
    second.start();
    await second.ready();
    await second.refresh();
    expect(await listBound(await second.getAccessToken())).toEqual([true]);
    for (const client of [first, second]) client.dispose();
    await rm(folder, { recursive: true });
  });
});
