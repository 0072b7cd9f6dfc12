import type { Namespace } from "socket.io";
import { io, type Socket, WebSocket as WebSocketTransport } from "socket.io-client";
import { authorizeSocketServer } from "../src/server/authorizeSocketServer.ts";
import type { StoryWorld } from "./storyWorld.ts";

// Packets of Socket.IO on the namespace "/", as text: a digit, the number of an acknowledgement that is wanted, JSON.
const CONNECT = "0";
const DISCONNECT = "1";
const EVENT = "2";
const ACKNOWLEDGEMENT = "3";
const CONNECT_ERROR = "4";

type Middleware = (socket: PageSocket, next: (error?: Error & { data?: unknown }) => void) => void;

/** A connection as the server's side sees it: what `authorizeSocketServer` and the story ask of Socket.IO's own. */
export interface PageSocket {
  readonly id: string;
  readonly handshake: { readonly auth: unknown };
  readonly data: Record<string, unknown>;
  readonly disconnected: boolean;
  on(event: string, listener: Listener): void;
  once(event: string, listener: Listener): void;
  emit(event: string, ...values: unknown[]): void;
  disconnect(): void;
}
type Listener = (...values: never[]) => void;

export interface PageSockets {
  /** A client of the real socket.io-client, not yet connected. */
  createSocket(): Socket;
  onConnection(listener: (socket: PageSocket) => void): void;
  dispose(): void;
}

/**
 * Socket.IO without a network. Real: socket.io-client and its wire format, the tokens, and `authorizeSocketServer`, which lets
 * connections in and ends them. Made up, since Socket.IO's own server does not run in a page: the WebSocket, and the few lines
 * of a server that speak that format.
 */
export function createPageSockets(world: StoryWorld): PageSockets {
  const middlewares: Middleware[] = [];
  const listeners = new Set<(socket: PageSocket) => void>();
  const open = new Set<() => void>();
  const namespace = {
    use: (middleware: Middleware) => void middlewares.push(middleware),
    on: (_event: "connection", listener: (socket: PageSocket) => void) => void listeners.add(listener),
    off: (_event: "connection", listener: (socket: PageSocket) => void) => void listeners.delete(listener),
  };
  const stop = authorizeSocketServer(namespace as unknown as Namespace, world.server);

  function accept(handshake: unknown, send: (text: string) => void, close: () => void): (text: string) => void {
    const socket = createPageSocket(handshake, send, close);
    const admit = (index: number): void => {
      const middleware = middlewares[index];
      if (middleware !== undefined) {
        middleware(socket, (error) => {
          if (error === undefined) admit(index + 1);
          else send(`${CONNECT_ERROR}${JSON.stringify({ message: error.message, data: error.data })}`);
        });
        return;
      }
      send(`${CONNECT}${JSON.stringify({ sid: socket.id })}`);
      for (const listener of listeners) listener(socket);
    };
    admit(0);
    return socket.receive;
  }

  function openWebSocket(): PageWebSocket {
    let receive: ((text: string) => void) | undefined;
    let isOpen = true;
    const later = (work: () => void): void => void setTimeout(() => isOpen && work(), world.latencyMs / 2);
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      open.delete(close);
      receive?.(DISCONNECT);
      webSocket.onclose?.({ code: 1000 });
    };
    const send = (text: string): void => later(() => webSocket.onmessage?.({ data: `4${text}` }));
    const webSocket: PageWebSocket = {
      // "4" is Engine.IO's message; it alone matters where nothing is polled, upgraded or pinged.
      send: (data) =>
        later(() => {
          if (data[0] !== "4") return;
          const text = data.slice(1);
          if (text[0] === CONNECT) receive = accept(JSON.parse(text.slice(1) || "{}"), send, webSocket.close);
          else receive?.(text);
        }),
      close: () => later(close),
    };
    open.add(close);
    later(() => {
      webSocket.onopen?.();
      const greeting = {
        sid: crypto.randomUUID(),
        upgrades: [],
        pingInterval: 2 ** 30,
        pingTimeout: 0,
        maxPayload: 1e6,
      };
      webSocket.onmessage?.({ data: `0${JSON.stringify(greeting)}` });
    });
    return webSocket;
  }

  // A class, since Engine.IO makes its transports with `new`.
  class PageTransport extends WebSocketTransport {
    override createSocket(): PageWebSocket {
      return openWebSocket();
    }
  }

  return {
    createSocket: () => io("https://app.example", { autoConnect: false, forceNew: true, transports: [PageTransport] }),
    onConnection: (listener) => void listeners.add(listener),
    dispose: () => {
      stop();
      for (const close of open) close();
    },
  };
}

interface PageWebSocket {
  send(data: string): void;
  close(): void;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;
}

function createPageSocket(auth: unknown, send: (text: string) => void, close: () => void) {
  const listeners = new Map<string, Set<Listener>>();
  let disconnected = false;
  const tell = (event: string, values: unknown[]): void => {
    for (const listener of listeners.get(event) ?? []) (listener as (...given: unknown[]) => void)(...values);
  };
  const on = (event: string, listener: Listener): void => {
    listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
  };
  const end = (): void => {
    if (disconnected) return;
    disconnected = true;
    tell("disconnect", []);
  };
  return {
    id: crypto.randomUUID(),
    handshake: { auth },
    data: {},
    get disconnected() {
      return disconnected;
    },
    on,
    once: on,
    emit: (event: string, ...values: unknown[]) => {
      if (!disconnected) send(`${EVENT}${JSON.stringify([event, ...values])}`);
    },
    disconnect: () => {
      send(DISCONNECT);
      end();
      close();
    },
    receive: (text: string): void => {
      const [, type, number = "", json = ""] = /^(\d)(\d*)(.*)$/.exec(text) ?? [];
      if (type === DISCONNECT) return end();
      if (type !== EVENT || disconnected) return;
      const [event, ...values] = JSON.parse(json) as [string, ...unknown[]];
      const acknowledge = (...answers: unknown[]): void =>
        send(`${ACKNOWLEDGEMENT}${number}${JSON.stringify(answers)}`);
      tell(event, number === "" ? values : [...values, acknowledge]);
    },
  };
}
