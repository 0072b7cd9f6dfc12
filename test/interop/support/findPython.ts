import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isInstalled } from "../../support/isInstalled.ts";

const run = promisify(execFile);
const OLDEST = [3, 11] as const;

/** The command of a Python that the example runs on, or null where there is none. `PYTHON` names one by hand. */
export async function findPython(): Promise<string | null> {
  for (const command of [process.env.PYTHON, "python3.11", "python3", "python"]) {
    if (command === undefined) continue;
    try {
      const { stdout } = await run(command, ["-c", "import sys; print(*sys.version_info[:2])"]);
      const [major = 0, minor = 0] = stdout.trim().split(" ").map(Number);
      if (major === OLDEST[0] && minor >= OLDEST[1]) return command;
    } catch {
      // Not this one.
    }
  }
  isInstalled("Python 3.11 or later", false);
  return null;
}
