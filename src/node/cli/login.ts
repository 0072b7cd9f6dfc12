import { AuthError, isAuthError } from "../../core/authError.ts";
import type { Identity } from "../../core/authState.ts";
import { isSignInChallenge } from "../../core/signInChallenge.ts";
import { signInWithDevice } from "../signInWithDevice.ts";
import type { CommandContext, SharedOptions } from "./commandContext.ts";
import { UsageError, exitCodes } from "./exitCodes.ts";
import { formatDuration } from "./parseDuration.ts";
import { askPassword, readPasswordFromInput } from "./readPassword.ts";
import { toPlainText } from "./terminal.ts";

export interface LoginOptions {
  username?: string;
  passwordStdin?: boolean;
  browser: boolean;
  bindSession?: SharedOptions["bindSession"];
}

async function signInWithPassword(context: CommandContext, username: string, options: LoginOptions): Promise<Identity> {
  const { world, auth } = context;
  const password = options.passwordStdin
    ? await readPasswordFromInput(world)
    : await askPassword(world, `Password for ${toPlainText(username)}: `);
  const entered = await auth.signIn({ username, password });
  if (!isSignInChallenge(entered)) return entered;
  throw new AuthError(
    "credentialsRejected",
    "This account signs in with a further factor: leave --username out, and approve the sign-in in a browser.",
  );
}

async function signInByDevice({ world, terminal, auth }: CommandContext, options: LoginOptions): Promise<Identity> {
  let stopProgress = (): void => undefined;
  try {
    return await signInWithDevice(auth, {
      signal: world.interrupted,
      openBrowser: options.browser && world.messages.isTTY === true ? world.openBrowser : false,
      onPrompt({ userCode, verificationUri, verificationUriComplete, expiresAt }) {
        terminal.say(`Open ${terminal.bold(verificationUri)}`);
        terminal.say(`and approve the code ${terminal.bold(userCode)}`);
        if (verificationUriComplete !== null) terminal.say(`(or, with the code filled in: ${verificationUriComplete})`);
        stopProgress = terminal.showProgress(
          () => `Waiting for the approval. The code is good for another ${formatDuration(expiresAt - Date.now())}.`,
        );
      },
    });
  } finally {
    stopProgress();
  }
}

/** Signs in, by device code or with a password, and keeps the session in the session file. */
export async function login(context: CommandContext, options: LoginOptions): Promise<number> {
  const { world, terminal, address, auth, file, isInKeyring } = context;
  if (options.passwordStdin && options.username === undefined) {
    throw new UsageError("--password-stdin needs --username NAME as well.");
  }
  await file.assertWritable(address, { replaceDamaged: true });
  const identity = await (options.username === undefined
    ? signInByDevice(context, options)
    : signInWithPassword(context, options.username, options));
  const user = await auth.fetchUser().catch((error: AuthError) => {
    // Signed in all the same; only the name is missing.
    if (isAuthError(error)) return null;
    throw error;
  });
  terminal.say(`Signed in as ${toPlainText(user?.email ?? identity.subject)} at ${address}.`);
  if (options.bindSession !== undefined && (await file.readServer(address)).session?.key === undefined) {
    terminal.say("This server binds no sessions to keys: this one goes on without.");
  }
  if (isInKeyring && !world.environment["STAY_SIGNED_IN_KEYRING"]) {
    terminal.say("The session is in the keyring. Set STAY_SIGNED_IN_KEYRING=1, or give --keyring to every command.");
  }
  return exitCodes.done;
}

/** Whoever signs in for the first time has to say where. */
export function loginWithoutServer(): never {
  throw new AuthError(
    "sessionEnded",
    "Sign in where? Name the server: stay-signed-in login --url https://api.example/v1/auth (or set STAY_SIGNED_IN_URL).",
  );
}
