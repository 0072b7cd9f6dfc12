import { chromium, type Browser, type Page } from "playwright-core";
import { Server } from "socket.io";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ChromiumPage } from "./support/chromiumPage.ts";
import { type ResourceServer, startResourceServer, withoutToken } from "./support/resourceServer.ts";

const slow = 120_000;
let resource: ResourceServer;
let stranger: ResourceServer;
let browser: Browser;
let tab: Page;

beforeAll(async () => {
  const script = await bundle("./support/chromiumPage.ts");
  [resource, stranger] = await Promise.all([startResourceServer(), startResourceServer()]);
  const seen = new Set<string>();
  resource.decide = ({ path, token }) => {
    if (path === "/")
      return { status: 200, headers: { "content-type": "text/html" }, body: '<script src="/page.js"></script>' };
    if (path === "/page.js") return { status: 200, headers: { "content-type": "text/javascript" }, body: script };
    if (path === "/redirect") return { status: 302, headers: { location: `${stranger.origin}/x` } };
    if (!path.startsWith("/api")) return { status: 404 };
    // The first send of each is refused.
    const isFirst = !seen.has(path);
    seen.add(path);
    return isFirst || token === null ? { status: 401, body: "{}" } : { status: 200, body: "{}" };
  };
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  tab = await browser.newPage();
  await tab.goto(`${resource.origin}/`);
}, slow);
beforeEach(() => {
  resource.forget();
  stranger.forget();
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([resource?.close(), stranger?.close()]);
});

async function bundle(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "error",
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ["iife"], name: "unused" },
    },
  });
  const [{ output }] = result as [Rolldown.RolldownOutput];
  return output[0].code;
}

const inPage = <K extends keyof ChromiumPage>(name: K, ...parameters: Parameters<ChromiumPage[K]>) =>
  tab.evaluate(
    ([method, values]) =>
      (globalThis as unknown as { page: Record<string, (...values: unknown[]) => unknown> }).page[method as string]?.(
        ...(values as unknown[]),
      ),
    [name, parameters] as const,
  ) as ReturnType<ChromiumPage[K]>;

describe("in Chromium", () => {
  it.each(["axiosMatrix", "fetchMatrix"] as const)(
    "every sender sends every body twice alike: %s",
    async (matrix) => {
      const outcomes = await inPage(matrix);
      for (const { sender, body, path, outcome } of outcomes) {
        const sends = resource.requests.filter((request) => request.path === path);
        const title = `${sender}: ${body}`;
        expect([title, outcome, sends.length]).toEqual([title, 200, 2]);
        const [first, second] = sends;
        if (!first || !second) continue;
        expect([title, withoutToken(second)]).toEqual([title, withoutToken(first)]);
        expect(second.token).not.toBe(first.token);
        if (body !== "nothing") expect(first.body.length).toBeGreaterThan(0);
      }
      const senders = [...new Set(outcomes.map(({ sender }) => sender))];
      process.stdout.write(
        `\nIn Chromium, sent twice alike: ${senders.join("; ")}; bodies ${[...new Set(outcomes.map(({ body }) => body))].join(", ")}\n`,
      );
    },
    slow,
  );

  // B175 https://github.com/axios/axios/issues/10711
  it("no sender takes the token along on a redirect to a stranger", async () => {
    const { statuses, token } = await inPage("redirects", "/redirect");
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    expect(resource.requests.every((request) => request.token === token)).toBe(true);
    expect(stranger.requests).toHaveLength(5);
    expect(stranger.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])(
    "a socket over %j lives through all of it",
    async (transports) => {
      const http = createServer();
      const io = new Server(http, { cors: { origin: "*" } });
      let handshakes = 0;
      io.use((_, next) => next(handshakes++ === 0 ? new Error("not authorized") : undefined));
      io.on("connection", (socket) => {
        let { token } = socket.handshake.auth;
        socket.on("auth:renew", (message, acknowledge) => {
          ({ token } = message);
          acknowledge({ ok: true, expires_in: 60 });
        });
        socket.on("whoami", (acknowledge) => acknowledge(token));
      });
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      const log = await inPage("socket", `http://127.0.0.1:${(http.address() as AddressInfo).port}`, transports);
      const [refusal, renewed, isSameConnection, reconnected, asBob, bobsToken, isActive] = log as unknown[];
      expect(refusal).toContain("not authorized");
      expect(renewed).toBe("test-access-token-3");
      expect(isSameConnection).toBe(true);
      expect(reconnected).toBe(renewed);
      expect(asBob).toBe(bobsToken);
      expect(asBob).not.toBe(renewed);
      expect(isActive).toBe(false);
      expect(handshakes).toBe(4);
      // A browser opens a connection too many at times and sends nothing over it: it belongs to no request that could end, and
      // closing a server waits for it without end. Here there is always one.
      const spare = connect((http.address() as AddressInfo).port, "127.0.0.1");
      await once(http, "connection");
      const closed = io.close();
      http.closeAllConnections();
      await closed;
      spare.destroy();
    },
    slow,
  );
});
