import type { Socket } from "socket.io-client";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import type { AuthState } from "../core/authState.ts";
import type { Clock } from "../core/ports.ts";
import { dropBuffered } from "./dropBuffered.ts";
import { createReconnectTimer } from "./reconnectTimer.ts";
import { createSocketRenewal } from "./socketRenewal.ts";

/** How an attachment waits. */
export interface SocketTiming {
  readonly clock: Pick<Clock, "monotonicNow" | "setTimer">;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** How long the server may take to acknowledge `auth:renew`. */
  readonly renewTimeoutMs: number;
}

/** What a socket keeps from one attachment to the next, which may be another evaluation's of this module. */
interface Memory {
  /** Whether the application wants it open, also while there is nobody to open it as. */
  wanted: boolean;
  /** Whose connection and buffers these are; they outlive an expiry, in case the same subject comes back. */
  owner?: string | undefined;
}

const memoryKey = Symbol.for("stay-signed-in:socket");

/** Has a socket follow who is signed in. Returns its detachment: `isReplaced` when another attachment takes its place. */
export function attachSocket(
  socket: Socket,
  auth: AuthClient,
  { clock, random, renewTimeoutMs }: SocketTiming,
): (isReplaced: boolean) => void {
  const retry = createReconnectTimer(clock, random);
  const { auth: ownAuth } = socket;
  const connect = socket.connect.bind(socket);
  const disconnect = socket.disconnect.bind(socket);
  const memory = memoryOf(socket);
  const isCookie = auth.internals.tokens === "cookie";
  memory.wanted ||= socket.active;
  // Whom the socket is open or opening as.
  let current: string | undefined;
  // The state that the socket is in line with.
  let followed: AuthState | undefined;
  // Numbers what is under way; whatever is not the latest any more is dropped.
  let attempt = 0;
  // The token of the latest attempt of ours; undefined as long as there was none.
  let sentToken: string | undefined;
  // The transport on which an attempt of ours is unanswered.
  let unansweredOn: unknown;
  let renewedAfterRefusal = false;

  const renewal = createSocketRenewal(socket, clock, renewTimeoutMs, {
    onAccepted: (token) => {
      sentToken = token;
    },
    onRefused: () => {
      close();
      open();
    },
  });

  const open = () => {
    if (!memory.wanted || current === undefined || socket.active) return;
    if (isCookie) void connectWithCookie();
    else connect();
  };
  const close = () => {
    attempt++;
    retry.cancel();
    renewal.cancel();
    const { engine } = socket.io;
    disconnect();
    // An answer that is still to come would pass for that of the next attempt, and open the socket as somebody else. Only a
    // transport that other sockets share is still there.
    // A cookie is the transport's own: another person's needs another one.
    if (isCookie || (unansweredOn && unansweredOn === engine)) engine?.close();
    unansweredOn = undefined;
  };
  const tell = (error: Error) => {
    // Later: who has just called `connect()` may not listen yet.
    queueMicrotask(() => {
      const listeners = socket.listeners("connect_error").filter((listener) => listener !== onConnectError);
      for (const listener of listeners) listener.call(socket, error);
    });
  };
  const tellIfEnded = () => {
    const state = auth.getState();
    if (!memory.wanted || state.status !== "unauthenticated") return;
    if (state.reason !== "expired" && state.reason !== "revoked") return;
    tell(new AuthError("sessionEnded"));
  };
  const drop = () => {
    dropBuffered(socket, new AuthError("identityChanged"));
  };

  /** Brings the socket in line with who is signed in. */
  const follow = () => {
    const state = auth.getState();
    memory.wanted ||= socket.active;
    if (state.status !== "authenticated") {
      if (state === followed) return;
      followed = state;
      current = undefined;
      close();
      if (state.status === "unauthenticated" && state.reason !== "expired" && memory.owner !== undefined) drop();
      return tellIfEnded();
    }
    followed = state;
    const { subject } = state.identity;
    if (subject === current) return;
    const isOther = memory.owner !== undefined && memory.owner !== subject;
    if (isOther || socket.connected) close();
    if (isOther) drop();
    current = memory.owner = subject;
    renewedAfterRefusal = false;
    retry.reset();
    open();
  };

  const failed = (error: unknown) => {
    close();
    follow();
    if (current === undefined || socket.active) return;
    if (error instanceof Error && !isAuthError(error, "identityChanged")) tell(error);
    if (!isAuthError(error, "disposed")) retry.schedule(open);
  };

  /** The browser sends the cookie when the transport opens, so it has to be good before. */
  const connectWithCookie = async () => {
    const mine = ++attempt;
    try {
      const token = await auth.getAccessToken({ subject: current });
      if (mine !== attempt || socket.active) return;
      sentToken = token;
      connect();
    } catch (error) {
      if (mine === attempt) failed(error);
    }
  };

  /** What Socket.IO asks for at each connection attempt, once the transport is open. Never answering leaves it hanging. */
  const authenticate = async (send: (data: object) => void) => {
    const mine = ++attempt;
    const { engine } = socket.io;
    if (current === undefined) return close();
    const openedWith = auth.accessToken.getState();
    try {
      const [token, data] = await Promise.all([
        auth.getAccessToken({ subject: current }),
        typeof ownAuth === "function" ? new Promise<object>((resolve) => ownAuth(resolve)) : ownAuth,
      ]);
      // Another transport has its own attempt: answering for this one too would connect the namespace twice.
      if (mine !== attempt || engine !== socket.io.engine) return;
      sentToken = token;
      if (isCookie && token !== openedWith) {
        // Socket.IO opened it by itself, with a cookie that was about to end.
        close();
        return open();
      }
      unansweredOn = engine;
      send(isCookie ? data : { ...data, token });
    } catch (error) {
      if (mine === attempt) failed(error);
    }
  };

  /** One renewal for a refusal, then none before a connection has succeeded: a refusal may have nothing to do with the token. */
  const renewAfterRefusal = async () => {
    const mine = ++attempt;
    const rejectedToken = sentToken ?? auth.accessToken.getState() ?? undefined;
    renewedAfterRefusal = true;
    try {
      const token = await auth.getAccessToken({ subject: current, rejectedToken });
      if (mine !== attempt) return;
      if (token === rejectedToken) retry.schedule(open);
      else open();
    } catch (error) {
      if (mine === attempt) failed(error);
    }
  };
  const onConnectError = (error: Error & { description?: unknown; data?: { code?: unknown } }) => {
    if (!socket.active) unansweredOn = undefined;
    if (!memory.wanted) return;
    // An attempt from before we were attached, on a transport that was open already.
    if (!socket.active && sentToken === undefined) return open();
    // Still active: the transport failed, and Socket.IO tries again by itself. A 401 from the engine may be about our token.
    const isRefusal = !socket.active || error.description === 401;
    // Our own server says so when it cannot tell; any other refusal may be about the token, whatever it says.
    if (isRefusal && !renewedAfterRefusal && error.data?.code !== "UNAVAILABLE") void renewAfterRefusal();
    else if (!socket.active) retry.schedule(open);
  };
  const onConnect = () => {
    unansweredOn = undefined;
    if (sentToken === undefined) {
      // Connected by an attempt from before we were attached, as nobody.
      close();
      return open();
    }
    renewedAfterRefusal = false;
    retry.connected();
    onToken();
  };
  const onDisconnect = (reason: string) => {
    renewal.cancel();
    retry.disconnected();
    if (memory.wanted && reason === "io server disconnect") retry.schedule(open);
  };

  const onToken = () => {
    follow();
    const token = auth.accessToken.getState();
    if (!token || token === sentToken) return;
    if (socket.connected && isCookie) return;
    if (socket.connected) renewal.send(token);
    else if (retry.isPending()) {
      retry.cancel();
      open();
    }
  };
  socket.auth = (send) => void authenticate(send);
  socket.connect = () => {
    memory.wanted = true;
    if (current === undefined) tellIfEnded();
    else if (isCookie) open();
    else connect();
    return socket;
  };
  socket.disconnect = () => {
    memory.wanted = false;
    close();
    return socket;
  };
  socket.on("connect", onConnect).on("disconnect", onDisconnect).on("connect_error", onConnectError);
  const unsubscribe = [auth.subscribe(follow), auth.accessToken.subscribe(onToken)];
  follow();

  return (isReplaced) => {
    memory.wanted &&= isReplaced;
    attempt++;
    retry.cancel();
    renewal.cancel();
    for (const stop of unsubscribe) stop();
    socket.off("connect", onConnect).off("disconnect", onDisconnect).off("connect_error", onConnectError);
    Object.assign(socket, { auth: ownAuth, connect, disconnect });
  };
}

function memoryOf(socket: object): Memory {
  const holder = socket as { [memoryKey]?: Memory };
  if (!holder[memoryKey]) Object.defineProperty(holder, memoryKey, { value: { wanted: false } });
  return holder[memoryKey] as Memory;
}
