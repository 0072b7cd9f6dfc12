// What the search, the tests and the real browsers show, as one report:
// `npm run report [-- --programs 2000] [--random] [--without browser,mutants]`.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { runnerImport } from "vite";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "2000" },
    random: { type: "boolean", default: false },
    without: { type: "string", default: "" },
  },
});
const without = new Set(values.without.split(","));
const folder = await mkdtemp(join(tmpdir(), "report-"));
let hasFailed = false;

function run(args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...environment } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (output += piece));
    child.on("close", (code) => {
      if (code !== 0) hasFailed = true;
      resolve({ code, output });
    });
  });
}
const vitest = (...args) => [join("node_modules", "vitest", "vitest.mjs"), "run", ...args];
const readLines = async (file) =>
  (await readFile(file, "utf8").catch(() => ""))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const title = (text) => console.log(`\n${text}\n${"-".repeat(text.length)}`);

title("Random programs over one to six tabs");
const tally = join(folder, "tally");
const search = await run(vitest("--project", "unit", "test/core/model"), {
  TALLY: tally,
  PROGRAMS: values.programs,
  ...(values.random ? { SEED: "random" } : {}),
});
const conditions = await readLines(tally);
for (const { name, programs, refreshes } of conditions)
  console.log(`${String(programs).padStart(8)} programs, ${String(refreshes).padStart(8)} refreshes  ${name}`);
console.log(
  `${String(conditions.reduce((sum, { programs }) => sum + programs, 0)).padStart(8)} programs in all${search.code === 0 ? "" : "; the search found something:"}`,
);
if (search.code !== 0) console.log(search.output.slice(-6_000));

title("What was done to them, by kind");
const steps = {};
for (const { steps: counts } of conditions)
  for (const [kind, count] of Object.entries(counts)) steps[kind] = (steps[kind] ?? 0) + count;
for (const [kind, count] of Object.entries(steps).sort(([, a], [, b]) => b - a))
  console.log(`${String(count).padStart(8)}  ${kind}`);

title("Invariants, looked at after each program");
const { module } = await runnerImport("./test/core/invariants.ts", { configFile: false, logLevel: "error" });
for (const sentence of Object.keys(module.invariants)) {
  console.log(`${search.output.includes(sentence) ? "BROKEN" : "held"}  ${sentence}`);
}

title("Known cases covered by tests, by kind");
const sources = [];
for (const root of ["test", join("python", "tests")])
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const place = entry.parentPath ?? entry.path;
    const isOwn = !/[/\\](\.venv|node_modules)([/\\]|$)/.test(place);
    if (isOwn && entry.isFile() && /\.(tsx?|py)$/.test(entry.name))
      sources.push(await readFile(join(place, entry.name), "utf8"));
  }
// A case's id stands in a comment above its test, alone, with others, or with the address of the report.
const comments = sources.join("\n").match(/(?<=^\s*)(\/\/|#|\/?\*).*/gm) ?? [];
const named = new Set(comments.flatMap((comment) => comment.match(/\b[A-Z]\d{1,3}\b/g) ?? []));
for (const [kind, ids] of Object.entries(JSON.parse(await readFile("test/report/cases.json", "utf8")))) {
  const missing = ids.filter((id) => !named.has(id));
  console.log(
    `${`${ids.length - missing.length} of ${ids.length}`.padStart(10)}  ${kind}${missing.length > 0 ? `  (not: ${missing.join(", ")})` : ""}`,
  );
}

if (!without.has("browser")) {
  title("Scenarios in real browsers, with what the server saw");
  const scenarios = join(folder, "scenarios");
  const browser = await run(vitest("--project", "browser"), { BROWSER_REPORT: scenarios });
  for (const { scenario, tabs, loads, refreshes } of await readLines(scenarios)) {
    console.log(
      `${String(refreshes).padStart(4)} refreshes, ${tabs} pages, ${loads} loads  ${scenario.replaceAll(" > ", ": ")}`,
    );
  }
  console.log(/Tests .*/.exec(stripVTControlCharacters(browser.output))?.[0] ?? "");
}

if (!without.has("mutants")) {
  title("Rules taken out, one at a time");
  const mutants = await run(["test/mutants/run.mjs", "400"]);
  console.log(mutants.output.trim());
}

await rm(folder, { recursive: true, force: true });
process.exitCode = hasFailed ? 1 : 0;
