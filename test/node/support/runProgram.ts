import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
}

export interface RunningProgram {
  child: ChildProcess;
  /** Resolves when `text` has appeared in the output; rejects when the program ends before that. */
  printed(text: string): Promise<void>;
  errorsSoFar(): string;
  done: Promise<Outcome>;
}

export interface RunOptions extends SpawnOptions {
  /** What stands on standard input. */
  input?: string;
  /** Leaves standard input open, for `child.stdin`. */
  isInteractive?: boolean;
}

/** Starts a real process. Without `input` its standard input is empty. */
export function startProgram(command: string, commandArguments: string[], options: RunOptions = {}): RunningProgram {
  const { input, isInteractive = false, ...spawnOptions } = options;
  const child = spawn(command, commandArguments, { stdio: ["pipe", "pipe", "pipe"], ...spawnOptions });
  let output = "";
  let errors = "";
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    tell();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
    tell();
  });
  // A program that ends before it has read its input closes the pipe: no concern of the test's.
  child.stdin?.on("error", () => undefined);
  if (!isInteractive) child.stdin?.end(input ?? "");
  const done = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, output, errors });
      tell();
    });
  });
  return {
    child,
    done,
    errorsSoFar: () => errors,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const ended = child.exitCode !== null || child.signalCode !== null;
          if (!output.includes(text) && !errors.includes(text) && !ended) return;
          listeners.delete(look);
          if (output.includes(text) || errors.includes(text)) resolve();
          else reject(new Error(`The program ended without printing "${text}": ${output}${errors}`));
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Runs a process to its end. */
export function runProgram(command: string, commandArguments: string[], options?: RunOptions): Promise<Outcome> {
  return startProgram(command, commandArguments, options).done;
}

/** Runs a Node program to its end. */
export function runNode(programPath: string, programArguments: string[], options?: RunOptions): Promise<Outcome> {
  return runProgram(process.execPath, [programPath, ...programArguments], options);
}
