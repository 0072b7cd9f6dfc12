import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

export const exampleFolder = join(import.meta.dirname, "..", "..", "..", "examples", "app");

export interface Example {
  /** What people have in the address bar. */
  readonly origin: string;
  close(): Promise<void>;
}

/** The example app as people start it, with an empty data folder. The next free port is taken. */
export async function startExample(
  script: "start.mjs" | "dev.mjs",
  variables: NodeJS.ProcessEnv = {},
): Promise<Example> {
  const data = await mkdtemp(join(tmpdir(), "example-"));
  const child = spawn(process.execPath, [join(exampleFolder, script)], {
    env: { ...process.env, NODE_ENV: undefined, VITEST: undefined, DATA_FOLDER: data, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const said = createInterface({ input: child.stdout });
  const origin = await new Promise<string>((resolve, reject) => {
    said.on("line", (line) => line.startsWith("http://localhost:") && resolve(line));
    void exited.then(([code]) => reject(new Error(`The example ended with ${code} before it listened.`)));
  });
  return {
    origin,
    async close() {
      child.kill("SIGTERM");
      await exited;
      await rm(data, { recursive: true, force: true });
    },
  };
}
