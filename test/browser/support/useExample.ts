import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { chromiumFlags, findChromium } from "../../support/chromium.ts";
import { holdFolder } from "../../support/holdFolder.ts";
import { type Example, exampleFolder, startExample } from "./startExample.ts";

interface VisitOptions extends BrowserContextOptions {
  /** Default: the address of the example that all visits share. */
  readonly at?: () => string;
}

/** One Chromium and one example app for a file of tests. `visit` makes a test of a profile of its own. */
export function useExample(): {
  visit(play: (page: Page) => Promise<void>, options?: VisitOptions): () => Promise<void>;
} {
  let browser: Browser;
  let example: Example;
  let held: Awaited<ReturnType<typeof holdFolder>>;

  // Each start builds it anew, in its own folder.
  beforeAll(async () => {
    held = await holdFolder(exampleFolder);
  }, 240_000);
  beforeAll(async () => {
    [browser, example] = await Promise.all([
      findChromium().then((executablePath) => chromium.launch({ executablePath, args: chromiumFlags })),
      startExample("start.mjs"),
    ]);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), example?.close()]);
    await held?.release();
  });

  return {
    visit:
      (play, { at = () => example.origin, ...contextOptions } = {}) =>
      async () => {
        const context = await browser.newContext(contextOptions);
        try {
          const page = await context.newPage();
          await page.goto(at());
          await play(page);
        } finally {
          await context.close();
        }
      },
  };
}
