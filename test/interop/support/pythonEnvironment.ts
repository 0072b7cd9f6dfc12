import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Makes the virtual environment `.venv` of a folder from its pinned requirements, unless they are there already; returns its
 * Python.
 */
export async function preparePythonEnvironment(
  command: string,
  folder: string,
  requirementsName: "requirements.txt" | "requirements-dev.txt" = "requirements.txt",
): Promise<string> {
  const environment = `${folder}/.venv`;
  const python = `${environment}/bin/python`;
  const requirements = `${folder}/${requirementsName}`;
  const stamp = `${environment}/${requirementsName}.sha256`;
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return python;
  await run(command, ["-m", "venv", environment]);
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  // Last: an installation that was cut off is begun anew.
  await writeFile(stamp, wanted);
  return python;
}
