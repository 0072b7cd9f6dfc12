import { existsSync } from "node:fs";
import process from "node:process";
import { type Browser, firefox } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { isInstalled } from "../../support/isInstalled.ts";
import { bundlePage } from "./bundlePage.ts";
import { type Play, playScene } from "./playScene.ts";
import { type AppOptions, startApp } from "./startApp.ts";

/** The path of an installed Firefox: the one that `FIREFOX` names, or one in the usual places. */
export const firefoxPath: string | undefined = [
  process.env["FIREFOX"] ?? "",
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
].find(existsSync);
isInstalled("Firefox", firefoxPath !== undefined);

/** One Firefox for the tests around the call. `scenario` makes a test of its own server and profile. */
export function useFirefox(): {
  scenario(options: AppOptions, play: Play): () => Promise<void>;
} {
  let browser: Browser;
  let script: string;

  beforeAll(async () => {
    // The channel drives an installed Firefox; without it the driver wants a build of its own.
    [browser, script] = await Promise.all([
      firefox.launch({ channel: "moz-firefox", executablePath: firefoxPath ?? "" }),
      bundlePage(),
    ]);
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
