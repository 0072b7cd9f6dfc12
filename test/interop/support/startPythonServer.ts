import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleFolder, preparePythonEnvironment } from "./pythonEnvironment.ts";

export interface PythonServer {
  /** `http://localhost:PORT`. */
  readonly origin: string;
  /** The address of the auth endpoints. */
  readonly baseUrl: string;
  /** What came in so far and was answered, as `POST /v1/auth/jwt/refresh 200`, in order. */
  readonly requests: readonly string[];
  /** Ends the process; a new one with the same database and address can follow. */
  stop(): Promise<void>;
  /** With other settings, if given: a new `SECRET` makes every access token worthless. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Stops and removes the database. */
  dispose(): Promise<void>;
}

export interface PythonServerOptions {
  /** The Python to make the environment with. */
  readonly python: string;
  /** `app.main:asgi`, or the stock app without refresh: `app.stock:app`. */
  readonly app: "app.main:asgi" | "app.stock:app";
  /** Environment variables as the app's settings read them. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

export const interopSecret = "the secret of the interop tests, long enough";

/** Starts the example in a process of its own, on a free port, with an empty database. */
export async function startPythonServer({ python, app, settings }: PythonServerOptions): Promise<PythonServer> {
  const command = await preparePythonEnvironment(python);
  const folder = await mkdtemp(join(tmpdir(), "fastapi-users-"));
  const requests: string[] = [];
  let current: Readonly<Record<string, string>> = { SECRET: interopSecret, ...settings };
  let running = await startProcess(0);
  const port = running.port;
  const origin = `http://localhost:${port}`;

  function startProcess(wantedPort: number): Promise<{ port: number; stop: () => Promise<void> }> {
    const arguments_ = ["-m", "uvicorn", app, "--host", "localhost", "--port", String(wantedPort), "--no-use-colors"];
    const child = spawn(command, arguments_, {
      cwd: exampleFolder,
      env: {
        ...process.env,
        DATABASE_URL: `sqlite+aiosqlite:///${folder}/app.sqlite`,
        PYTHONUNBUFFERED: "1",
        ...current,
      },
    });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const stop = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    return new Promise((resolve, reject) => {
      let log = "";
      const read = (chunk: Buffer) => {
        for (const line of chunk.toString().split("\n")) {
          const request = /"([A-Z]+ \S+) HTTP\/1\.1" (\d+)/.exec(line);
          if (request) requests.push(`${request[1]} ${request[2]}`);
        }
        log = (log + chunk.toString()).slice(-10_000);
        const started = /Uvicorn running on http:\/\/\S+?:(\d+)/.exec(log);
        if (started) resolve({ port: Number(started[1]), stop });
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", reject);
      void ended.then(() => reject(new Error(`The Python server ended before it was ready:\n${log}`)));
    });
  }

  return {
    origin,
    baseUrl: `${origin}/v1/auth`,
    requests,
    stop: () => running.stop(),
    async restart(changed = {}) {
      await running.stop();
      current = { ...current, ...changed };
      running = await startProcess(port);
    },
    async dispose() {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
