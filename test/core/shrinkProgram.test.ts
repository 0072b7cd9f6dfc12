import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import rules from "../mutants/rules.json" with { type: "json" };
import { type Setting, runProgram } from "./program.ts";
import { formatFinding, shrinkProgram } from "./shrinkProgram.ts";

const long: Setting = {
  program: [
    { do: "wait", ms: 400 },
    { do: "signOut", tab: 1 },
    { do: "hide", tab: 0 },
    { do: "request", tab: 2 },
    { do: "fault", kind: "503", times: 2 },
    { do: "guest", tab: 3 },
    { do: "refresh", tab: 0 },
  ],
  seed: 7,
  tabCount: 4,
  isSignedIn: true,
};

describe("a program that fails", () => {
  it("is shrunk to the steps and tabs without which it would not", async () => {
    const fails = async ({ program, tabCount }: Setting) =>
      program.some((step) => step.do === "signOut") && program.some((step) => step.do === "guest") && tabCount > 1;
    expect(await shrinkProgram(long, fails)).toEqual({
      ...long,
      program: [long.program[1], long.program[5]],
      tabCount: 2,
    });
  });

  it("stays as it is where every step counts, and loses all where none does", async () => {
    const whole = await shrinkProgram(long, async ({ program, tabCount }) => program.length === 7 && tabCount === 4);
    expect(whole).toEqual(long);
    expect((await shrinkProgram(long, async () => true)).program).toEqual([]);
  });

  it("is printed as it goes into the tests", () => {
    const printed = formatFinding('it said "no"', long, { lock: "missing" });
    const [finding] = readFindings(printed);
    expect(finding).toEqual({ what: 'it said "no"', setting: long, conditions: { lock: "missing" } });
  });

  // The real search, in a copy of the sources without one rule of the design.
  it("is found and shrunk when a rule is taken out of the code", async () => {
    const output = searchWithout("R3: only a definitive answer ends a session");
    const [, printed = ""] = /to be pasted into `found`:\n\n([\s\S]*?\n {2}\},)\n/.exec(output) ?? [];
    const [finding] = readFindings(printed);
    expect(finding?.setting.program.length, output.slice(-3_000)).toBeLessThanOrEqual(3);
    // With the rule in its place the same program does no harm.
    expect((await runProgram(finding!.setting)).broken).toEqual([]);
  });
});

function readFindings(printed: string): { what: string; setting: Setting }[] {
  return JSON.parse(runInNewContext(`JSON.stringify([${printed}])`)) as { what: string; setting: Setting }[];
}

function searchWithout(name: string): string {
  const { file, code, replacement } = rules.find(({ rule }) => rule === name) ?? expect.fail(name);
  const folder = mkdtempSync(join(tmpdir(), "without-a-rule-"));
  try {
    for (const part of ["src", "test", ".ci", ".storybook", "vite.config.ts", "tsconfig.json", "package.json"])
      cpSync(part, join(folder, part), { recursive: true, filter: (path) => !path.includes("node_modules") });
    symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
    const path = join(folder, "src", file);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(code, () => replacement),
    );
    const vitest = join(folder, "node_modules", "vitest", "vitest.mjs");
    const which = ["--root", folder, "--project", "unit", "test/core/model", "-t", "where everything works"];
    const { stdout, stderr } = spawnSync(process.execPath, [vitest, "run", ...which], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PROGRAMS: "300", SEED: "7", SHRINK: "yes" },
    });
    return stripVTControlCharacters(stdout + stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
