import { spawn } from "node:child_process";

export interface RunningProcess {
  /** The port that it said it listens on. */
  readonly port: number;
  /** Ends it without a warning, as a crash would, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ProcessOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Finds the port in what it prints once it is ready. */
  readonly ready: RegExp;
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Starts a server in a process of its own and waits until it is ready. */
export function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(options.command, options.arguments, {
    cwd: options.folder,
    env: { ...process.env, PYTHONUNBUFFERED: "1", ...options.environment },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return new Promise((resolve, reject) => {
    let log = "";
    const read = (chunk: Buffer) => {
      const text = chunk.toString();
      for (const line of text.split("\n")) options.onLine?.(line);
      log = (log + text).slice(-10_000);
      const port = options.ready.exec(log)?.[1];
      if (port !== undefined) resolve({ port: Number(port), kill });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    void ended.then(() => reject(new Error(`The server ended before it was ready:\n${log}`)));
  });
}
