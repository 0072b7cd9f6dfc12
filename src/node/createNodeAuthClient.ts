import { createHash, randomUUID } from "node:crypto";
import type { AuthClient } from "../core/authClient.ts";
import { checkNames } from "../core/checkOptions.ts";
import { type AuthClientOptions, createAuthClient } from "../core/createAuthClient.ts";
import { createHttpBackend } from "../core/createHttpBackend.ts";
import type { Identity } from "../core/authState.ts";
import type { Backend } from "../core/backend.ts";
import { createFileBackend } from "./createFileBackend.ts";
import { createNodePlatform } from "./createNodePlatform.ts";
import { lockExchange } from "./exchangeLock.ts";
import { keepAliveUntil } from "./keepAlive.ts";
import { parseServerAddress } from "./serverAddress.ts";
import { openSessionStore } from "./openSessionStore.ts";
import { findSessionFileError } from "./sessionFileError.ts";
import type { ServerEntry } from "./sessionFileFormat.ts";

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
  /** Signs in by a token answer that was got by other means: see `signInWithDevice`. @throws as `signIn`; SessionFileError. */
  signInWithAnswer(answer: Response): Promise<Identity>;
  /** One access token for these credentials; nothing is kept of it, here or in the store. @throws as `signIn`. */
  fetchAccessToken(credentials: { username: string; password: string }): Promise<string>;
}

const NAMES: ReadonlyArray<keyof NodeAuthClientOptions> = [
  "baseUrl",
  "sessionFile",
  "keyring",
  "env",
  "fetch",
  "dangerouslyAllowHttp",
  "onSessionEnd",
  "refreshAheadMs",
  "requestTimeoutMs",
  "paths",
];

const HANDOVER = "handover:";

/** Lets the core's own sign-in take an answer that is here already: by a name that no user can have. */
function acceptHandovers(inner: Backend): {
  backend: Backend;
  handOver: (answer: Response) => { username: string; password: string };
} {
  const answers = new Map<string, Response>();
  return {
    handOver(answer) {
      const username = `${HANDOVER}${randomUUID()}`;
      answers.set(username, answer);
      return { username, password: HANDOVER };
    },
    backend: {
      ...inner,
      signIn(credentials, call) {
        const answer = answers.get(credentials.username);
        if (answer === undefined) return inner.signIn(credentials, call);
        answers.delete(credentials.username);
        return inner.signIn(credentials, { ...call, fetch: async () => answer });
      },
    },
  };
}

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
  checkNames(options, NAMES, "`createNodeAuthClient`");
  const {
    baseUrl,
    sessionFile,
    keyring,
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
  const { backend, handOver } = acceptHandovers(
    createFileBackend({
      inner: http,
      file,
      address,
      clock: platform.clock,
      lockExchange: (signal) => lockExchange(exchangeLock, signal),
      fetch: platform.fetch,
      refreshAheadMs,
    }),
  );
  const client = createAuthClient({ ...coreOptions, baseUrl: address, platform, backend });

  return {
    ...client,
    sessionFile: isInKeyring ? null : place.path,
    readStored: () => file.readServer(address),
    ready: (readyOptions) => unwrapFileError(client.ready(readyOptions)),
    signIn: (credentials) => unwrapFileError(client.signIn(credentials)),
    register: (account) => unwrapFileError(client.register(account)),
    signInAsGuest: () => unwrapFileError(client.signInAsGuest()),
    signInWithAnswer: (answer) => unwrapFileError(client.signIn(handOver(answer))),
    signOut: (signOutOptions) => unwrapFileError(client.signOut(signOutOptions)),
    getAccessToken: (tokenOptions) => unwrapFileError(client.getAccessToken(tokenOptions)),
    refresh: () => unwrapFileError(client.refresh()),
    fetchUser: (userOptions) => unwrapFileError(client.fetchUser(userOptions)),
    async fetchAccessToken(credentials) {
      const signal = AbortSignal.timeout(requestTimeoutMs);
      return (await http.signIn(credentials, { fetch: platform.fetch, signal })).accessToken;
    },
  };
}
