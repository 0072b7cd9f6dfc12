import { readFileSync } from "node:fs";
import { AuthError, isAuthError } from "../core/authError.ts";
import { type NodeAuthClient, type NodeAuthClientOptions, createNodeAuthClient } from "./createNodeAuthClient.ts";
import { describeEnd } from "./describeEnd.ts";
import { keepAliveUntil } from "./keepAlive.ts";

/** Where a token may come from: see {@link resolveAccessToken} for the order. */
export interface ResolveAccessTokenOptions extends Omit<NodeAuthClientOptions, "baseUrl" | "env"> {
  /** The auth endpoints. Default: the environment's `STAY_SIGNED_IN_URL`. Not needed for a token that is given. */
  baseUrl?: string | undefined;
  /** A token to use as it is. Default: none. */
  token?: string | undefined;
  /** To sign in with, for this one token; nothing is kept. Default: none. */
  username?: string | undefined;
  /** The password that goes with `username`. Default: none. */
  password?: string | undefined;
  /** Default: `process.env`. An empty object ignores the environment. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Starts a guest session, and keeps it, where nobody was ever signed in. Default false. */
  allowGuest?: boolean | undefined;
  /** How long a token of the stored session must still be good for, in milliseconds. Default: as `getAccessToken`. */
  minValidityMs?: number | undefined;
}

/** A token that can be used, and where it came from. */
export interface ResolvedAccessToken {
  /** The access token; print it only where it was asked for. */
  readonly accessToken: string;
  /** Where it came from. */
  readonly source: "token" | "credentials" | "environment" | "session" | "guest";
}

interface Input {
  token: string | undefined;
  username: string | undefined;
  password: string | undefined;
}

const conflict = (message: string): AuthError => new AuthError("invalidOptions", message);

/** What is to be used of one place, or null when nothing stands there. Two things at once are one too many. */
function choose({ token, username, password }: Input, names: { [key in keyof Input]: string }): Input | null {
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    const other = username === undefined ? names.password : names.username;
    throw conflict(`Both ${names.token} and ${other} are given. Which one is meant? Leave the other out.`);
  }
  if (token === "" || username === "") {
    throw conflict(`${token === "" ? names.token : names.username} is empty. Give it a value or leave it out.`);
  }
  if ((username === undefined) !== (password === undefined)) {
    const [given, missing] =
      username === undefined ? [names.password, names.username] : [names.username, names.password];
    throw conflict(`${given} is given without ${missing}. Both are needed to sign in.`);
  }
  return token === undefined && username === undefined ? null : { token, username, password };
}

const OPTION_NAMES = { token: "token", username: "username", password: "password" };
const VARIABLE_NAMES = {
  token: "STAY_SIGNED_IN_TOKEN",
  username: "STAY_SIGNED_IN_USERNAME",
  password: "STAY_SIGNED_IN_PASSWORD",
};

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    throw new AuthError("sessionEnded", `STAY_SIGNED_IN_TOKEN_FILE names ${path}, which cannot be read. Sign in anew.`);
  }
}

function readEnvironment(env: Readonly<Record<string, string | undefined>>): Input | null {
  const tokenPath = env["STAY_SIGNED_IN_TOKEN_FILE"];
  // `stay-signed-in run` sets both; the file alone is kept fresh.
  const token = tokenPath ? readTokenFile(tokenPath) : env[VARIABLE_NAMES.token];
  const orUndefined = (value: string | undefined): string | undefined => (value === "" ? undefined : value);
  return choose(
    {
      token: orUndefined(token),
      username: orUndefined(env[VARIABLE_NAMES.username]),
      password: orUndefined(env[VARIABLE_NAMES.password]),
    },
    VARIABLE_NAMES,
  );
}

/**
 * One good access token for a script, from the first of these that is there: the token that is given; the user name and
 * password that are given; the same in the environment (`STAY_SIGNED_IN_TOKEN_FILE`, `STAY_SIGNED_IN_TOKEN`,
 * `STAY_SIGNED_IN_USERNAME` with `STAY_SIGNED_IN_PASSWORD`); the stored session, renewed as needed; a guest, if `allowGuest`.
 *
 * A stored session that has ended is an error that says how to sign in. It is never passed over for a guest.
 *
 * @throws AuthError `invalidOptions` for inputs that contradict each other, `sessionEnded`, and as `signIn`;
 *   SessionFileError when the session file cannot be used.
 *
 * @example
 * const { accessToken } = await resolveAccessToken({ baseUrl: "https://api.example/v1/auth" });
 */
export function resolveAccessToken(options: ResolveAccessTokenOptions = {}): Promise<ResolvedAccessToken> {
  return keepAliveUntil(resolve(options));
}

async function resolve(options: ResolveAccessTokenOptions): Promise<ResolvedAccessToken> {
  const { token, username, password, env = process.env, allowGuest = false, minValidityMs, ...clientOptions } = options;
  const given = choose({ token, username, password }, OPTION_NAMES);
  const input = given ?? readEnvironment(env);
  if (input?.token !== undefined) {
    return { accessToken: input.token, source: given === null ? "environment" : "token" };
  }
  const baseUrl = options.baseUrl ?? env["STAY_SIGNED_IN_URL"];
  if (!baseUrl) throw conflict("No server is named. Give baseUrl, or set STAY_SIGNED_IN_URL.");
  const auth = createNodeAuthClient({ ...clientOptions, baseUrl, env });
  try {
    if (input?.username !== undefined && input.password !== undefined) {
      const accessToken = await auth.fetchAccessToken({ username: input.username, password: input.password });
      return { accessToken, source: given === null ? "environment" : "credentials" };
    }
    return await resolveStored(auth, { allowGuest, minValidityMs });
  } finally {
    auth.dispose();
  }
}

async function resolveStored(
  auth: NodeAuthClient,
  { allowGuest, minValidityMs }: { allowGuest: boolean; minValidityMs: number | undefined },
): Promise<ResolvedAccessToken> {
  const stored = await auth.readStored();
  const { session, ended } = stored;
  if (session === null && ended === null && allowGuest) {
    await auth.signInAsGuest();
    return { accessToken: await auth.getAccessToken({ minValidityMs }), source: "guest" };
  }
  if (session === null) throw new AuthError("sessionEnded", describeEnd(stored, auth.baseUrl));
  auth.start();
  try {
    return { accessToken: await auth.getAccessToken({ minValidityMs }), source: session.isGuest ? "guest" : "session" };
  } catch (error) {
    if (!isAuthError(error, "sessionEnded")) throw error;
    throw new AuthError("sessionEnded", describeEnd(await auth.readStored(), auth.baseUrl), { cause: error });
  }
}
