import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { chromium } from "playwright-core";

const places = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome-stable",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  chromium.executablePath(),
];
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--ignore-certificate-errors",
  "--js-flags=--expose-gc",
];

function findChromium() {
  const found = places.find((place) => place && existsSync(place));
  if (found === undefined) throw new Error("No Chromium or Chrome here: install one, or set CHROMIUM to its path.");
  return found;
}

/** A browser whose tabs all count as visible. */
export const launchBrowser = () => chromium.launch({ executablePath: findChromium(), args: flags });

/** A profile of its own: cookies, storage, locks, channels. */
export async function openProfile(browser) {
  const profile = await browser.newContext({ ignoreHTTPSErrors: true });
  await profile.addInitScript(installClock);
  return profile;
}

export async function openTab(profile, server) {
  const tab = await profile.newPage();
  tab.on("pageerror", (error) => process.stderr.write(`page: ${error.message}\n`));
  await tab.goto(`${server.origin}/`);
  return tab;
}

/**
 * A browser whose tabs are hidden and slowed down as a user's are, but for the one in front. The driver takes that away from a
 * browser that it starts itself.
 */
export async function launchBackgroundBrowser() {
  const data = await mkdtemp(join(tmpdir(), "stay-signed-in-bench-"));
  const program = spawn(
    findChromium(),
    // Without a page to begin with it opens one of its own, and a driver that comes too early waits for ever.
    [...flags, "--headless", "--remote-debugging-port=0", `--user-data-dir=${data}`, "about:blank"],
    { stdio: "ignore" },
  );
  const ended = once(program, "close");
  let port;
  for (let tries = 0; port === undefined && tries < 200; tries += 1) {
    const text = await readFile(join(data, "DevToolsActivePort"), "utf8").catch(() => "");
    if (text.includes("\n")) port = text.split("\n")[0];
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const [profile] = browser.contexts();
  await profile.addInitScript(installClock);
  return {
    profile,
    async close() {
      await browser.close();
      program.kill();
      await ended;
      await rm(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** In the page: `advance(ms)` moves the wall clock, as a sleep of the machine does. Timers stand still meanwhile. */
function installClock() {
  const RealDate = Date;
  let shiftMs = 0;
  globalThis.realNow = () => RealDate.now();
  globalThis.advance = (ms) => {
    shiftMs += ms;
  };
  globalThis.Date = class Date extends RealDate {
    constructor(...given) {
      if (given.length === 0) super(RealDate.now() + shiftMs);
      else super(...given);
    }
    static now() {
      return RealDate.now() + shiftMs;
    }
  };
}
