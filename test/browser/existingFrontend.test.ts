import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { build } from "esbuild";
import { Hono } from "hono";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { Server as SocketServer } from "socket.io";
import { afterAll, beforeAll, beforeEach, afterEach, expect, it } from "vitest";
import {
  createAuthServer,
  memoryStore,
  requireUser,
  authorizeSocketServer,
  type AuthServer,
} from "../../src/server.ts";
import { readCodeBlocks, repository } from "../docs/markdown.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";

const password = "correct horse battery";

// What docs/existing-frontend.md shows as "after", built as it stands.
let script: string;
let browser: Browser;
let server: HttpServer;
let sockets: SocketServer;
let auth: AuthServer;
let origin: string;
let context: BrowserContext;
let problems: string[];

beforeAll(async () => {
  script = await buildGuide();
  browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
});
afterAll(() => browser?.close());

beforeEach(async () => {
  auth = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret for tests only, 32 bytes or more",
    accessTokenLifetimeSeconds: 5,
    rateLimits: false,
  });
  const app = new Hono();
  app.route("/", auth.app);
  app.post("/api/messages", requireUser(auth), async (call) => {
    const { text } = await call.req.json<{ text: string }>();
    sockets.emit("message", `${call.var.user.isGuest ? "a guest" : "a user"}: ${text}`);
    return call.body(null, 204);
  });
  app.get("/", (call) =>
    call.html('<!doctype html><div id="root"></div><script type="module" src="/main.js"></script>'),
  );
  app.get("/main.js", (call) => call.body(script, 200, { "content-type": "text/javascript" }));
  server = await new Promise<HttpServer>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: "localhost" }, () => resolve(started as HttpServer));
  });
  sockets = new SocketServer(server);
  authorizeSocketServer(sockets, auth);
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  context = await browser.newContext();
  problems = [];
});
afterEach(async () => {
  await context?.close();
  await sockets?.close();
  await auth?.close();
});

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(origin);
  return page;
}

const heading = (page: Page) => page.getByRole("heading", { level: 1 });
const connected = async (): Promise<string[]> =>
  (await sockets.fetchSockets()).map((socket) => (socket.data.user.isGuest ? "guest" : "user"));

async function fillIn(page: Page, form: string, button: string): Promise<void> {
  const entry = page.getByRole("form", { name: form });
  await entry.getByLabel("E-mail").fill("ada@example.org");
  await entry.getByLabel("Password").fill(password);
  await entry.getByRole("button", { name: button }).click();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Draft").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

it("keeps a guest, and then a user, through tokens of five seconds, a reload and a second tab", async () => {
  const page = await openTab();
  await heading(page).getByText("Guest").waitFor();
  await expect.poll(connected).toEqual(["guest"]);
  await say(page, "hello");
  await page.getByText("a guest: hello").waitFor();

  await fillIn(page, "Keep your name", "Register");
  await heading(page).getByText("ada@example.org").waitFor();
  await expect.poll(connected).toEqual(["user"]);
  expect(await page.getByLabel("Draft").inputValue()).toBe("");

  const ids = async () => (await sockets.fetchSockets()).map(({ id }) => id);
  const before = await ids();
  const first = await tokenOf(page);
  await expect
    .poll(() => auth.verifyAccessToken(first).catch(({ code }) => code), { timeout: 20_000 })
    .toBe("TOKEN_EXPIRED");
  await say(page, "still me");
  await page.getByText("a user: still me").waitFor();
  expect(await ids()).toEqual(before);

  await page.reload();
  await heading(page).getByText("ada@example.org").waitFor();
  const second = await openTab();
  await heading(second).getByText("ada@example.org").waitFor();
  await expect.poll(connected).toEqual(["user", "user"]);
  await second.getByRole("button", { name: "Sign out" }).click();
  await heading(second).getByText("Guest").waitFor();
  await heading(page).getByText("Guest").waitFor();
  await expect.poll(connected).toEqual(["guest", "guest"]);
  expect(problems).toEqual([]);
});

it("asks a user whose session has ended for the password, makes no guest of them, and keeps what they had typed", async () => {
  const page = await openTab();
  await fillIn(page, "Keep your name", "Register");
  await heading(page).getByText("ada@example.org").waitFor();
  await page.getByLabel("Draft").fill("half a sentence");
  await context.clearCookies();
  await page.getByRole("heading", { name: "Welcome back" }).waitFor({ timeout: 20_000 });
  expect(await page.getByLabel("Draft").isVisible()).toBe(false);
  await fillIn(page, "Welcome back", "Sign in");
  await heading(page).getByText("ada@example.org").waitFor();
  expect(await page.getByLabel("Draft").inputValue()).toBe("half a sentence");
  expect(problems).toEqual([]);
});

/** The token in use, seen on its way. */
async function tokenOf(page: Page): Promise<string> {
  const asked = page.waitForRequest("**/api/messages");
  await say(page, "who am I");
  return (await (await asked).headerValue("authorization"))?.replace("Bearer ", "") ?? "";
}

async function buildGuide(): Promise<string> {
  const folder = await mkdtemp(join(repository, "test", "browser", ".tmp-"));
  try {
    for (const { document, code } of readCodeBlocks()) {
      const name = document === "docs/existing-frontend.md" && /^\/\/ ([\w.]+)\n/.exec(code)?.[1];
      if (name) await writeFile(join(folder, name), code);
    }
    const { outputFiles } = await build({
      entryPoints: [join(folder, "main.tsx")],
      bundle: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      alias: Object.fromEntries(
        ["", "/axios", "/socket.io"].map((entry) => [
          `stay-signed-in${entry}`,
          join(repository, "src", `${entry.slice(1) || "index"}.ts`),
        ]),
      ),
      define: { "process.env.NODE_ENV": '"production"' },
    });
    return outputFiles[0]?.text ?? "";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
