import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions, type Socket } from "socket.io";
import { io, type ManagerOptions, type Socket as ClientSocket, type SocketOptions } from "socket.io-client";

export interface SocketServer {
  readonly io: Server;
  readonly url: string;
  /** The token of every handshake, in order, with what came of it. */
  readonly handshakes: { token: unknown; auth: Record<string, unknown>; accepted: boolean }[];
  readonly refused: Set<unknown>;
  /** What arrived as `say`, with the token of the connection that it came over. */
  readonly said: { token: unknown; what: unknown }[];
  /** A client that does not connect by itself. */
  client(options?: Partial<ManagerOptions & SocketOptions>, namespace?: string): ClientSocket;
  handshaken(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The real Socket.IO server on a free port, with a middleware of its own that takes every token but the refused ones. */
export async function startSocketServer(
  options: Partial<ServerOptions> = {},
  namespaces = ["/"],
): Promise<SocketServer> {
  const http = createServer();
  const server = new Server(http, options);
  const clients: ClientSocket[] = [];
  const waiters = new Set<() => void>();
  const handshakes: SocketServer["handshakes"] = [];
  const refused = new Set<unknown>();
  const said: SocketServer["said"] = [];
  for (const namespace of namespaces) {
    server.of(namespace).use((socket, next) => {
      const { auth } = socket.handshake;
      const accepted = typeof auth.token === "string" && !refused.has(auth.token);
      handshakes.push({ token: auth.token, auth, accepted });
      next(accepted ? undefined : Object.assign(new Error("not authorized"), { data: { code: "TOKEN_INVALID" } }));
      for (const waiter of waiters) waiter();
    });
    server.of(namespace).on("connection", (socket: Socket) => {
      socket.on("say", (what: unknown, acknowledge?: (answer: string) => void) => {
        said.push({ token: socket.handshake.auth.token, what });
        acknowledge?.("heard");
      });
    });
  }
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    io: server,
    url,
    handshakes,
    refused,
    said,
    client(clientOptions = {}, namespace = "/") {
      const client = io(url + namespace, {
        autoConnect: false,
        forceNew: true,
        transports: ["websocket"],
        reconnectionDelay: 1,
        ...clientOptions,
      });
      clients.push(client);
      return client;
    },
    handshaken: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (handshakes.length < count) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
    async close() {
      for (const client of clients) client.io._close();
      await server.close();
    },
  };
}

/** The next time that `event` happens. */
export function next<T = unknown>(
  emitter: { once(event: string, listener: (detail: T) => void): unknown },
  event: string,
): Promise<T> {
  return new Promise((resolve) => emitter.once(event, resolve));
}
