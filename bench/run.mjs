// All parts in one run: their tables, then one table of what matters, to stdout; every number to a file.
//
//   npm run bench               about ten minutes on a quiet machine
//   npm run bench -- --quick    few rounds: whether it works, no figures to quote
//   npm run bench -- bytes idle some parts
//   npm run bench -- --write    puts the tables into docs/benchmarks.md as well
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { bytes } from "./bytes.mjs";
import { cli } from "./cli.mjs";
import { firstLoad } from "./firstLoad.mjs";
import { idle } from "./idle.mjs";
import { overhead } from "./overhead.mjs";
import { rendering } from "./rendering.mjs";
import { start } from "./start.mjs";
import { storm } from "./storm.mjs";
import { folder } from "./support/bundle.mjs";
import { formatPart, printPart, say } from "./support/report.mjs";
import { summarize } from "./support/summary.mjs";
import { tabs } from "./tabs.mjs";

const isQuick = process.argv.includes("--quick");
const parts = { bytes, storm, tabs, overhead, rendering, start, firstLoad, idle, cli };
const results = {};
const wanted = process.argv.slice(2).filter((word) => word in parts);
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = performance.now();
  try {
    results[name] = await part({ isQuick });
    printPart(results[name]);
  } catch (error) {
    say(`${name}: ${error.stack}`);
    results[name] = {
      title: name,
      columns: [""],
      rows: [],
      aims: [
        {
          aim: name,
          reached: `could not be measured: ${stripVTControlCharacters(error.message).split("\n")[0]}`,
          isMet: false,
        },
      ],
    };
    process.exitCode = 1;
  }
  results[name].tookSeconds = Math.round((performance.now() - startedAt) / 1_000);
  say(`${name}: ${results[name].tookSeconds} s`);
}

const summary = summarize(results);
printPart(summary);
const place = join(folder, ".tmp");
mkdirSync(place, { recursive: true });
const file = join(place, "results.json");
const machine = {
  node: process.version,
  processors: cpus().length,
  model: cpus()[0]?.model,
  at: new Date().toISOString(),
  commit: readCommit(),
  isQuick,
};
writeFileSync(file, JSON.stringify({ machine, results }, null, 1));
say(`Every number: ${file}`);

if (process.argv.includes("--write")) {
  const page = join(folder, "../docs/benchmarks.md");
  const [begin, end] = ["<!-- results -->", "<!-- end of results -->"];
  const text = readFileSync(page, "utf8");
  const date = machine.at.slice(0, 10);
  const quick = isQuick ? "A quick run, nothing to quote; " : "";
  const where = `${quick}${date}, commit ${machine.commit}, ${machine.processors} processors, Node ${process.version}, Chromium.`;
  const tables = [summary, ...Object.values(results)].map(formatPart).join("\n");
  writeFileSync(
    page,
    `${text.slice(0, text.indexOf(begin) + begin.length)}\n\n${where}\n\n${tables}\n${text.slice(text.indexOf(end))}`,
  );
}

/** Of the package as it is measured; a plus for what has not been committed. */
function readCommit() {
  const git = (...words) => execFileSync("git", words, { cwd: folder, encoding: "utf8" }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "../src") === "" ? "" : "+");
  } catch {
    return "unknown";
  }
}
