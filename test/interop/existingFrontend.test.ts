import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chromiumFlags, findChromium } from "../support/chromium.ts";
import { buildGuidePage } from "../support/guide/buildGuidePage.ts";
import { type Account, guidePage } from "../support/guide/guidePage.ts";
import { findPython } from "./support/findPython.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";

const { changePassword, enter, hears, isHere, say, tokenOf } = guidePage;
const appFolder = fileURLToPath(new URL("backends/frontend", import.meta.url));
const python = await findPython();
// Past the end of a token, with the leeway that the server allows. `npm run soak:python` goes on for a minute.
const seconds = Number(process.env["SOAK_SECONDS"] ?? 11);
const other = "another horse battery";
const patience = { timeout: 30_000 };

interface Socket {
  readonly id: string;
  readonly subject: string;
  readonly isGuest: boolean;
}

describe.skipIf(python === null)("the frontend of the guide on fastapi-users (needs Python 3.11)", () => {
  let folder: string;
  let server: PythonServer;
  let browser: Browser;
  let context: BrowserContext;
  let ada: Account;
  let problems: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "guide-page-"));
    const script = join(folder, "main.js");
    await writeFile(script, await buildGuidePage());
    const settings = { TOKEN_LIFETIME_SECONDS: "5", FRONTEND_SCRIPT: script };
    server = await startPythonServer({ python: python ?? "", app: "frontend:gate", appFolder, settings });
    browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.dispose();
    if (folder) await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    context = await browser.newContext();
    problems = [];
    const { username: email, password } = await registerAccount(server.baseUrl);
    ada = { email, password };
  });
  // What a page has open would be counted in the next test; a socket that was cut off amid its upgrade ends with its token.
  afterEach(async () => {
    await context?.close();
    await expect.poll(sockets, patience).toEqual([]);
  });

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(server.origin);
    return page;
  }

  async function openSignedIn(): Promise<Page> {
    const page = await openTab();
    await enter(page, "Keep your name", "Sign in", ada);
    await isHere(page, ada.email);
    return page;
  }

  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.origin}/test/${path}`, { method: "POST", headers });
  const sockets = async () => (await (await fetch(`${server.origin}/test/sockets`)).json()) as Socket[];
  const kinds = async () => (await sockets()).map(({ isGuest }) => (isGuest ? "guest" : "user"));
  const ids = async () => (await sockets()).map(({ id }) => id).toSorted();
  const count = (request: string) => server.requests.filter((each) => each === request).length;
  const countRefreshes = () => count("POST /v1/auth/jwt/refresh 200");
  const countRefused = () => server.requests.filter((request) => request.endsWith(" 401")).length;
  const endSession = (token: string) => ask("end", { authorization: `Bearer ${token}` });

  /** Each tab says something that all hear, in turns, for as long as the tokens are to change meanwhile. */
  async function talk(tabs: readonly Page[], as: string): Promise<number> {
    const until = Date.now() + seconds * 1000;
    let said = 0;
    for (; Date.now() < until || said < tabs.length; said += 1) {
      const text = `number ${said}`;
      await say(tabs[said % tabs.length] as Page, text);
      await Promise.all(tabs.map((tab) => hears(tab, `${as}: ${text}`)));
    }
    return said;
  }

  it("keeps a user in two tabs while tokens of five seconds come and go, and through a reload and a restart", async () => {
    const page = await openTab();
    await isHere(page, "Guest");
    await expect.poll(kinds, patience).toEqual(["guest"]);
    await enter(page, "Keep your name", "Sign in", ada);
    await isHere(page, ada.email);
    const second = await openTab();
    await isHere(second, ada.email);
    await expect.poll(kinds, patience).toEqual(["user", "user"]);

    const [before, guests, refreshes] = [await ids(), count("POST /v1/auth/guest 200"), countRefreshes()];
    const refused = countRefused();
    const said = await talk([page, second], "a user");
    const renewed = countRefreshes() - refreshes;
    expect(await ids()).toEqual(before);
    expect(countRefused()).toBe(refused);
    expect(renewed).toBeGreaterThanOrEqual(2);
    // Two tabs that each renewed by itself would make twice as many: a token is renewed when a third of it is left.
    expect(renewed).toBeLessThanOrEqual(seconds / 3.3 + 2);
    if (process.env["SOAK_SECONDS"] !== undefined) {
      console.log(`${seconds} s, two tabs: ${said} messages, ${renewed} refreshes, no 401, the same two sockets`);
    }

    await page.reload();
    await isHere(page, ada.email);
    await server.restart();
    await expect.poll(kinds, patience).toEqual(["user", "user"]);
    await say(second, "after the restart");
    await hears(page, "a user: after the restart");
    await page.reload();
    await isHere(page, ada.email);
    expect(count("POST /v1/auth/guest 200")).toBe(guests);

    await second.getByRole("button", { name: "Sign out" }).click();
    for (const tab of [page, second]) await isHere(tab, "Guest");
    await expect.poll(kinds, patience).toEqual(["guest", "guest"]);
    expect(problems).toEqual([]);
  }, 180_000);

  // A04 (ZnDraw)
  it.for(["/v1/auth/jwt/refresh", "/v1/auth/users/me"])(
    "changes the password while an answer of %s is on its way, and signs out no tab",
    async (path) => {
      const [page, second] = [await openSignedIn(), await openTab()];
      await isHere(second, ada.email);
      await ask(`hold?path=${path}`);
      const isHeld = async () => (await fetch(`${server.origin}/test/held`)).json();
      // A refresh comes by itself, as the tokens end so soon; the change of the password comes of the click.
      if (path.endsWith("refresh")) await expect.poll(isHeld, patience).toBeGreaterThan(0);
      await changePassword(page, ada.password, other);
      await expect.poll(isHeld, patience).toBeGreaterThan(0);
      await say(second, "meanwhile");
      await ask("release");
      await page.getByText("Your password is changed.").waitFor();
      await Promise.all([page, second].map((tab) => hears(tab, "a user: meanwhile")));
      for (const tab of [page, second]) {
        expect(await tab.getByRole("heading", { level: 1 }).innerText()).toBe(ada.email);
        await tab.reload();
        await isHere(tab, ada.email);
      }
      await expect.poll(kinds, patience).toEqual(["user", "user"]);
      expect(problems).toEqual([]);
    },
  );

  it("asks a user whose session the server has ended for the password, and makes no guest of them", async () => {
    const page = await openSignedIn();
    const guests = count("POST /v1/auth/guest 200");
    const token = await tokenOf(page);
    await page.getByLabel("Draft").fill("half a sentence");
    await endSession(token);
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    expect(await page.getByLabel("Draft").isVisible()).toBe(false);
    await expect.poll(sockets, patience).toEqual([]);
    await page.reload();
    await page.getByRole("heading", { name: "Welcome back" }).waitFor();
    await enter(page, "Welcome back", "Sign in", ada);
    await isHere(page, ada.email);
    expect(count("POST /v1/auth/guest 200")).toBe(guests);
    expect(problems).toEqual([]);
  });

  // S02 (ZnDraw)
  it("starts another guest in the open page when the server has ended the guest's session", async () => {
    const page = await openTab();
    await isHere(page, "Guest");
    await expect.poll(kinds, patience).toEqual(["guest"]);
    const [former] = await sockets();
    const token = await tokenOf(page);
    await page.getByLabel("Draft").fill("theirs");
    await endSession(token);
    await expect.poll(async () => (await sockets())[0]?.subject, patience).not.toBe(former?.subject);
    await expect.poll(kinds, patience).toEqual(["guest"]);
    await expect.poll(() => page.getByLabel("Draft").inputValue(), patience).toBe("");
    await say(page, "hello");
    await hears(page, "a guest: hello");
    expect(problems).toEqual([]);
  });
});
