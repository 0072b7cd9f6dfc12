import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Chromium as root, without a screen and without a network of its own. */
export const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const namesOnPath = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const fixedPlaces = [
  "/usr/bin/chromium",
  "/opt/google/chrome/chrome",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** An installed Chromium or Chrome, the one named by `CHROMIUM`, or the driver's own download; undefined when there is none. */
export async function findChromium(): Promise<string | undefined> {
  const named = process.env.CHROMIUM;
  if (named) return named;
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => namesOnPath.map((name) => join(folder, name)));
  const { chromium } = await import("playwright-core");
  return [...onPath, ...fixedPlaces, chromium.executablePath()].find(isExecutable);
}

/**
 * Finds a browser, or gets one: the driver's own download, else the system's package manager where we are root.
 * Throws an error that says plainly what is missing.
 */
export async function ensureChromium(log: (line: string) => void): Promise<string> {
  const found = await findChromium();
  if (found) return found;

  log("No Chromium or Chrome here; trying the browser driver's own download.");
  run("npx", ["--no-install", "playwright-core", "install", "chromium"], 120_000);
  const downloaded = await findChromium();
  if (downloaded) return downloaded;

  if (process.getuid?.() === 0) {
    log("That download did not work; trying the system's package manager.");
    if (run("apt-get", ["update"], 180_000)) {
      run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], 300_000);
    }
    const installed = await findChromium();
    if (installed) return installed;
  }
  throw new Error(
    "The browser tests need Chromium or Chrome, and none could be found or installed. Install one (on Debian or Ubuntu: " +
      "apt-get install chromium), or set CHROMIUM to the path of its executable.",
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function run(command: string, args: string[], timeoutMs: number): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio: "inherit", env, timeout: timeoutMs }).status === 0;
}
