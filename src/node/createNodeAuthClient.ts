import { createHash } from "node:crypto";
import { createProver } from "../bound/createProver.ts";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import type { BackendCall } from "../core/backend.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";
import { type AuthClientOptions, createAuthClient } from "../core/createAuthClient.ts";
import { createHttpBackend } from "../core/createHttpBackend.ts";
import type { Identity } from "../core/authState.ts";
import { isSignInChallenge } from "../core/signInChallenge.ts";
import { createFileBackend } from "./createFileBackend.ts";
import { createNodePlatform } from "./createNodePlatform.ts";
import { lockExchange } from "./exchangeLock.ts";
import { keepAliveUntil } from "./keepAlive.ts";
import { parseServerAddress } from "./serverAddress.ts";
import { openSessionStore } from "./openSessionStore.ts";
import { findSessionFileError } from "./sessionFileError.ts";
import type { ServerEntry } from "./sessionFileFormat.ts";
import { createSessionKeys, readBindSession } from "./sessionKeys.ts";

/** The server, and where its session is kept on this machine. */
export interface NodeAuthClientOptions
  extends Pick<AuthClientOptions, "onSessionEnd" | "refreshAheadMs" | "requestTimeoutMs" | "paths"> {
  /** The auth endpoints, absolute: `https://api.example/v1/auth`. */
  baseUrl: string;
  /** Default: `STAY_SIGNED_IN_SESSION_FILE`, else `sessions.json` in the platform's folder for configuration. */
  sessionFile?: string | undefined;
  /**
   * Keeps the session in the system's keyring instead of a file, by the optional package `@napi-rs/keyring`. Without the package
   * or an open keyring calls throw `keyringUnavailable`; nothing falls back to a file. Default: `STAY_SIGNED_IN_KEYRING`, else false.
   */
  keyring?: boolean | undefined;
  /**
   * Binds a session that begins here to a key, where the server binds any (RFC 9449, DPoP): each refresh then proves it. `true`
   * keeps the key with the session; `"keyring"` keeps it in the system's keyring, so that a copy of the session file alone is
   * worth nothing. A session that is bound stays so, whatever a later client says. Default: `STAY_SIGNED_IN_BIND_SESSION`
   * (`1`, `keyring`), else false.
   */
  bindSession?: boolean | "keyring" | undefined;
  /** Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Default: the process's own. */
  fetch?: typeof globalThis.fetch | undefined;
  /**
   * Sends tokens over plain http to another machine, where everybody on the way can read them. Default: false.
   * @deprecated Dangerous: for a closed test network only. Loopback works without it.
   */
  dangerouslyAllowHttp?: boolean | undefined;
}

/** The core client of a process. Its session lies in a file, or in the keyring, that all processes of the user share. */
export interface NodeAuthClient extends AuthClient {
  /** The path of the file with the session; null when it lies in the keyring. */
  readonly sessionFile: string | null;
  /** What is stored of this server, without asking the server. @throws SessionFileError. */
  readStored(): Promise<ServerEntry>;
  /**
   * Signs in by a token answer that is got by other means: `ask` gets the `fetch` that proves the key of a bound session, and
   * may take as long as it likes. See `signInWithDevice`. @throws as `signIn`, and what `ask` throws; SessionFileError.
   */
  signInWithAnswer(ask: (fetch: typeof globalThis.fetch) => Promise<Response>): Promise<Identity>;
  /** One access token for these credentials; nothing is kept of it, here or in the store. @throws as `signIn`. */
  fetchAccessToken(credentials: { username: string; password: string }): Promise<string>;
}

const RULES: OptionRules<NodeAuthClientOptions> = {
  baseUrl: true,
  sessionFile: true,
  keyring: true,
  bindSession: true,
  env: true,
  fetch: true,
  dangerouslyAllowHttp: true,
  onSessionEnd: true,
  refreshAheadMs: true,
  requestTimeoutMs: true,
  paths: true,
};

// What is wrong with the file is told as that, however the core has wrapped it: its message holds the remedy.
async function unwrapFileError<T>(work: Promise<T>): Promise<T> {
  try {
    return await keepAliveUntil(work);
  } catch (error) {
    throw findSessionFileError(error) ?? error;
  }
}

/**
 * The client for Node: same core, same promises, with the session in a private file (or the keyring) that all processes of the user share.
 * Fifty of them at once make one refresh. Making it touches nothing. Its timers keep no process alive; a call that is waited
 * for does.
 *
 * @throws AuthError `invalidOptions`: plain http to another machine, what is no address, a file and a keyring at once.
 *
 * @example
 * const auth = createNodeAuthClient({ baseUrl: "https://api.example/v1/auth" });
 * const stop = auth.start();
 * const token = await auth.getAccessToken();
 */
export function createNodeAuthClient(options: NodeAuthClientOptions): NodeAuthClient {
  checkOptions(options, RULES, "`createNodeAuthClient`");
  const {
    baseUrl,
    sessionFile,
    keyring,
    bindSession,
    env = process.env,
    fetch,
    dangerouslyAllowHttp = false,
    ...coreOptions
  } = options;
  const address = parseServerAddress(baseUrl, { dangerouslyAllowHttp });
  const { place, store: file, isInKeyring } = openSessionStore({ sessionFile, keyring }, env);
  const ports = createNodePlatform({ place, address });
  const platform = fetch === undefined ? ports : { ...ports, fetch };
  const { paths, refreshAheadMs, requestTimeoutMs = 10_000 } = coreOptions;
  const http = createHttpBackend({ baseUrl: address, paths });
  const exchangeLock = `${place.path}.${createHash("sha256").update(address).digest("hex").slice(0, 16)}.exchange.lock`;
  const keys = createSessionKeys({ bindSession: readBindSession(bindSession, env), place, address });
  const { signInBy, ...backend } = createFileBackend({
    inner: http,
    file,
    address,
    clock: platform.clock,
    keys,
    lockExchange: (signal) => lockExchange(exchangeLock, signal),
    fetch: platform.fetch,
    refreshAheadMs,
  });
  const client = createAuthClient({ ...coreOptions, baseUrl: address, platform, backend });

  async function signInWithAnswer(ask: (fetch: typeof globalThis.fetch) => Promise<Response>): Promise<Identity> {
    const key = await keys.begin();
    const answer = await ask(createProver()(platform.fetch, async () => key?.key ?? null));
    // Read as the answer to a sign-in that has nothing to send any more.
    const read = (call: BackendCall) => http.signIn({ username: "", password: "" }, call);
    const entered = await client.signInWith((call) => signInBy({ ...call, fetch: async () => answer }, read, key));
    if (isSignInChallenge(entered)) throw furtherFactor();
    return entered;
  }

  return {
    ...client,
    sessionFile: isInKeyring ? null : place.path,
    readStored: () => file.readServer(address),
    ready: (readyOptions) => unwrapFileError(client.ready(readyOptions)),
    signIn: (credentials) => unwrapFileError(client.signIn(credentials)),
    signInWith: (method) => unwrapFileError(client.signInWith((call) => signInBy(call, method))),
    continueSignIn: (challenge, response) => unwrapFileError(client.continueSignIn(challenge, response)),
    stepUp: (way) => unwrapFileError(client.stepUp(typeof way === "function" ? (call) => signInBy(call, way) : way)),
    adopt: (answer) => unwrapFileError(client.adopt(answer)),
    changePassword: (change) => unwrapFileError(client.changePassword(change)),
    register: (account) => unwrapFileError(client.register(account)),
    signInAsGuest: () => unwrapFileError(client.signInAsGuest()),
    signInWithAnswer: (ask) => unwrapFileError(signInWithAnswer(ask)),
    signOut: (signOutOptions) => unwrapFileError(client.signOut(signOutOptions)),
    getAccessToken: (tokenOptions) => unwrapFileError(client.getAccessToken(tokenOptions)),
    refresh: () => unwrapFileError(client.refresh()),
    fetchUser: (userOptions) => unwrapFileError(client.fetchUser(userOptions)),
    async fetchAccessToken(credentials) {
      const signal = AbortSignal.timeout(requestTimeoutMs);
      const answer = await http.signIn(credentials, { fetch: platform.fetch, signal });
      if (isSignInChallenge(answer)) throw furtherFactor();
      return answer.accessToken;
    },
  };
}

/** Where nobody can be asked for what the server wants besides. */
function furtherFactor(): AuthError {
  return new AuthError(
    "credentialsRejected",
    "This account signs in with a further factor: let its owner approve a device code (`signInWithDevice`).",
  );
}
