#!/usr/bin/env node
import { readFileSync } from "node:fs";
import type { CommandWorld } from "./cli/commandWorld.ts";
import { printStoredToken } from "./cli/printStoredToken.ts";

const interruption = new AbortController();
// Once: whoever presses Ctrl-C again has the process ended at once.
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());
// A reader that has seen enough (`| head -1`) is no failure.
process.stdout.on("error", () => undefined);

const world: CommandWorld = {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  messages: process.stderr,
  get version() {
    const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  },
  interrupted: interruption.signal,
  async openBrowser(address) {
    const { default: open } = await import("open");
    const browser = await open(address);
    browser.on("error", () => undefined);
  },
};
const words = process.argv.slice(2);

async function run(): Promise<number> {
  const code = await printStoredToken(words, world);
  if (code !== null) return code;
  const { runCommandLine } = await import("./cli/runCommandLine.ts");
  return runCommandLine(words, world);
}

process.exitCode = await run();
