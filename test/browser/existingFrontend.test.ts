import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
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
import { chromiumFlags, findChromium } from "../support/chromium.ts";
import { buildGuidePage } from "../support/guide/buildGuidePage.ts";
import { guidePage } from "../support/guide/guidePage.ts";

const { enter, hears, isHere, say, tokenOf } = guidePage;
const ada = { email: "ada@example.org", password: "correct horse battery" };

let script: string;
let browser: Browser;
let server: HttpServer;
let sockets: SocketServer;
let auth: AuthServer;
let origin: string;
let context: BrowserContext;
let problems: string[];

beforeAll(async () => {
  script = await buildGuidePage();
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

const connected = async (): Promise<string[]> =>
  (await sockets.fetchSockets()).map((socket) => (socket.data.user.isGuest ? "guest" : "user"));

it("keeps a guest, and then a user, through tokens of five seconds, a reload and a second tab", async () => {
  const page = await openTab();
  await isHere(page, "Guest");
  await expect.poll(connected).toEqual(["guest"]);
  await say(page, "hello");
  await hears(page, "a guest: hello");

  await enter(page, "Keep your name", "Register", ada);
  await isHere(page, ada.email);
  await expect.poll(connected).toEqual(["user"]);
  expect(await page.getByLabel("Draft").inputValue()).toBe("");

  const ids = async () => (await sockets.fetchSockets()).map(({ id }) => id);
  const before = await ids();
  const first = await tokenOf(page);
  await expect
    .poll(() => auth.verifyAccessToken(first).catch(({ code }) => code), { timeout: 20_000 })
    .toBe("TOKEN_EXPIRED");
  await say(page, "still me");
  await hears(page, "a user: still me");
  expect(await ids()).toEqual(before);

  await page.reload();
  await isHere(page, ada.email);
  const second = await openTab();
  await isHere(second, ada.email);
  await expect.poll(connected).toEqual(["user", "user"]);
  await second.getByRole("button", { name: "Sign out" }).click();
  await isHere(second, "Guest");
  await isHere(page, "Guest");
  await expect.poll(connected).toEqual(["guest", "guest"]);
  expect(problems).toEqual([]);
});

it("asks a user whose session has ended for the password, makes no guest of them, and keeps what they had typed", async () => {
  const page = await openTab();
  await enter(page, "Keep your name", "Register", ada);
  await isHere(page, ada.email);
  await page.getByLabel("Draft").fill("half a sentence");
  await context.clearCookies();
  await page.getByRole("heading", { name: "Welcome back" }).waitFor({ timeout: 20_000 });
  expect(await page.getByLabel("Draft").isVisible()).toBe(false);
  await enter(page, "Welcome back", "Sign in", ada);
  await isHere(page, ada.email);
  expect(await page.getByLabel("Draft").inputValue()).toBe("half a sentence");
  expect(problems).toEqual([]);
});
