// Takes the rules of the design out, one at a time, and shows who notices: the tests with a written ordering, else the search by
// random programs, else nobody. `npm run test:mutants [PROGRAMS] [WORD OF THE RULE]`.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const PROGRAMS = process.argv[2] ?? "600";
const ONLY = process.argv[3] ?? "";

/** Each rule of the design: its words, the file that has it, its code there, and the code without it. */
const rules = JSON.parse(readFileSync(new URL("rules.json", import.meta.url), "utf8"));

const folder = mkdtempSync(join(tmpdir(), "mutant-"));
for (const part of ["src", "test", ".ci", ".storybook", "vite.config.ts", "tsconfig.json", "package.json"])
  cpSync(part, join(folder, part), { recursive: true });
symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));

const found = {};
for (const { rule, file, code, replacement } of rules.filter(({ rule }) => rule.includes(ONLY))) {
  const path = join(folder, "src", file);
  writeFileSync(
    path,
    readFileSync(join("src", file), "utf8").replace(code, () => replacement),
  );
  const run = (...which) =>
    spawnSync(
      process.execPath,
      [
        join(folder, "node_modules", "vitest", "vitest.mjs"),
        "run",
        "--root",
        folder,
        "--project",
        "unit",
        "--bail",
        "1",
        ...which,
      ],
      { cwd: folder, encoding: "utf8", env: { ...process.env, PROGRAMS, SEED: "7", SHRINK: "no" }, timeout: 900_000 },
    );
  const isControl = rule.startsWith("nothing");
  const tests = run("test/core", "test/server/rotation", "--exclude", "**/model.test.ts");
  const search = tests.status === 0 ? run("test/core/model") : null;
  const output = stripVTControlCharacters((search ?? tests).stdout + (search ?? tests).stderr);
  const isNoticed = (search ?? tests).status !== 0;
  if (isControl && isNoticed) throw new Error(`The control was caught:\n${output.slice(-2000)}`);
  const by = isControl ? "not caught" : !isNoticed ? "nobody" : search === null ? "a test" : "the search";
  const what = search === null ? /FAIL[^\n]*? (test\/[^\n]+)/ : /Error: (?!Property failed)([^\n]+)/;
  found[by] = (found[by] ?? 0) + 1;
  console.log(`${by.padEnd(10)}  ${rule}  ${isNoticed ? (what.exec(output)?.[1] ?? "").slice(0, 140) : ""}`.trimEnd());
  cpSync(join("src", file), path);
}
rmSync(folder, { recursive: true, force: true });
console.log(`Noticed by, with ${PROGRAMS} programs for each set of conditions: ${JSON.stringify(found)}`);
