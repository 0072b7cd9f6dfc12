import type { Namespace, Server, Socket } from "socket.io";
import { AccessTokenError, type AccessTokenErrorCode } from "./accessTokenError.ts";
import { LEEWAY_SECONDS, type VerifiedAccessToken } from "./accessTokens.ts";
import { checkOptions, trueOrFalse } from "./checkOptions.ts";
import type { AuthServer } from "./createAuthServer.ts";

/** How closely {@link authorizeSocketServer} looks. */
export interface AuthorizeSocketServerOptions {
  /**
   * Asks the database whether the session still lives, before and after each handshake and at each renewal. Without it, a
   * session that ends during the handshake is noticed only when its token expires. Default true.
   */
  readonly checkSession?: boolean | undefined;
}

interface Connection {
  readonly socket: Socket;
  user: VerifiedAccessToken;
  cancelTimer: () => void;
  renewedAt: number;
}

const RENEW_INTERVAL_MS = 1_000;
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Lets only sockets with a good access token (handshake `auth.token`) into a Socket.IO server or namespace, as
 * `socket.data.user`; disconnects each when its token is no longer taken (5 s after it expired, as for requests) unless it
 * sent a newer one with `auth:renew` (`{token}`), and at once when its session ends: on this server, and with
 * `postgresStore` on any that shares it. Call it before other
 * middlewares and handlers, once per namespace.
 *
 * With connection state recovery set `skipMiddlewares: false`; a recovered socket is checked all the same, only later.
 *
 * @returns its end: sockets are no longer disconnected. New ones are still checked.
 * @example
 * authorizeSocketServer(io, auth);
 * io.on("connection", (socket) => socket.join(socket.data.user.subject));
 */
export function authorizeSocketServer(
  io: Server | Namespace,
  server: Pick<AuthServer, "verifyAccessToken" | "isSessionLive" | "onSessionEnded">,
  options: AuthorizeSocketServerOptions = {},
): () => void {
  checkOptions<AuthorizeSocketServerOptions>("authorizeSocketServer", options, { checkSession: trueOrFalse });
  const { checkSession = true } = options;
  const namespace: Namespace = "of" in io ? io.of("/") : io;
  const connections = new Map<string, Connection>();
  const checked = new WeakSet<Socket>();

  async function verify(token: unknown): Promise<VerifiedAccessToken> {
    if (typeof token !== "string") throw new AccessTokenError("TOKEN_INVALID");
    const user = await server.verifyAccessToken(token);
    if (checkSession && !(await server.isSessionLive(user))) throw new AccessTokenError("TOKEN_INVALID");
    return user;
  }

  namespace.use((socket, next) => {
    verify(tokenIn(socket.handshake.auth)).then(
      (user) => {
        socket.data.user = user;
        checked.add(socket);
        next();
      },
      (error: unknown) => next(refusal(error)),
    );
  });

  const onConnection = (socket: Socket) => {
    if (checked.has(socket)) {
      watch(socket, socket.data.user as VerifiedAccessToken);
      return;
    }
    // Connection state recovery has skipped the middleware.
    verify(tokenIn(socket.handshake.auth)).then(
      (user) => {
        socket.data.user = user;
        watch(socket, user);
      },
      () => socket.disconnect(),
    );
  };
  namespace.on("connection", onConnection);

  const stopListening = server.onSessionEnded((sessionId) => {
    for (const { socket, user } of connections.values()) if (user.sessionId === sessionId) socket.disconnect();
  });

  function watch(socket: Socket, user: VerifiedAccessToken): void {
    // It left while its token was being looked at.
    if (socket.disconnected) return;
    const connection: Connection = { socket, user, cancelTimer: () => undefined, renewedAt: Number.NEGATIVE_INFINITY };
    connections.set(socket.id, connection);
    scheduleEnd(connection);
    void leaveIfOver(connection);
    socket.once("disconnect", () => {
      connection.cancelTimer();
      connections.delete(socket.id);
    });
    socket.on("auth:renew", (message: unknown, acknowledge: unknown) => {
      void renew(connection, tokenIn(message)).then((answer) => {
        if (typeof acknowledge === "function") acknowledge(answer);
      });
    });
  }

  /** A session that ended during the handshake, after it was looked at, was told before there was a socket to disconnect. */
  async function leaveIfOver({ socket, user }: Connection): Promise<void> {
    if (!checkSession) return;
    // A database that does not answer now ends nothing.
    const isLive = await server.isSessionLive(user).catch(() => true);
    if (!isLive) socket.disconnect();
  }

  async function renew(connection: Connection, token: unknown) {
    const now = Date.now();
    if (now - connection.renewedAt < RENEW_INTERVAL_MS) return { ok: false, code: "RATE_LIMITED" };
    connection.renewedAt = now;
    try {
      const renewed = await verify(token);
      const { user } = connection;
      const isSame = renewed.subject === user.subject && renewed.sessionId === user.sessionId;
      if (!isSame || renewed.expiresAt < user.expiresAt) return { ok: false, code: "TOKEN_INVALID" };
      connection.user = renewed;
      connection.socket.data.user = renewed;
      scheduleEnd(connection);
      return { ok: true, expires_in: Math.max(0, Math.floor((renewed.expiresAt - Date.now()) / 1000)) };
    } catch (error) {
      return { ok: false, code: codeOf(error) };
    }
  }

  function scheduleEnd(connection: Connection): void {
    connection.cancelTimer();
    // As for requests: a handshake within the leeway is let in, and must have the time to bring a newer token.
    const remainingMs = connection.user.expiresAt + LEEWAY_SECONDS * 1000 - Date.now();
    const end = () => (remainingMs > MAX_DELAY_MS ? scheduleEnd(connection) : void connection.socket.disconnect());
    const timer = setTimeout(end, Math.min(Math.max(remainingMs, 0), MAX_DELAY_MS));
    connection.cancelTimer = () => clearTimeout(timer);
  }

  return () => {
    stopListening();
    namespace.off("connection", onConnection);
    for (const { cancelTimer } of connections.values()) cancelTimer();
    connections.clear();
  };
}

function tokenIn(message: unknown): unknown {
  return typeof message === "object" && message !== null && "token" in message ? message.token : undefined;
}

function codeOf(error: unknown): AccessTokenErrorCode | "UNAVAILABLE" {
  return error instanceof AccessTokenError ? error.code : "UNAVAILABLE";
}

/** What reaches the client as `connect_error`, with `data`. */
function refusal(error: unknown): Error {
  const code = codeOf(error);
  const message =
    code === "UNAVAILABLE" ? "The server cannot check access tokens now." : "The access token is refused.";
  return Object.assign(new Error(message), { data: { code } });
}
