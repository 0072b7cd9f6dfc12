import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { expect } from "vitest";
import type { App } from "./startApp.ts";

/** One line of the file that `BROWSER_REPORT` names. */
export interface ScenarioRecord {
  readonly file: string;
  readonly scenario: string;
  readonly tabs: number;
  /** How often the app's page was loaded. Where nobody is signed in yet, each load asks the server once. */
  readonly loads: number;
  /** How many refreshes the server saw in all, those of the loads among them. */
  readonly refreshes: number;
}

/** Writes down, where `BROWSER_REPORT` names a file, how many refreshes the running scenario has cost. */
export function recordRefreshes(app: App, tabs: number): void {
  const report = process.env["BROWSER_REPORT"];
  if (!report) return;
  const { currentTestName = "", testPath = "" } = expect.getState();
  const record: ScenarioRecord = {
    file: relative(process.cwd(), testPath),
    scenario: currentTestName,
    tabs,
    loads: app.counts.load,
    refreshes: app.counts.refresh,
  };
  appendFileSync(report, `${JSON.stringify(record)}\n`);
}
