import type { AuthClient } from "../core/authClient.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import type { Clock } from "../core/ports.ts";
import { createReconnectTimer } from "./reconnectTimer.ts";
import { assertClient } from "./requestPolicy.ts";
import { systemClock } from "./systemClock.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";

/** What {@link followIdentity} needs to know of a connection, and how it waits. */
export interface FollowIdentityOptions {
  /** Opens a connection with a token that is good now. A promise counts as open once it resolves; its rejection as a loss. */
  open(token: string, connection: Connection): unknown;
  /** Closes the connection: its person has left, its token is about to end, or nobody follows any more. */
  close(): unknown;
  /**
   * Hands a newer token to the open connection, which then lives on. Returning or resolving to `false`, or failing, means that
   * it did not take it: it is closed and opened anew. Default: every newer token opens it anew.
   */
  renew?: ((token: string, connection: Connection) => unknown) | undefined;
  /**
   * Told why there is no connection now: AuthError `unavailable`, what `open` failed with, or what was lost with an `error`.
   * Default: nobody is told.
   */
  onError?: ((error: unknown) => void) | undefined;
  /** For tests. Default: the machine's. */
  clock?: Pick<Clock, "monotonicNow" | "setTimer"> | undefined;
  /** For tests: a number from 0 to 1. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

const RULES: OptionRules<FollowIdentityOptions> = {
  open: true,
  close: true,
  renew: true,
  onError: true,
  clock: true,
  random: true,
};

/** One connection, from its opening to its end. */
export interface Connection {
  /** Whose connection it is. */
  readonly subject: string;
  /** Whether it is still this one: what comes in over a former one is nobody's business any more. */
  isCurrent(): boolean;
  /** Aborts when it is not current any more. */
  readonly signal: AbortSignal;
  /**
   * Says that it was lost: it is opened anew after a pause of 1 s doubling to 30 s, half of it at random. `isRefused: true`: the
   * server did not take the token, which is renewed first; once, until a connection has lasted.
   */
  lost(reason?: { isRefused?: boolean; error?: unknown }): void;
}

/**
 * Keeps one connection of any kind in line with who is signed in: WebSocket, graphql-ws, EventSource, SignalR and their like. It
 * opens with a good token at each sign-in, renews or reopens when the token is renewed, closes when its person leaves and opens as
 * the next one, and backs off when it is lost. While nobody is signed in it stays closed.
 *
 * @throws AuthError `invalidOptions`.
 * @returns its end: closes the connection and follows no more.
 *
 * @example
 * let socket: WebSocket | undefined;
 * const stop = followIdentity(auth, {
 *   open(token, connection) {
 *     socket = new WebSocket("wss://api.example/live", ["v1", `bearer.${token}`]);
 *     socket.onmessage = ({ data }) => connection.isCurrent() && show(data);
 *     socket.onclose = ({ code }) => connection.lost({ isRefused: code === 4401 });
 *   },
 *   close: () => socket?.close(),
 * });
 */
export function followIdentity(auth: AuthClient, options: FollowIdentityOptions): () => void {
  assertClient(auth, "followIdentity(auth, { open, close })");
  for (const name of ["open", "close"] as const)
    if (typeof options?.[name] !== "function")
      throw new AuthError(
        "invalidOptions",
        `followIdentity needs \`${name}\`, a function: followIdentity(auth, { open, close }).`,
      );
  checkOptions(options, RULES, "`followIdentity`");
  const clock = options.clock ?? systemClock;
  const retry = createReconnectTimer(clock, options.random ?? Math.random);
  // Whom a connection is wanted for, and the one that there is for them; whatever is not `current` any more is dropped.
  let subject: string | undefined;
  let current: OwnConnection | undefined;
  let token: string | undefined;
  // The token that a server refused, until a connection has lasted: one renewal for it, and no more.
  let rejectedToken: string | undefined;

  function closeCurrent(): void {
    const closing = current;
    current = undefined;
    retry.cancel();
    closing?.end();
  }

  function lose(connection: OwnConnection, isRefused: boolean, error: unknown): void {
    if (current !== connection) return;
    retry.disconnected();
    if (connection.hasLasted()) rejectedToken = undefined;
    closeCurrent();
    if (error !== undefined) options.onError?.(error);
    if (isRefused && rejectedToken === undefined) {
      rejectedToken = token;
      void open();
    } else retry.schedule(() => void open());
  }

  function createConnection(owner: string): OwnConnection {
    const controller = new AbortController();
    let openedAt: number | undefined;
    const connection: OwnConnection = {
      subject: owner,
      signal: controller.signal,
      isCurrent: () => current === connection,
      lost: ({ isRefused = false, error } = {}) => lose(connection, isRefused, error),
      isOpen: false,
      hasLasted: () => openedAt !== undefined && clock.monotonicNow() - openedAt > lastingMs,
      begin(given) {
        openedAt = clock.monotonicNow();
        return options.open(given, connection);
      },
      end() {
        controller.abort();
        if (openedAt !== undefined) options.close();
      },
    };
    return connection;
  }

  async function open(): Promise<void> {
    if (subject === undefined || current) return;
    const connection = createConnection(subject);
    current = connection;
    try {
      const given = await auth.getAccessToken({ subject, rejectedToken });
      if (current !== connection) return;
      token = given;
      await connection.begin(given);
      if (current !== connection) return;
      connection.isOpen = true;
      retry.connected();
      onToken();
    } catch (error) {
      if (current !== connection) return;
      if (!isAuthError(error, "disposed")) return lose(connection, false, error);
      closeCurrent();
      options.onError?.(error);
    }
  }

  /** Hands a renewed token to the connection that there is, or tries at once where one waits to be opened. */
  function onToken(): void {
    follow();
    const next = auth.accessToken.getState();
    if (!next || next === token) return;
    if (current?.isOpen) {
      token = next;
      void renew(current, next);
    } else if (retry.isPending()) {
      retry.cancel();
      void open();
    }
  }

  async function renew(connection: OwnConnection, next: string): Promise<void> {
    const { renew: take = () => false } = options;
    const isTaken = await new Promise((resolve) => resolve(take(next, connection))).catch(() => false);
    if (isTaken !== false || current !== connection) return;
    closeCurrent();
    void open();
  }

  /** Brings the connection in line with who is signed in. */
  function follow(): void {
    const state = auth.getState();
    // Who it is is being asked; nobody has left.
    if (state.status === "loading") return;
    const next = state.status === "authenticated" ? state.identity.subject : undefined;
    if (next === subject) return;
    subject = next;
    token = undefined;
    rejectedToken = undefined;
    retry.reset();
    closeCurrent();
    void open();
  }

  const unsubscribe = [auth.subscribe(follow), auth.accessToken.subscribe(onToken)];
  follow();
  return () => {
    for (const stop of unsubscribe) stop();
    subject = undefined;
    closeCurrent();
  };
}

const lastingMs = 30_000;

interface OwnConnection extends Connection {
  /** Whether `open` is through with it. */
  isOpen: boolean;
  /** Whether it was open for so long that its loss has nothing to do with its token. */
  hasLasted(): boolean;
  begin(token: string): unknown;
  end(): void;
}
