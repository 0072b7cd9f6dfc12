// Counts what the table of docs/other-backends.md says of ten token APIs, and prints its rows: `npm run count:backends`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "count-"));
const env = { ...process.env, COUNT_FILE: join(folder, "rows") };
const suites = [
  "test/backends/ownApis.test.ts",
  "test/backends/documentedWires.test.ts",
  "test/interop/presets.test.ts",
];
const vitest = join("node_modules", "vitest", "vitest.mjs");
const words = ["run", "--project", "unit", "--project", "interop", ...suites];
const { status, stdout } = spawnSync(process.execPath, [vitest, ...words], { env, encoding: "utf8" });
if (status !== 0) console.error(stdout);
console.log("| API | lines by hand | lines described | refreshes | requests failed |\n| --- | --- | --- | --- | --- |");
console.log(readFileSync(env.COUNT_FILE, "utf8").trim());
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
