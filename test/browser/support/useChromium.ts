import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { chromiumFlags, findChromium } from "../../support/chromium.ts";
import { bundlePage } from "./bundlePage.ts";
import { type App, type AppOptions, startApp } from "./startApp.ts";

export const account = { username: "ada@example.org", password: "correct horse battery" };
export const otherAccount = { username: "bob@example.org", password: "battery horse correct" };

/** A name that is not this machine's own, though it leads here: a page under it is no secure context. */
export const plainHost = "app.test";

/** What a scenario has: a server, and a browser profile with cookies, storage and channels of its own. */
export interface Scene {
  readonly app: App;
  readonly profile: BrowserContext;
  /** The account `account` and `otherAccount` have these subjects. */
  readonly ada: string;
  readonly bob: string;
  /** Opens the app in a new tab and waits until it knows who is signed in. */
  openTab(address?: string): Promise<Page>;
  /** Opens a page of the same origin that does not know the package. */
  openElsewhere(): Promise<Page>;
}

/**
 * One Chromium for a file of tests. `scenario` makes a test of its own server and profile, and after each looks whether
 * a script could read a token anywhere.
 */
export function useChromium(): {
  scenario(options: AppOptions, play: (scene: Scene) => Promise<void>): () => Promise<void>;
} {
  let browser: Browser;
  let script: string;

  beforeAll(async () => {
    const [executablePath, bundled] = await Promise.all([findChromium(), bundlePage()]);
    script = bundled;
    browser = await chromium.launch({
      executablePath,
      args: [...chromiumFlags, `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`],
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
  });
  afterAll(() => browser?.close());

  return {
    scenario: (options, play) => async () => {
      const app = await startApp(script, options);
      const profile = await browser.newContext();
      try {
        const [ada, bob] = [await register(app, account), await register(app, otherAccount)];
        await play({
          app,
          profile,
          ada,
          bob,
          async openTab(address = app.origin) {
            const tab = await profile.newPage();
            await tab.goto(`${address}/`);
            await untilKnown(tab);
            return tab;
          },
          async openElsewhere() {
            const tab = await profile.newPage();
            await tab.goto(`${app.origin}/elsewhere`);
            return tab;
          },
        });
        for (const tab of profile.pages()) await expectNoReadableToken(tab, app);
      } finally {
        await profile.close();
        await app.close();
      }
    },
  };
}

async function register(app: App, { username, password }: typeof account): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${app.port}/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: username, password }),
  });
  const { id } = (await response.json()) as { id: string };
  return id;
}

/** Waits until the page shows who is signed in, or that nobody is. */
export async function untilKnown(tab: Page): Promise<void> {
  await tab.waitForFunction(() => auth.getState().status !== "loading");
}

/** Waits until the page shows this status, and whom. */
export async function untilShown(tab: Page, status: string, subject = ""): Promise<void> {
  const isShown = ([wantedStatus, wantedSubject]: readonly [string, string]) =>
    document.querySelector("#status")?.textContent === wantedStatus &&
    document.querySelector("#subject")?.textContent === wantedSubject;
  await tab.waitForFunction(isShown, [status, subject] as const);
}

export function signIn(tab: Page, credentials = account): Promise<string> {
  return tab.evaluate(async (given) => (await auth.signIn(given)).subject, credentials);
}

/** One request to the API, by axios: its status, and whom the API took it for. */
export function callApi(tab: Page): Promise<{ status: number; subject: string }> {
  return tab.evaluate(async () => {
    const { status, data } = await api.get("/subject");
    return { status, subject: data.subject };
  });
}

/** What the page has shown since it first showed somebody. */
export async function shownSinceSignIn(tab: Page): Promise<string[]> {
  const statuses = await tab.evaluate(() => rendered.map(({ status }) => status));
  return statuses.slice(statuses.indexOf("authenticated"));
}

/** Fails when a script of the page can find a token that the server handed out, anywhere but in memory. */
export async function expectNoReadableToken(tab: Page, app: App): Promise<void> {
  const readable = await tab.evaluate(async () => {
    const attempt = (read: () => unknown): string => {
      try {
        return JSON.stringify(read()) ?? "";
      } catch {
        return "";
      }
    };
    async function readDatabase(name: string): Promise<unknown> {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      const stores = [...database.objectStoreNames];
      const contents = stores.map(
        (store) =>
          new Promise((resolve, reject) => {
            const reading = database.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(reading.result);
            reading.onerror = () => reject(reading.error);
          }),
      );
      const read = await Promise.all(contents);
      database.close();
      return read;
    }
    let databases: unknown[] = [];
    try {
      const names = (await indexedDB.databases()).map(({ name }) => name ?? "");
      databases = await Promise.all(names.map(readDatabase));
    } catch {
      // Blocked: then nothing can be kept there.
    }
    return [
      attempt(() => Object.entries(localStorage)),
      attempt(() => Object.entries(sessionStorage)),
      attempt(() => databases),
      attempt(() => [document.cookie, window.name, history.state, location.href]),
    ].join("\n");
  });
  const found = [...app.tokens].filter((token) => readable.includes(token));
  expect(found.length, "tokens that a script can read").toBe(0);
  expect(readable, "the form of an access or refresh token").not.toMatch(/eyJ[\w-]+\.eyJ|ssr1\./);
}
