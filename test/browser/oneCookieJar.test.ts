import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestServer, PASSWORD } from "../server/support/testServer.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";

interface Place {
  readonly origin: string;
  readonly prefix: string;
}

// C01 https://github.com/authup/authup/issues/3495
describe("four servers on one host, by port and by prefix, in one profile of Chromium", () => {
  let browser: Browser;
  const listening: Server[] = [];
  const places: Place[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
    for (let port = 0; port < 2; port += 1) {
      const servers = ["/v1/auth", "/lab/v1/auth"].map((prefix) => {
        const accessTokenSecret = `the secret of port ${port} and prefix ${prefix}`;
        const auth = createTestServer({ prefix, accessTokenSecret, refreshGraceSeconds: 0.001 });
        return { prefix, auth };
      });
      const http = createServer((request, response) => {
        const found = servers.find(({ prefix }) => request.url?.startsWith(`${prefix}/`));
        found?.auth.advance(60);
        if (found === undefined)
          response.setHeader("Content-Type", "text/html").end("<!doctype html><title>Page</title>");
        else void getRequestListener(found.auth.app.fetch)(request, response);
      });
      await new Promise<void>((done) => void http.listen(0, "127.0.0.1", done));
      listening.push(http);
      const origin = `http://localhost:${(http.address() as AddressInfo).port}`;
      places.push(...servers.map(({ prefix }) => ({ origin, prefix })));
    }
  });
  afterAll(async () => {
    await browser?.close();
    for (const http of listening) http.close();
  });

  it("keep four people signed in, who refresh in turns", async () => {
    const profile = await browser.newContext();
    const tabs = [];
    for (const [index, { origin, prefix }] of places.entries()) {
      const tab = await profile.newPage();
      await tab.goto(`${origin}/`);
      const email = `person${index}@example.org`;
      const subject = await tab.evaluate(
        async ([address, username, password]) => {
          const headers = { "Content-Type": "application/json" };
          const account = JSON.stringify({ email: username, password });
          await fetch(`${address}/register`, { method: "POST", headers, body: account });
          const body = new URLSearchParams({ username, password });
          const answer = await fetch(`${address}/jwt/login`, { method: "POST", body });
          return ((await answer.json()) as { subject: string }).subject;
        },
        [prefix, email, PASSWORD] as const,
      );
      tabs.push({ tab, prefix, subject });
    }
    for (let round = 0; round < 3; round += 1) {
      for (const { tab, prefix, subject } of tabs) {
        const refreshed = await tab.evaluate(async (address) => {
          const answer = await fetch(`${address}/jwt/refresh`, { method: "POST" });
          return (await answer.json()) as { subject?: string };
        }, prefix);
        expect(refreshed.subject).toBe(subject);
      }
    }
    const names = (await profile.cookies()).map(({ name }) => name);
    expect(new Set(names).size).toBe(4);
    await profile.close();
  });
});
