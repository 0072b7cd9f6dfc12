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
const isSoak = process.env["SOAK_SECONDS"] !== undefined;
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
  // A socket that was cut off amid its upgrade lives on for a while, and would be counted in the next test.
  afterEach(async () => {
    await context?.close();
    await ask("disconnect");
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

  /** Says something in each tab in turns, for as long as the tokens are to change meanwhile. */
  async function talk(tabs: readonly Page[]): Promise<number> {
    const until = Date.now() + seconds * 1000;
    let said = 0;
    for (; Date.now() < until; said += 1) await sayOnce(tabs[said % tabs.length] as Page, `number ${said}`);
    return said;
  }

  async function sayOnce(page: Page, text: string): Promise<void> {
    const answered = page.waitForResponse("**/api/messages");
    await say(page, text);
    expect((await answered).status()).toBe(204);
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
    const said = await talk([page, second]);
    const renewed = countRefreshes() - refreshes;
    expect(countRefused()).toBe(refused);
    await expect.poll(kinds, patience).toEqual(["user", "user"]);
    expect(await page.getByText(/^a guest: number/).count()).toBe(0);
    expect(renewed).toBeGreaterThanOrEqual(2);
    // Two tabs that each renewed by itself would make twice as many: a token is renewed when a third of it is left.
    expect(renewed).toBeLessThanOrEqual(seconds / 3.3 + 2);
    // Of a socket, too, whose renewal has less than two seconds: for a machine that does nothing else.
    if (isSoak) {
      expect(await ids()).toEqual(before);
      for (const tab of [page, second])
        await expect.poll(() => tab.getByText(/^a user: number/).count(), patience).toBe(said);
      console.log(`${seconds} s, two tabs: ${said} messages, ${renewed} refreshes, no 401, the same two sockets`);
    }

    await page.reload();
    await isHere(page, ada.email);
    await server.restart();
    await expect.poll(kinds, patience).toEqual(["user", "user"]);
    await sayOnce(second, "after the restart");
    await page.reload();
    await isHere(page, ada.email);
    expect(count("POST /v1/auth/guest 200")).toBe(guests);

    await second.getByRole("button", { name: "Sign out" }).click();
    for (const tab of [page, second]) await isHere(tab, "Guest");
    await expect.poll(kinds, patience).toEqual(["guest", "guest"]);
    expect(problems).toEqual([]);
  }, 180_000);

  const hold = (path: string) => ask(`hold?path=/v1/auth/${path}`);
  const look = async <T>(at: string) => (await (await fetch(`${server.origin}/test/${at}`)).json()) as T;
  const untilHeld = () => expect.poll(() => look<number>("held"), patience).toBeGreaterThan(0);

  /** What has come in by the time that a request comes back which the page sent after all of its others. */
  async function arrivedFrom(page: Page): Promise<string[]> {
    await page.evaluate(() => fetch("/main.js").then((answer) => answer.text()));
    return look<string[]>("arrived");
  }

  async function expectSignedIn(tabs: readonly Page[]): Promise<void> {
    for (const tab of tabs) {
      await isHere(tab, ada.email);
      await tab.reload();
      await isHere(tab, ada.email);
    }
    await expect.poll(kinds, patience).toEqual(["user", "user"]);
    expect(problems).toEqual([]);
  }

  // A04 (ZnDraw)
  it("changes the password once a refresh that is under way has ended, and signs out no tab", async () => {
    const [page, second] = [await openSignedIn(), await openTab()];
    await isHere(second, ada.email);
    await hold("jwt/refresh");
    await untilHeld();
    await changePassword(page, ada.password, other);
    expect(await arrivedFrom(page)).not.toContain("PATCH /v1/auth/users/me");
    await ask("release");
    await page.getByText("Your password is changed.").waitFor();
    await expectSignedIn([page, second]);
  });

  // A04 (ZnDraw)
  it("changes the password while another tab's token is refused for it, and signs out no tab", async () => {
    const [page, second] = [await openSignedIn(), await openTab()];
    await isHere(second, ada.email);
    const [sent, refused] = [count("POST /api/messages 204"), count("POST /api/messages 401")];
    await hold("users/me");
    await changePassword(page, ada.password, other);
    await untilHeld();
    await say(second, "meanwhile");
    await expect.poll(() => count("POST /api/messages 401"), patience).toBe(refused + 1);
    const arrived = await arrivedFrom(second);
    expect(arrived.slice(arrived.indexOf("PATCH /v1/auth/users/me"))).not.toContain("POST /v1/auth/jwt/refresh");
    await ask("release");
    await page.getByText("Your password is changed.").waitFor();
    await expect.poll(() => count("POST /api/messages 204"), patience).toBe(sent + 1);
    await expectSignedIn([page, second]);
  });

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
