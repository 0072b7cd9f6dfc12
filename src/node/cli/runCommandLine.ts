import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { findSessionFileError } from "../sessionFileError.ts";
import { type SharedOptions, withContext } from "./commandContext.ts";
import type { CommandWorld } from "./commandWorld.ts";
import { type ConformanceCommandOptions, conformance } from "./conformance.ts";
import { type DoctorOptions, doctor } from "./doctor/doctor.ts";
import { UsageError, exitCodeOf, exitCodes } from "./exitCodes.ts";
import { type LoginOptions, login, loginWithoutServer } from "./login.ts";
import { type LogoutOptions, logout } from "./logout.ts";
import { parseDuration } from "./parseDuration.ts";
import { runCommand } from "./runCommand.ts";
import { endSessions, listSessions } from "./sessions.ts";
import { type StatusOptions, status, statusWithoutServer } from "./status.ts";
import type { Terminal } from "./terminal.ts";
import { type TokenOptions, token } from "./token.ts";

const EXIT_CODES_HELP = `
Exit codes:
  0  done                     4  the server was not reached; try again later
  1  unexpected failure       5  the session file or keyring cannot be used
  2  wrong usage              6  the server refused the sign-in
  3  sign in first            130  interrupted
`;

// Whoever wrote --password=secret must not find it in a log.
const hideValues = (text: string): string => text.replaceAll(/(--?[\w-]+)=[^\s']+/g, "$1=…");

function readDuration(text: string): number {
  const spanMs = parseDuration(text);
  if (spanMs === null) throw new InvalidArgumentError("Write a duration like 90s, 5m or 1h.");
  return spanMs;
}

function buildProgram(world: CommandWorld, report: (code: number) => void): Command {
  const program = new Command("stay-signed-in")
    .description(
      "The same session where there is no browser: sign in once, get good access tokens for as long as it lasts.",
    )
    .version(world.version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.output.write(text),
      writeErr: (text) => void world.messages.write(hideValues(text)),
    })
    .addHelpText("after", EXIT_CODES_HELP);

  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option("--url <address>", "the auth endpoints, like https://api.example/v1/auth (or STAY_SIGNED_IN_URL)")
      .option("--session-file <path>", "where sessions are kept (or STAY_SIGNED_IN_SESSION_FILE)")
      .option("--keyring", "keep sessions in the system's keyring instead (or STAY_SIGNED_IN_KEYRING=1)")
      .option("--dangerously-allow-http", "plain http to another machine: everybody on the way can read the tokens");

  command("login", "sign in, by a code that you approve in a browser")
    .option("--username <name>", "sign in with a password instead; it is asked for")
    .option("--password-stdin", "read the password from standard input")
    .option("--no-browser", "open no browser")
    .addOption(
      new Option(
        "--bind-session [place]",
        "bind the session to a key that lies with it, or in the system's keyring (or STAY_SIGNED_IN_BIND_SESSION)",
      ).choices(["file", "keyring"]),
    )
    .action(async (options: SharedOptions & LoginOptions) => {
      report(await withContext(options, world, (context) => login(context, options), loginWithoutServer));
    });

  command("status", "say who is signed in")
    .option("--json", "as JSON")
    .option("--offline", "as the session file says, without asking the server")
    .action(async (options: SharedOptions & StatusOptions) => {
      const withoutServer = (terminal: Terminal): number => statusWithoutServer(terminal, options);
      report(await withContext(options, world, (context) => status(context, options), withoutServer));
    });

  command("token", "print a good access token")
    .option("--min-validity <duration>", "how long it must still be good for: 90s, 5m, 1h", readDuration)
    .action(async (options: SharedOptions & TokenOptions) => {
      report(await withContext(options, world, (context) => token(context, options)));
    });

  command("run", "run a command with a good access token in its environment")
    .argument("<command...>", "the command and its arguments, after --")
    .passThroughOptions()
    .addHelpText(
      "after",
      "\nThe command finds the token in STAY_SIGNED_IN_TOKEN and, always the newest, in the file STAY_SIGNED_IN_TOKEN_FILE.\n" +
        "Its exit code is handed on.",
    )
    .action(async (words: string[], options: SharedOptions) => {
      report(await withContext(options, world, (context) => runCommand(context, words)));
    });

  command("logout", "end the session on the server and forget it here")
    .option("--everywhere", "end all sessions of the user")
    .action(async (options: SharedOptions & LogoutOptions) => {
      report(await withContext(options, world, (context) => logout(context, options)));
    });

  command("sessions", "list the user's sessions, or end some")
    .option("--json", "as JSON")
    .option("--end <id>", "end this session")
    .option("--end-others", "end all but this one")
    .action(async (options: SharedOptions & { json?: boolean; end?: string; endOthers?: boolean }) => {
      const { end, endOthers = false } = options;
      if (end !== undefined && endOthers) throw new UsageError("Choose one of --end and --end-others.");
      report(
        await withContext(options, world, (context) =>
          end !== undefined || endOthers ? endSessions(context, end, endOthers) : listSessions(context, options),
        ),
      );
    });

  program
    .command("doctor")
    .description("look at any token API: print the createTokenBackend for it, and what to change at the server")
    .option("--url <address>", "the address that the sign-in stands under, like https://api.example/auth")
    .option("--username <name>", "of a test account; it is asked for")
    .option("--password-stdin", "read the password from standard input")
    .option("--sign-in <path>", "where the sign-in is, if it is not found")
    .option("--client-id <id>", "of an OAuth 2.0 server: tries whether it takes this client without a secret")
    .option("--origin <origin>", "the page's origin, like https://app.example: looks at CORS and cookies for it")
    .option("--json", "as JSON")
    .option("--dangerously-allow-http", "plain http to another machine: everybody on the way can read the tokens")
    .action(async (options: DoctorOptions) => report(await doctor(world, options)));

  program
    .command("conformance")
    .description("ask a server of yours every sentence of the protocol that can be seen from outside")
    .option("--url <address>", "the auth endpoints, like https://api.example/v1/auth (or STAY_SIGNED_IN_URL)")
    .option(
      "--grace <duration>",
      "the server's grace time, which some checks wait for: 30s (the default)",
      readDuration,
    )
    .option("--json", "as JSON")
    .option("--dangerously-allow-http", "plain http to another machine: everybody on the way can read the tokens")
    .addHelpText(
      "after",
      "\nIt makes accounts named conformance-…@example.org: point it at a test system, with rate limits off.",
    )
    .action(async (options: ConformanceCommandOptions) => report(await conformance(world, options)));

  return program;
}

/** Runs the command line and returns its exit code. Errors are told in one sentence, without a trace or a secret. */
export async function runCommandLine(words: readonly string[], world: CommandWorld): Promise<number> {
  let code: number = exitCodes.done;
  const program = buildProgram(world, (reported) => {
    code = reported;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const told = findSessionFileError(error) ?? error;
    world.messages.write(`stay-signed-in: ${told instanceof Error ? told.message : "an unexpected failure"}\n`);
    return world.interrupted.aborted ? exitCodes.interrupted : exitCodeOf(error);
  }
}
