import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { chromiumFlags, findChromium } from "../../support/chromium.ts";
import { bundlePage } from "./bundlePage.ts";
import { type Play, playScene } from "./playScene.ts";
import { type AppOptions, startApp } from "./startApp.ts";

/** A name that is not this machine's own, though it leads here: a page under it is no secure context. */
export const plainHost = "app.test";

/** One Chromium for a file of tests. `scenario` makes a test of its own server and profile. All tabs count as visible. */
export function useChromium(): {
  scenario(options: AppOptions, play: Play): () => Promise<void>;
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
        await playScene(app, profile, play);
      } finally {
        await profile.close();
        await app.close();
      }
    },
  };
}
