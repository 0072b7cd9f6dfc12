import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { chromium } from "playwright-core";

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

/**
 * The path of a browser: the one that `CHROMIUM` names, an installed one, the driver's own download, or one that is
 * downloaded or installed now.
 *
 * @throws Error that says what is missing and how to get it.
 */
export async function findChromium(): Promise<string> {
  const present = findPresent();
  if (present !== undefined) return present;

  tell("No Chromium or Chrome here; trying the browser driver's own download.");
  run("npx", ["--no-install", "playwright-core", "install", "chromium"], 120_000);
  const downloaded = findPresent();
  if (downloaded !== undefined) return downloaded;

  if (process.getuid?.() === 0) {
    tell("That download did not work; trying the system's package manager.");
    if (run("apt-get", ["update"], 180_000)) {
      run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], 300_000);
    }
    const installed = findPresent();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    "The browser tests need Chromium or Chrome, and none could be found or installed. Install one (on Debian or " +
      "Ubuntu: apt-get install chromium), or set CHROMIUM to the path of its executable.",
  );
}

function findPresent(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const onPath = folders.flatMap((folder) => namesOnPath.map((name) => join(folder, name)));
  return [...onPath, ...fixedPlaces, chromium.executablePath()].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function run(command: string, parameters: string[], timeoutMs: number): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, parameters, { stdio: "inherit", env, timeout: timeoutMs }).status === 0;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
