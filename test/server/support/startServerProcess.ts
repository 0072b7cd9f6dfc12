import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { build } from "vite";
import type { ServerProcessSettings } from "./serverProcess.ts";

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  /** How often each audit event happened so far; errors count as `error`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly errors: readonly string[];
  /** Ends it as a power failure of the process would, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface ServerProgram {
  start(settings: Omit<ServerProcessSettings, "port"> & { readonly port?: number }): Promise<ServerProcess>;
  /** Kills what still runs and removes the program. */
  remove(): Promise<void>;
}

/** Bundles the server for plain Node, inside the project, so that it finds the installed packages. */
export async function buildServerProgram(): Promise<ServerProgram> {
  const cache = resolve("node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "server-process-"));
  await build({
    configFile: false,
    logLevel: "silent",
    build: {
      ssr: resolve("test/server/support/serverProcess.ts"),
      outDir: folder,
      target: "node20",
      rolldownOptions: { external: [/^node:/, /^[^./]/], output: { entryFileNames: "server.mjs" } },
    },
  });
  const running = new Set<ServerProcess>();

  return {
    async start(settings) {
      const started = await startProcess(join(folder, "server.mjs"), { port: 0, ...settings });
      running.add(started);
      return started;
    },
    async remove() {
      await Promise.all([...running].map((each) => each.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startProcess(program: string, settings: ServerProcessSettings): Promise<ServerProcess> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, NODE_ENV: "test", SERVER_PROCESS_SETTINGS: JSON.stringify(settings) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const counts = new Map<string, number>();
  const errors: string[] = [];
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  child.stderr.on("data", (text: Buffer) => errors.push(text.toString()));

  return new Promise((ready, fail) => {
    child.once("exit", (code) => fail(new Error(`The server process ended with ${code}: ${errors.join("")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = JSON.parse(line) as { port?: number; event?: string; error?: string };
      if (said.port !== undefined) ready({ ...handle(child, exited, said.port), counts, errors });
      const counted = said.event ?? (said.error === undefined ? undefined : "error");
      if (counted !== undefined) counts.set(counted, (counts.get(counted) ?? 0) + 1);
      if (said.error !== undefined) errors.push(line);
    });
  });
}

function handle(child: ChildProcess, exited: Promise<void>, port: number) {
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
