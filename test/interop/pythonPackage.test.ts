import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findPython } from "./support/findPython.ts";
import { packageFolder, preparePythonPackage } from "./support/pythonEnvironment.ts";

const python = await findPython();
const exampleFolder = fileURLToPath(new URL("../../examples/fastapi-users", import.meta.url));
const run = promisify(execFile);

interface PythonTest {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly details: string;
}

const unescape = (text: string) =>
  text
    .replaceAll(/&#(\d+|x[0-9a-fA-F]+);/g, (_, code: string) => String.fromCodePoint(Number(code.replace(/^x/, "0x"))))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

/** Runs pytest once, against the installed wheel; each of its tests is then counted as one here. */
async function runPythonTests(command: string): Promise<readonly PythonTest[]> {
  const folder = await mkdtemp(join(tmpdir(), "python-tests-"));
  const report = join(folder, "report.xml");
  const output = await run(command, ["-m", "pytest", "-q", `--junitxml=${report}`], {
    cwd: packageFolder,
    maxBuffer: 50_000_000,
  }).catch(({ stdout = "", stderr = "pytest could not be started." }: { stdout?: string; stderr?: string }) => ({
    stdout,
    stderr,
  }));
  const text = await readFile(report, "utf8").catch(() => "");
  await rm(folder, { recursive: true });
  const tests = [...text.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, attributes = "", inner = ""]): PythonTest => {
      const [, file = ""] = /classname="([^"]*)"/.exec(attributes) ?? [];
      const [, name = ""] = /\bname="([^"]*)"/.exec(attributes) ?? [];
      const outcome = /<(failure|error)\b/.test(inner) ? "failed" : inner.includes("<skipped") ? "skipped" : "passed";
      return { name: unescape(`${file}: ${name}`), outcome, details: unescape(inner) };
    },
  );
  if (tests.length > 0) return tests;
  return [{ name: "pytest runs", outcome: "failed", details: `${output.stdout}\n${output.stderr}` }];
}

const command = python === null ? null : await preparePythonPackage(python);
const tests = command === null ? [] : await runPythonTests(command);

describe.skipIf(command === null)("the Python package (needs Python 3.11)", { timeout: 300_000 }, () => {
  it.for(tests)("$name", ({ outcome, details }, { skip }) => {
    if (outcome === "skipped") skip(details);
    expect(outcome, details).toBe("passed");
  });

  it("has right types and keeps to its style, and so does the example", async () => {
    for (const folder of [packageFolder, exampleFolder]) {
      await run(command ?? "", ["-m", "ruff", "check", "."], { cwd: folder });
      await run(command ?? "", ["-m", "ruff", "format", "--check", "."], { cwd: folder });
      await run(command ?? "", ["-m", "mypy"], { cwd: folder });
    }
  });
});
