import { AuthError, isAuthError } from "../../core/authError.ts";
import { type NodeAuthClient, createNodeAuthClient } from "../createNodeAuthClient.ts";
import { describeEnd } from "../describeEnd.ts";
import { openSessionStore } from "../openSessionStore.ts";
import { parseServerAddress } from "../serverAddress.ts";
import type { SessionStore } from "../sessionStore.ts";
import { explainAbsence } from "./explainAbsence.ts";
import { createPatientFetch } from "./patientFetch.ts";
import type { CommandWorld } from "./commandWorld.ts";
import { UsageError } from "./exitCodes.ts";
import { type Terminal, createTerminal } from "./terminal.ts";

/** The options that every command has. */
export interface SharedOptions {
  url?: string;
  sessionFile?: string;
  keyring?: boolean;
  /** Of `login` alone. */
  bindSession?: true | "file" | "keyring";
  dangerouslyAllowHttp?: boolean;
}

export interface CommandContext {
  readonly world: CommandWorld;
  readonly terminal: Terminal;
  readonly address: string;
  readonly file: SessionStore;
  readonly isInKeyring: boolean;
  readonly auth: NodeAuthClient;
  /** The process's own; says what is waited for when an answer takes long. */
  readonly fetch: typeof globalThis.fetch;
}

async function findAddress(options: SharedOptions, world: CommandWorld, file: SessionStore): Promise<string | null> {
  const named = options.url ?? world.environment["STAY_SIGNED_IN_URL"];
  if (named) return named;
  const known = Object.entries(await file.read()).filter(
    ([, { session, ended }]) => session !== null || ended !== null,
  );
  const [first, second] = known;
  if (first === undefined) return null;
  if (second !== undefined) {
    const list = known.map(([address]) => `  ${address}`).join("\n");
    throw new UsageError(`Which server? Name one with --url, or in STAY_SIGNED_IN_URL:\n${list}`);
  }
  return first[0];
}

function nobodyIsSignedIn(): never {
  throw new AuthError(
    "sessionEnded",
    "Nobody is signed in. Sign in with: stay-signed-in login --url https://api.example/v1/auth (your server's address).",
  );
}

/**
 * Runs one command with a client of its own, which it ends afterwards. `withoutServer` runs in its place where no server is
 * named and the session file knows none.
 */
export async function withContext(
  options: SharedOptions,
  world: CommandWorld,
  run: (context: CommandContext) => Promise<number>,
  withoutServer: (terminal: Terminal) => number = nobodyIsSignedIn,
): Promise<number> {
  const { sessionFile, keyring, bindSession } = options;
  const { store: file, isInKeyring } = openSessionStore({ sessionFile, keyring }, world.environment);
  const dangerouslyAllowHttp = options.dangerouslyAllowHttp === true;
  const terminal = createTerminal(world);
  const named = await findAddress(options, world, file);
  if (named === null) return withoutServer(terminal);
  const address = parseServerAddress(named, { dangerouslyAllowHttp });
  const fetch = createPatientFetch(terminal, address);
  const auth = createNodeAuthClient({
    baseUrl: address,
    dangerouslyAllowHttp,
    sessionFile,
    keyring,
    bindSession: bindSession === "file" ? true : bindSession,
    env: world.environment,
    fetch,
  });
  try {
    return await run({ world, terminal, address, file, isInKeyring, auth, fetch });
  } catch (error) {
    if (!isAuthError(error, "sessionEnded")) throw await explainAbsence(error, address, fetch);
    throw new AuthError("sessionEnded", describeEnd(await file.readServer(address), address), { cause: error });
  } finally {
    auth.dispose();
  }
}
