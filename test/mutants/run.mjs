// Takes the rules of the design out, one at a time, and shows who notices: the tests with a written ordering, else the search by
// random programs, else nobody. `npm run test:mutants [PROGRAMS] [WORD OF THE RULE]`. As many at a time as there are processors,
// each in a copy of its own; what notices first ends its run.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const PROGRAMS = process.argv[2] ?? "600";
const ONLY = process.argv[3] ?? "";

/** Each rule of the design: its words, the file that has it, its code there, and the code without it. */
const rules = JSON.parse(readFileSync(new URL("rules.json", import.meta.url), "utf8"));

const left = rules.filter(({ rule }) => rule.includes(ONLY));
const found = {};
await Promise.all(Array.from({ length: availableParallelism() }, takeRules));
console.log(`Noticed by, with ${PROGRAMS} programs for each set of conditions: ${JSON.stringify(found)}`);

async function takeRules() {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  for (const part of ["src", "test", ".ci", ".storybook", "vite.config.ts", "tsconfig.json", "package.json"])
    cpSync(part, join(folder, part), { recursive: true, filter: (path) => !path.includes("node_modules") });
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  for (let next = left.shift(); next !== undefined; next = left.shift()) await takeOut(next, folder);
  rmSync(folder, { recursive: true, force: true });
}

async function takeOut({ rule, file, code, replacement }, folder) {
  const path = join(folder, "src", file);
  const source = readFileSync(path, "utf8");
  writeFileSync(
    path,
    source.replace(code, () => replacement),
  );
  const isControl = rule.startsWith("nothing");
  const tests = await run(folder, "test/core", "test/server/rotation", "--exclude", "**/model.test.ts");
  const search = tests.status === 0 ? await run(folder, "test/core/model") : null;
  const { status, output } = search ?? tests;
  // One that had to be stopped has noticed nothing.
  const isStopped = status === null;
  const isNoticed = status !== 0 && !isStopped;
  if (isControl && isNoticed) throw new Error(`The control was caught:\n${output.slice(-2000)}`);
  const whoever = isNoticed ? (search === null ? "a test" : "the search") : isControl ? "not caught" : "nobody";
  const by = isStopped ? "stopped" : whoever;
  const what = search === null ? /FAIL[^\n]*? (test\/[^\n]+)/ : /Error: (?!Property failed)([^\n]+)/;
  found[by] = (found[by] ?? 0) + 1;
  console.log(`${by.padEnd(10)}  ${rule}  ${isNoticed ? (what.exec(output)?.[1] ?? "").slice(0, 140) : ""}`.trimEnd());
  writeFileSync(path, source);
}

function run(folder, ...which) {
  const vitest = join(folder, "node_modules", "vitest", "vitest.mjs");
  const settings = ["--root", folder, "--project", "unit", "--maxWorkers", "1", "--bail", "1"];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [vitest, "run", ...settings, ...which], {
      cwd: folder,
      env: { ...process.env, PROGRAMS, SEED: "7", SHRINK: "no" },
      timeout: 1_800_000,
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    child.on("close", (status) => resolve({ status, output: stripVTControlCharacters(said) }));
  });
}
