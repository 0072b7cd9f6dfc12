import { spawn } from "node:child_process";
import { mkdtemp, rm, unlink } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { replacePrivateFile } from "../privateFile.ts";
import { describeSystemError, readSystemErrorCode } from "../systemError.ts";
import type { CommandContext } from "./commandContext.ts";

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const FORWARDED: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
// A terminal sends these to the command itself as well.
const OF_THE_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/** Runs the child to its end; its exit code is ours, 128 plus the number of the signal that ended it. */
function runChild(
  context: CommandContext,
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const { terminal, world } = context;
  const [name = "", ...childArguments] = command;
  return new Promise((resolve) => {
    const child = spawn(name, childArguments, { stdio: "inherit", env: environment });
    const forwarders = [...FORWARDED, ...OF_THE_TERMINAL].map((signal) => {
      const forward = (): void => {
        if (!OF_THE_TERMINAL.includes(signal) || world.input.isTTY !== true) child.kill(signal);
      };
      process.on(signal, forward);
      return () => void process.off(signal, forward);
    });
    const finish = (code: number): void => {
      for (const stop of forwarders) stop();
      resolve(code);
    };
    child.once("error", (error) => {
      const isMissing = readSystemErrorCode(error) === "ENOENT";
      terminal.say(
        isMissing
          ? `stay-signed-in: there is no command ${name}. Check its spelling, or give its path.`
          : `stay-signed-in: the command ${name} cannot be run: ${describeSystemError(error)}.`,
      );
      finish(isMissing ? NOT_FOUND : NOT_EXECUTABLE);
    });
    child.once("exit", (code, signal) => finish(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/**
 * Runs a command with the access token in its environment (`STAY_SIGNED_IN_TOKEN`) and in a private file
 * (`STAY_SIGNED_IN_TOKEN_FILE`) that holds the newest one for as long as the command runs.
 */
export async function runCommand(context: CommandContext, command: readonly string[]): Promise<number> {
  const { auth, address, terminal, world } = context;
  auth.start();
  const accessToken = await auth.getAccessToken({ signal: world.interrupted });
  const folder = await mkdtemp(join(world.environment["XDG_RUNTIME_DIR"] || tmpdir(), "stay-signed-in-"));
  const tokenPath = join(folder, "token");
  try {
    await replacePrivateFile(tokenPath, accessToken);
    // One write after the other, so that an older token never comes last.
    let writing: Promise<void> = Promise.resolve();
    const write = (act: () => Promise<void>): void => {
      writing = writing.then(act).catch(() => terminal.say("stay-signed-in: the new token could not be written."));
    };
    const stops = [
      auth.accessToken.subscribe(() => {
        const renewed = auth.accessToken.getState();
        if (renewed !== null) write(() => replacePrivateFile(tokenPath, renewed));
      }),
      auth.on("sessionEnded", () => {
        terminal.say(
          "stay-signed-in: the session has ended; the command goes on with a token that nobody accepts any more.",
        );
        write(() => unlink(tokenPath));
      }),
    ];
    const {
      STAY_SIGNED_IN_USERNAME: _username,
      STAY_SIGNED_IN_PASSWORD: _password,
      ...environment
    } = world.environment;
    const code = await runChild(context, command, {
      ...environment,
      STAY_SIGNED_IN_URL: address,
      STAY_SIGNED_IN_TOKEN: accessToken,
      STAY_SIGNED_IN_TOKEN_FILE: tokenPath,
    });
    for (const stop of stops) stop();
    await writing;
    return code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
