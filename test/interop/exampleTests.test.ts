import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findPython } from "./support/findPython.ts";
import { preparePythonEnvironment } from "./support/pythonEnvironment.ts";

const python = await findPython();
const folder = fileURLToPath(new URL("../../examples/fastapi-users", import.meta.url));
const run = promisify(execFile);

describe.skipIf(python === null)("the fastapi-users example (needs Python 3.11)", { timeout: 300_000 }, () => {
  it("passes its own tests, and its types are right", async () => {
    const command = await preparePythonEnvironment(python ?? "", folder, "requirements-dev.txt");
    const tests = await run(command, ["-m", "pytest", "-q"], { cwd: folder });
    expect(tests.stdout).toMatch(/\d+ passed/);
    await run(command, ["-m", "ruff", "check", "."], { cwd: folder });
    await run(command, ["-m", "mypy"], { cwd: folder });
  });
});
