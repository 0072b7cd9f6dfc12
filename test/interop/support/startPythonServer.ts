import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { preparePythonPackage } from "./pythonEnvironment.ts";
import { startProcess } from "./startProcess.ts";

const exampleFolder = fileURLToPath(new URL("../../../examples/fastapi-users", import.meta.url));
export const interopSecret = "the secret of the interop tests, long enough";

type Settings = Readonly<Record<string, string>>;

export interface PythonServer {
  /** `http://localhost:PORT`. */
  readonly origin: string;
  /** The address of the auth endpoints. */
  readonly baseUrl: string;
  /** What came in so far and was answered, as `POST /v1/auth/jwt/refresh 200`, in order. */
  readonly requests: readonly string[];
  /** Ends the process; {@link restart} follows with the same database and address. */
  stop(): Promise<void>;
  /** With other settings, if given: a new `SECRET` makes every access token worthless. */
  restart(settings?: Settings): Promise<void>;
  /** Stops and removes the database. */
  dispose(): Promise<void>;
}

export interface PythonServerOptions {
  /** The Python to make the environment with. */
  readonly python: string;
  /** `app.main:asgi`, the stock app without refresh (`app.stock:app`), or an app of `appFolder`. */
  readonly app: "app.main:asgi" | "app.stock:app" | "frontend:gate";
  /** Where `app` lies, if not in the example. */
  readonly appFolder?: string | undefined;
  /** Environment variables as the app's settings read them. */
  readonly settings?: Settings | undefined;
}

/** Starts the example in a process of its own, on a free port, with an empty database. */
export async function startPythonServer(options: PythonServerOptions): Promise<PythonServer> {
  const { python, app, appFolder = exampleFolder, settings } = options;
  const command = await preparePythonPackage(python);
  const databaseFolder = await mkdtemp(join(tmpdir(), "fastapi-users-"));
  const requests: string[] = [];
  let current: Settings = {
    SECRET: interopSecret,
    DATABASE_URL: `sqlite+aiosqlite:///${databaseFolder}/app.sqlite`,
    ...settings,
  };

  const start = (port: number) =>
    startProcess({
      command,
      arguments: [
        ...["-m", "uvicorn", app, "--app-dir", appFolder],
        ...["--host", "localhost", "--port", String(port), "--no-use-colors"],
      ],
      folder: exampleFolder,
      environment: current,
      ready: /Uvicorn running on http:\/\/\S+?:(\d+)/,
      onLine(line) {
        const request = /"([A-Z]+ [^ ?]+)\S* HTTP\/1\.1" (\d+)/.exec(line);
        if (request) requests.push(`${request[1]} ${request[2]}`);
      },
    });
  let running = await start(0);
  const { port } = running;
  const origin = `http://localhost:${port}`;

  return {
    origin,
    baseUrl: `${origin}/v1/auth`,
    requests,
    stop: () => running.kill(),
    async restart(changed = {}) {
      await running.kill();
      current = { ...current, ...changed };
      running = await start(port);
    },
    async dispose() {
      await running.kill();
      await rm(databaseFolder, { recursive: true, force: true });
    },
  };
}
