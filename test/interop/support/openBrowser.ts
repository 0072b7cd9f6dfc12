import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";

export interface InteropBrowser {
  /** A browser of its own, with cookies, storage and channels of its own. */
  openProfile(origin: string): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Real Chromium. The pages of the servers are answered here; whatever they ask their server for goes there. */
export async function openBrowser(): Promise<InteropBrowser> {
  const script = await bundlePage();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  return {
    async openProfile(origin) {
      const profile = await browser.newContext();
      await profile.route(`${origin}/`, (route) =>
        route.fulfill({ contentType: "text/html", body: '<!doctype html><script src="/page.js"></script>' }),
      );
      await profile.route(`${origin}/page.js`, (route) =>
        route.fulfill({ contentType: "text/javascript", body: script }),
      );
      return profile;
    },
    close: () => browser.close(),
  };
}

/** Opens a tab and starts a client in it, as `auth`; waits until it knows who is signed in. */
export async function openTab(profile: BrowserContext, origin: string, baseUrl = "/v1/auth"): Promise<Page> {
  const page = await profile.newPage();
  await page.goto(`${origin}/`);
  await startClient(page, baseUrl);
  return page;
}

/** Starts the client of a page that was just loaded. */
export async function startClient(page: Page, baseUrl = "/v1/auth"): Promise<void> {
  await page.evaluate(async (address) => {
    Object.assign(globalThis, interop.startClient(address));
    await auth.ready();
  }, baseUrl);
}

async function bundlePage(): Promise<string> {
  const entry = fileURLToPath(new URL("pageEntry.ts", import.meta.url));
  const output = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, target: "es2022", lib: { entry, formats: ["iife"], name: "page" } },
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const [bundle] = [output].flat();
  if (bundle === undefined || !("output" in bundle)) throw new Error("The page could not be bundled.");
  return bundle.output[0].code;
}
