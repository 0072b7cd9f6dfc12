// Runs every test and closes with one line that counts them: what was skipped is named, never passed over.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { runnerImport } from "vite";

const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-"));
const report = join(folder, "report.json");
const vitest = join("node_modules", "vitest", "vitest.mjs");
const spawned = (command, args, output = "inherit") =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["inherit", output, output] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += chunk));
    child.on("close", (code) => {
      process.stdout.write(said);
      resolve(code ?? 1);
    });
  });

const asked = process.argv.slice(2);
const importing = async (path) => (await runnerImport(path, { configFile: false, logLevel: "error" })).module;
const tell = (error) => console.error(error.message);

// Vite says "development" of whatever it runs, which would have the whole run in another environment than a single file.
const { NODE_ENV } = process.env;
const { findChromium } = await importing("./test/support/chromium.ts");
const { prepareEveryEnvironment } = await importing("./test/interop/support/pythonEnvironment.ts");
if (NODE_ENV === undefined) delete process.env.NODE_ENV;
else process.env.NODE_ENV = NODE_ENV;

// Once, before anything starts: every project that needs a browser then takes this one.
const chromium = await findChromium().catch(tell);
if (chromium !== undefined) process.env.CHROMIUM = chromium;

// Each is a script of package.json, so that a person can run the one that complained. Side by side, and so each says at its end
// what it has to say. What is downloaded for Python comes meanwhile; whoever names files needs it only if one of them does.
const broken = [];
await Promise.all([
  asked.length === 0 && prepareEveryEnvironment().catch(tell),
  ...["typecheck", "lint", "format:check", "knip"].map(async (check) => {
    if ((await spawned("npm", ["run", "--silent", check], "pipe")) !== 0) broken.push(check);
  }),
]);
const tests = await spawned(process.execPath, [
  vitest,
  "run",
  // One more than there are processors, since some of the files wait.
  `--maxWorkers=${availableParallelism() + 1}`,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...asked,
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
for (const check of broken) console.log(`not passed: npm run ${check} (see above)`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = broken.length > 0 || tests !== 0 || counts.failed > 0 ? 1 : 0;
