import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { whileHolding } from "../../support/holdFolder.ts";
import { findPython } from "./findPython.ts";

const run = promisify(execFile);

/** Where the Python package is. */
export const packageFolder = fileURLToPath(new URL("../../../python", import.meta.url));

const backendsFolder = fileURLToPath(new URL("../backends", import.meta.url));

/**
 * Makes every environment at once, before the first test: none of them is then at its time limit for want of a download.
 *
 * @public as .ci/test.mjs calls it by its path
 */
export async function prepareEveryEnvironment(): Promise<void> {
  const command = await findPython();
  if (command === null) return;
  const folders = (await readdir(backendsFolder)).map((name) => join(backendsFolder, name));
  await Promise.all([
    preparePythonPackage(command),
    ...folders
      .filter((folder) => existsSync(join(folder, "requirements.txt")))
      .map((folder) => preparePythonEnvironment(command, folder)),
  ]);
}

/**
 * Makes the virtual environment `.venv` of a folder from its pinned requirements, unless they are there already; returns its
 * Python.
 */
export function preparePythonEnvironment(command: string, folder: string): Promise<string> {
  return whileHolding(folder, () => makeEnvironment(command, folder, "requirements.txt"));
}

async function makeEnvironment(command: string, folder: string, requirementsName: string): Promise<string> {
  const environment = `${folder}/.venv`;
  const python = `${environment}/bin/python`;
  const requirements = `${folder}/${requirementsName}`;
  const stamp = `${environment}/${requirementsName}.sha256`;
  const wanted = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return python;
  await run(command, ["-m", "venv", environment]);
  // Compiled when it is imported: of most of it no test imports anything.
  const words = ["--quiet", "--disable-pip-version-check", "--no-compile", "-r", requirements];
  await run(python, ["-m", "pip", "install", ...words]);
  // Last: an installation that was cut off is begun anew.
  await writeFile(stamp, wanted);
  return python;
}

/**
 * The environment of the Python package, with the package itself built as a wheel and installed from that, so that what is
 * tested is what would be published. Returns its Python.
 */
export function preparePythonPackage(command: string): Promise<string> {
  return whileHolding(packageFolder, () => makePackage(command));
}

async function makePackage(command: string): Promise<string> {
  const python = await makeEnvironment(command, packageFolder, "requirements-dev.txt");
  const stamp = join(packageFolder, ".venv", "wheel.sha256");
  const wanted = await hashSources();
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return python;
  const pip = (...words: string[]) =>
    run(python, ["-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", ...words]);
  const wheels = join(packageFolder, "dist");
  await rm(wheels, { recursive: true, force: true });
  await pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, packageFolder);
  for (const wheel of await readdir(wheels))
    await pip("install", "--no-deps", "--force-reinstall", join(wheels, wheel));
  await writeFile(stamp, wanted);
  return python;
}

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  const paths: string[] = [join(packageFolder, "pyproject.toml"), join(packageFolder, "README.md")];
  for (const name of await readdir(join(packageFolder, "src"), { recursive: true })) {
    if (/\.(py|html|typed)$/.test(name)) paths.push(join(packageFolder, "src", name));
  }
  for (const path of paths.toSorted()) hash.update(path).update(await readFile(path));
  return hash.digest("hex");
}
