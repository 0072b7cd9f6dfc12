import type { Socket } from "socket.io-client";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import type { Clock } from "../core/ports.ts";
import { attachOnce } from "./attachOnce.ts";
import { attachSocket } from "./attachSocket.ts";
import { createOriginGuard } from "./originGuard.ts";
import { assertClient } from "./requestPolicy.ts";
import { systemClock } from "./systemClock.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";

/** Where {@link authorizeSocket} lets tokens go, and how it waits. */
export interface AuthorizeSocketOptions {
  /** Origins that may see the token, as `https://api.example`. Default: those of the page and the auth endpoints. */
  allowedOrigins?: readonly string[] | undefined;
  /** How long the server may take to acknowledge `auth:renew`, in milliseconds. Default: 5,000. */
  renewTimeoutMs?: number | undefined;
  /** For tests. Default: the machine's. */
  clock?: Pick<Clock, "monotonicNow" | "setTimer"> | undefined;
  /** For tests: a number from 0 to 1. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

/** Any socket of `socket.io-client`, whatever its events. */
export interface AuthorizableSocket {
  /** Whether it is connected. */
  readonly connected: boolean;
  /** Whether it is connected or will try to be by itself. */
  readonly active: boolean;
  /** What goes into the handshake. */
  auth: object | ((callback: (data: object) => void) => void);
  /** Opens it. */
  connect(): unknown;
  /** Closes it. */
  disconnect(): unknown;
}

const RULES: OptionRules<AuthorizeSocketOptions> = {
  allowedOrigins: true,
  renewTimeoutMs: true,
  clock: true,
  random: true,
};

/**
 * Makes a Socket.IO client connect as whoever is signed in: each connection attempt asks for a good token and sends it as
 * `auth.token` (beside what `auth` held before). A refused attempt is followed by one renewal and one more attempt, then by
 * attempts at growing, jittered intervals (1 s to 30 s); so is a disconnection by the server. A renewed token goes to the server
 * as `auth:renew`, so that the connection lives on; a server that does not know it just does not answer.
 *
 * Where the access token is a cookie (`tokens: "cookie"`) no token is sent: the transport is opened once the cookie is good,
 * anew for another person, and a renewed one counts from the next connection on.
 *
 * While nobody is signed in the socket stays closed, whatever calls `connect()`, and opens at the next sign-in; never as a guest
 * by itself. Sign-out disconnects and forgets what was buffered, and so does a change of identity before it connects anew. Call
 * it before or after the first `connect()`; the same client again changes nothing, another client of the same session takes its
 * place. A socket to an origin that is not allowed is left as it is, and the console says so.
 *
 * What happens is told to the socket's own `connect_error` listeners: refusals by the server as they come, and AuthError
 * `sessionEnded`, `unavailable`, `disposed` when there was no token to connect with.
 *
 * @throws AuthError `invalidOptions`.
 * @returns its detachment; the connection stays as it is.
 *
 * @example
 * const socket = io("https://api.example");
 * const detach = authorizeSocket(socket, auth);
 */
export function authorizeSocket(
  socket: AuthorizableSocket,
  auth: AuthClient,
  options: AuthorizeSocketOptions = {},
): () => void {
  assertClient(auth, "authorizeSocket(socket, auth)");
  checkOptions(options, RULES, "`authorizeSocket`");
  if (typeof socket?.connect !== "function" || !("io" in socket))
    throw new AuthError("invalidOptions", "Pass the socket that io(…) has made first: authorizeSocket(socket, auth).");
  const address = addressOf(socket as unknown as Socket);
  const { allowedOrigins, clock = systemClock, random = Math.random, renewTimeoutMs = 5_000 } = options;
  const timing = { clock, random, renewTimeoutMs };
  if (createOriginGuard(auth, allowedOrigins)(address))
    return attachOnce(socket, auth, () => attachSocket(socket as unknown as Socket, auth, timing));
  auth.internals.platform.warn?.(
    `authorizeSocket sends no token to ${address}, which is neither the page's origin nor that of the auth endpoints: name it in allowedOrigins.`,
  );
  return () => {};
}

/** Where it connects to, as http. */
function addressOf({ io }: Socket): string {
  const { uri, opts } = io as unknown as { uri?: string; opts: { host?: string; hostname?: string } };
  return (uri ?? opts.hostname ?? opts.host ?? globalThis.location?.href ?? "").replace(/^ws(s?:)/i, "http$1");
}
