import { createRequire } from "node:module";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { EventSource } from "eventsource";
import { createClient } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { type Connection, followIdentity } from "../../src/adapters/followIdentity.ts";
import { createTestAuthClient, type TestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { createManualClock } from "./support/manualClock.ts";

// The very copy that graphql-ws has: Vite would take the other of its two builds.
const { GraphQLObjectType, GraphQLSchema, GraphQLString } = createRequire(import.meta.url)(
  "graphql",
) as typeof import("graphql");

let http: Server;
let origin: string;
let auth: TestAuthClient;
let clock: ReturnType<typeof createManualClock>;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  http = createServer();
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  auth = createTestAuthClient({ identity: { subject: "ada" } });
  clock = createManualClock();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  http.closeAllConnections();
  await new Promise((done) => http.close(done));
});

/** A log that can be waited on. */
function createLog<T>() {
  const entries: T[] = [];
  let look = () => {};
  return {
    entries,
    add: (entry: T) => {
      entries.push(entry);
      look();
    },
    reached: (count: number) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (entries.length >= count) resolve();
        };
        look();
      }),
  };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
const until = async (isSo: () => boolean) => {
  while (!isSo()) await turn();
};
const follow = (options: Omit<Parameters<typeof followIdentity>[1], "clock" | "random">) => {
  const stop = followIdentity(auth, { ...options, clock, random: () => 0 });
  cleanups.push(stop);
  return stop;
};

// Q10 https://github.com/enisdenjo/graphql-ws/issues/482
describe("a WebSocket", () => {
  let server: WebSocketServer;
  let tokens: string[];
  let sockets: WebSocket[];
  let isRefusing: (token: string) => boolean;
  beforeEach(() => {
    [tokens, sockets, isRefusing] = [[], [], () => false];
    server = new WebSocketServer({ server: http, handleProtocols: () => "v1" });
    server.on("connection", (socket, request) => {
      const token = String(request.headers["sec-websocket-protocol"]).split("bearer.")[1] ?? "";
      tokens.push(token);
      sockets.push(socket as WebSocket);
      if (isRefusing(token)) return socket.close(4401);
      socket.send(`for ${token}`);
      socket.on("message", (data) => void tokens.push(`renewed ${(data as Buffer).toString()}`));
    });
    cleanups.push(() => server.close());
  });

  function followWith(renew?: boolean) {
    const log = createLog<string>();
    let socket: WebSocket | undefined;
    const stop = follow({
      open(token, connection) {
        const opened = (socket = new WebSocket(origin.replace("http", "ws"), ["v1", `bearer.${token}`]));
        opened.onmessage = ({ data }) => connection.isCurrent() && log.add(data as string);
        opened.onerror = () => {};
        opened.onclose = ({ code }) => connection.lost({ isRefused: code === 4401 });
      },
      close: () => socket?.close(),
      ...(renew ? { renew: (token: string) => socket?.send(token) } : {}),
    });
    return { log, stop, socket: () => socket };
  }
  const token = () => auth.accessToken.getState() ?? "";

  it("opens with a good token, closes at the sign-out, and opens as the next one", async () => {
    const { log } = followWith();
    await log.reached(1);
    const [adas] = sockets;
    await auth.signOut();
    await until(() => adas?.readyState === WebSocket.CLOSED);
    expect(tokens).toHaveLength(1);
    auth.become({ subject: "bob" });
    await log.reached(2);
    expect(tokens[1]).toBe(token());
    expect(clock.timerCount()).toBe(0);
  });

  it("delivers nothing of a former person's, however late it comes in", async () => {
    const { log } = followWith();
    await log.reached(1);
    const [adas] = sockets;
    auth.become({ subject: "bob" });
    adas?.send("ada's secret");
    await log.reached(2);
    await until(() => adas?.readyState === WebSocket.CLOSED);
    expect(log.entries).toEqual([expect.any(String), `for ${token()}`]);
  });

  it("is renewed in place where it can be, else opened anew", async () => {
    const inPlace = followWith(true);
    await inPlace.log.reached(1);
    auth.renewAccessToken();
    await until(() => tokens.length === 2);
    expect(tokens[1]).toBe(`renewed ${token()}`);
    inPlace.stop();
    const anew = followWith();
    await anew.log.reached(1);
    auth.renewAccessToken();
    await anew.log.reached(2);
    expect(tokens.at(-1)).toBe(token());
  });

  it("that is refused is opened once more at once with a renewed token, then after ever longer pauses", async () => {
    isRefusing = () => true;
    const { log } = followWith();
    await until(() => tokens.length === 2);
    expect(tokens[1]).not.toBe(tokens[0]);
    const pauses: number[] = [];
    for (let count = 3; count <= 5; count += 1) {
      await until(() => clock.timerCount() > 0);
      pauses.push(clock.fireNext() ?? 0);
      await until(() => tokens.length === count);
    }
    expect(pauses).toEqual([500, 1_500, 3_500]);
    expect(new Set(tokens.slice(1))).toEqual(new Set([token()]));
    isRefusing = () => false;
    await until(() => clock.timerCount() > 0);
    clock.fireNext();
    await log.reached(1);
  });

  it("stays closed while nobody is signed in, and after its end", async () => {
    await auth.signOut();
    const { stop, log } = followWith();
    await turn();
    expect(tokens).toEqual([]);
    auth.become({ subject: "ada" });
    await log.reached(1);
    stop();
    await until(() => sockets[0]?.readyState === WebSocket.CLOSED);
    auth.become({ subject: "bob" });
    await turn();
    expect(tokens).toHaveLength(1);
  });

  it("whose opening fails, or whose token cannot be had, tells why and tries again", async () => {
    const told = createLog<unknown>();
    let isFailing = true;
    const opened = createLog<Connection>();
    follow({
      open: async (_, connection) => {
        if (isFailing) throw new Error("no way");
        opened.add(connection);
      },
      close: () => {},
      onError: told.add,
    });
    await told.reached(1);
    isFailing = false;
    await until(() => clock.timerCount() > 0);
    clock.fireNext();
    await opened.reached(1);
    expect(told.entries).toMatchObject([{ message: "no way" }]);
    expect(opened.entries[0]?.subject).toBe("ada");
    await auth.signOut();
    expect([opened.entries[0]?.signal.aborted, opened.entries[0]?.isCurrent()]).toEqual([true, false]);
  });
});

// Q10 https://github.com/enisdenjo/graphql-ws/issues/482
it("graphql-ws: subscriptions are those of whoever is signed in", async () => {
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: { me: { type: GraphQLString } } }),
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: {
        me: {
          type: GraphQLString,
          subscribe: async function* (_source, _values, context: { token: string }) {
            yield { me: context.token };
            await new Promise(() => {});
          },
        },
      },
    }),
  });
  const server = new WebSocketServer({ server: http });
  const context = ({ connectionParams }: { connectionParams?: Record<string, unknown> }) => ({
    token: connectionParams?.["token"],
  });
  const served = useServer({ schema, context: context as never }, server);
  cleanups.push(() => served.dispose());
  const log = createLog<string>();
  let client: ReturnType<typeof createClient> | undefined;
  follow({
    open(token, connection) {
      client = createClient({
        url: origin.replace("http", "ws"),
        connectionParams: { token },
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        on: { closed: (event) => connection.lost({ isRefused: (event as { code: number }).code === 4403 }) },
      });
      client.subscribe<{ me: string }>(
        { query: "subscription { me }" },
        {
          next: ({ data }) => connection.isCurrent() && log.add(String(data?.me)),
          error: () => {},
          complete: () => {},
        },
      );
    },
    close: () => void client?.dispose(),
  });
  await log.reached(1);
  const adas = auth.accessToken.getState();
  auth.become({ subject: "bob" });
  await log.reached(2);
  expect(log.entries).toEqual([adas, auth.accessToken.getState()]);
});

describe("event streams", () => {
  let streams: { token: string | null; response: ServerResponse }[];
  beforeEach(() => {
    streams = [];
    http.on("request", (request, response) => {
      const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
      streams.push({ token, response });
      response.writeHead(200, { "content-type": "text/event-stream" }).write(`data: for ${token}\n\n`);
    });
  });

  it("eventsource: each person has their own, with the token of the moment at every reconnection", async () => {
    const log = createLog<string>();
    let source: EventSource | undefined;
    follow({
      open(_, connection) {
        source = new EventSource(`${origin}/events`, {
          fetch: authorizeFetch(auth, { allowedOrigins: [origin] }) as never,
        });
        source.onmessage = ({ data }) => connection.isCurrent() && log.add(String(data));
      },
      close: () => source?.close(),
      renew: () => true,
    });
    await log.reached(1);
    const adas = auth.accessToken.getState();
    auth.become({ subject: "bob" });
    streams[0]?.response.write("data: ada's secret\n\n");
    await log.reached(2);
    expect(log.entries).toEqual([`for ${adas}`, `for ${auth.accessToken.getState()}`]);
    expect(streams).toHaveLength(2);
  });

  it("fetch-event-source: likewise, ended by the connection's signal", async () => {
    const log = createLog<string>();
    const page = { addEventListener: () => {}, removeEventListener: () => {}, hidden: false };
    Object.assign(globalThis, { document: page, window: globalThis });
    cleanups.push(() => {
      for (const name of ["document", "window"]) Reflect.deleteProperty(globalThis, name);
    });
    follow({
      open(_, connection) {
        const reading = fetchEventSource(`${origin}/events`, {
          fetch: authorizeFetch(auth, { allowedOrigins: [origin] }) as typeof fetch,
          signal: connection.signal,
          openWhenHidden: true,
          onmessage: ({ data }) => connection.isCurrent() && log.add(data),
          onerror(error) {
            throw error;
          },
        });
        reading.then(
          () => connection.lost(),
          (error: unknown) => connection.lost({ error }),
        );
      },
      close: () => {},
      renew: () => true,
    });
    await log.reached(1);
    const adas = auth.accessToken.getState();
    auth.become({ subject: "bob" });
    await log.reached(2);
    expect(log.entries).toEqual([`for ${adas}`, `for ${auth.accessToken.getState()}`]);
  });
});

// N06
it.each([
  [() => followIdentity(undefined as never, { open() {}, close() {} }), /followIdentity\(auth, \{ open, close \}\)/],
  [() => followIdentity(createTestAuthClient(), { open() {} } as never), /`close`/],
  [() => followIdentity(createTestAuthClient(), undefined as never), /`open`/],
])("wrong arguments are told at once", (work, message) => {
  expect(work).toThrow(expect.objectContaining({ code: "invalidOptions", message: expect.stringMatching(message) }));
});
