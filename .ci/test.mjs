// Runs every test and closes with one line that counts them: what was skipped is named, never passed over.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runnerImport } from "vite";

const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-"));
const report = join(folder, "report.json");
const vitest = join("node_modules", "vitest", "vitest.mjs");
const run = (args) =>
  new Promise((resolve) => {
    spawn(process.execPath, args, { stdio: "inherit" }).on("close", (code) => resolve(code ?? 1));
  });

// Once, before anything starts: every project that needs a browser then takes this one.
try {
  const { module } = await runnerImport("./test/support/chromium.ts", { configFile: false, logLevel: "error" });
  process.env.CHROMIUM = await module.findChromium();
} catch (error) {
  console.error(error.message);
}

const types = await run([join("node_modules", "typescript", "bin", "tsc"), "--noEmit", "-p", "."]);
if (types !== 0) console.error("Type errors: see above (npm run typecheck).");
const tests = await run([
  vitest,
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);

let counts = { passed: 0, failed: 1, skipped: 0 };
try {
  const results = JSON.parse(await readFile(report, "utf8"));
  const skipped = results.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === "pending" || status === "skipped" || status === "todo")
      .map(({ fullName }) => `${file.name.replace(`${process.cwd()}/`, "")}: ${fullName}`),
  );
  for (const name of skipped) console.log(`skipped: ${name}`);
  counts = { passed: results.numPassedTests, failed: results.numFailedTests, skipped: skipped.length };
} catch (error) {
  console.error(`No report of the tests: ${error.message}`);
}
await rm(folder, { recursive: true, force: true });
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = types !== 0 || tests !== 0 || counts.failed > 0 ? 1 : 0;
