import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export const exampleFolder = fileURLToPath(new URL("../../../examples/fastapi-users", import.meta.url));
const folder = `${exampleFolder}/.venv`;

/** Makes the example's virtual environment from its pinned requirements, unless it is there already; returns its Python. */
export async function preparePythonEnvironment(command: string): Promise<string> {
  const python = `${folder}/bin/python`;
  const requirements = `${exampleFolder}/requirements.txt`;
  const stamp = `${folder}/requirements.sha256`;
  const wanted = createHash("sha256").update(await readFile(requirements)).digest("hex");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return python;
  await rm(folder, { recursive: true, force: true });
  await run(command, ["-m", "venv", folder]);
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  // Last: an installation that was cut off is begun anew.
  await writeFile(stamp, wanted);
  return python;
}
