import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preparePythonEnvironment } from "./pythonEnvironment.ts";
import { type RunningProcess, startProcess } from "./startProcess.ts";

const folder = fileURLToPath(new URL("../backends/django", import.meta.url));

/** Django with simplejwt and dj-rest-auth, on a database of its own. */
export async function startDjango(
  python: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> {
  const database = await mkdtemp(join(tmpdir(), "django-"));
  const server = await startProcess({
    command: await preparePythonEnvironment(python, folder),
    arguments: ["server.py", join(database, "db.sqlite"), "0"],
    folder,
    environment,
    ready: /running on (\d+)/,
  });
  return {
    port: server.port,
    async kill() {
      await server.kill();
      await rm(database, { recursive: true });
    },
  };
}
