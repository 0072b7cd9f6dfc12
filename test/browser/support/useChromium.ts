import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { chromiumFlags, findChromium } from "../../support/chromium.ts";
import { bundlePage } from "./bundlePage.ts";
import { type Play, playScene } from "./playScene.ts";
import { type AppOptions, startApp } from "./startApp.ts";

/** A name that is not this machine's own, though it leads here: a page under it is no secure context. */
export const plainHost = "app.test";

/**
 * One Chromium for a group of tests. `scenario` makes a test of its own server and profile. All tabs count as visible.
 *
 * @param bundle makes the page's script, and if need be another one for the page at `/other/`.
 */
export function useChromium(bundle: () => Promise<readonly string[]> = async () => [await bundlePage()]): {
  scenario(options: AppOptions, play: Play): () => Promise<void>;
} {
  let browser: Browser;
  let scripts: readonly string[];

  beforeAll(async () => {
    const [executablePath, bundled] = await Promise.all([findChromium(), bundle()]);
    scripts = bundled;
    browser = await chromium.launch({
      executablePath,
      args: [...chromiumFlags, `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`],
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
  });
  afterAll(() => browser?.close());

  return {
    scenario: (options, play) => async () => {
      const [script = "", otherScript = script] = scripts;
      const app = await startApp(script, { ...options, otherScript });
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
