import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { chromiumFlags, findChromium } from "../../support/chromium.ts";
import { bundlePage } from "./bundlePage.ts";
import { type Play, playScene } from "./playScene.ts";
import { type AppOptions, startApp } from "./startApp.ts";
import { patience } from "./tabActions.ts";

export interface BackgroundOptions extends AppOptions {
  /** Further flags for the browser. */
  readonly flags?: readonly string[];
}

/**
 * A Chromium whose tabs are hidden, throttled and frozen as a user's are: only the one in front is visible. The driver
 * takes all that away from a browser that it starts itself, so each scenario starts one of its own.
 */
export function useBackgroundChromium(): {
  scenario(options: BackgroundOptions, play: Play): () => Promise<void>;
} {
  let executablePath: string;
  let script: string;
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    [executablePath, script] = await Promise.all([findChromium(), bundlePage()]);
  });

  // A scenario that ran out of time has not come to its end yet.
  afterAll(() => {
    for (const started of running) started.kill();
  });

  return {
    scenario:
      ({ flags = [], ...options }, play) =>
      async () => {
        const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-profile-"));
        const app = await startApp(script, options);
        const started = spawn(
          executablePath,
          [
            ...chromiumFlags,
            ...flags,
            "--headless",
            "--remote-debugging-port=0",
            `--user-data-dir=${folder}`,
            // Without a page to begin with it opens one of its own, and a driver that comes too early waits for ever.
            "about:blank",
          ],
          { stdio: "ignore" },
        );
        running.add(started);
        const ended = once(started, "close").finally(() => running.delete(started));
        try {
          const port = await readPort(folder);
          const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
          const [profile] = browser.contexts();
          if (profile === undefined) throw new Error("The browser has no profile.");
          await playScene(app, profile, play);
          await browser.close();
        } finally {
          started.kill();
          await ended;
          await app.close();
          await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        }
      },
  };
}

/** The browser writes the port that it has chosen into its folder. */
async function readPort(folder: string): Promise<string> {
  const read = () => readFile(join(folder, "DevToolsActivePort"), "utf8").catch(() => "");
  await expect.poll(read, patience).toContain("\n");
  const [port = ""] = (await read()).split("\n");
  return port;
}

/**
 * Freezes a hidden tab, as the browser does with one that was long out of sight: its timers, tasks and answers stand still,
 * and it keeps its locks.
 *
 * @returns its thaw.
 */
export async function freeze(tab: Page): Promise<() => Promise<void>> {
  await tab.evaluate(() => {
    const lifecycle: string[] = [];
    for (const name of ["freeze", "resume"]) document.addEventListener(name, () => lifecycle.push(name));
    Object.assign(globalThis, { lifecycle });
  });
  const session = await tab.context().newCDPSession(tab);
  const bring = async (state: "frozen" | "active", name: string): Promise<void> => {
    await session.send("Page.setWebLifecycleState", { state });
    const read = () => (globalThis as unknown as { lifecycle: string[] }).lifecycle.at(-1);
    await expect.poll(() => tab.evaluate(read), patience).toBe(name);
  };
  await bring("frozen", "freeze");
  return () => bring("active", "resume");
}
