#!/usr/bin/env node
import { readFileSync } from "node:fs";
import open from "open";
import { runCommandLine } from "./cli/runCommandLine.ts";

const interruption = new AbortController();
// Once: whoever presses Ctrl-C again has the process ended at once.
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());
// A reader that has seen enough (`| head -1`) is no failure.
process.stdout.on("error", () => undefined);

const { version }: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  messages: process.stderr,
  version,
  interrupted: interruption.signal,
  async openBrowser(address) {
    const browser = await open(address);
    browser.on("error", () => undefined);
  },
});
