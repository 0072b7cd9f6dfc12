import type { Socket } from "socket.io-client";
import { Manager } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorizeSocket } from "../../src/adapters/authorizeSocket.ts";
import { deferred } from "./support/deferred.ts";
import { createManualClock } from "./support/manualClock.ts";
import { next, type SocketServer, startSocketServer } from "./support/socketServer.ts";
import { type Session, startSession } from "./support/startSession.ts";

let server: SocketServer;
let session: Session;
let clock: ReturnType<typeof createManualClock>;

beforeEach(async () => {
  server = await startSocketServer();
  session = await startSession();
  clock = createManualClock();
});
afterEach(async () => {
  await session.stop();
  await server.close();
});

const attach = (socket: Socket, random = () => 0) => {
  const { uri } = socket.io as unknown as { uri: string };
  return authorizeSocket(socket, session.auth, { clock, random, allowedOrigins: [uri] });
};
const token = () => session.auth.getAccessToken();
const tokens = () => server.handshakes.map((handshake) => handshake.token);

async function connected(socket: Socket): Promise<Socket> {
  attach(socket);
  socket.connect();
  await next(socket, "connect");
  return socket;
}

describe("connecting", () => {
  it("sends a good token, beside what auth held before", async () => {
    const fixed = await connected(server.client({ auth: { tenant: 7 } }));
    const asked = await connected(server.client({ auth: (send: (data: object) => void) => send({ tenant: 8 }) }));
    expect(server.handshakes.map(({ auth }) => auth)).toEqual([
      { tenant: 7, token: await token() },
      { tenant: 8, token: await token() },
    ]);
    expect([fixed.connected, asked.connected]).toEqual([true, true]);
  });

  // B072 https://github.com/tinyhumansai/openhuman/issues/2892
  it("again after the transport dropped asks for the token anew", async () => {
    const socket = await connected(server.client());
    const old = await token();
    server.io.engine.on("connection", () => {});
    const reconnected = new Promise<void>((resolve) => socket.io.once("reconnect", () => resolve()));
    server.refused.add(old);
    const opened = next(socket, "connect");
    socket.io.engine.close();
    await session.auth.getAccessToken({ rejectedToken: old });
    await opened;
    await reconnected;
    expect(
      tokens()
        .slice(1)
        .filter((sent) => sent === old).length,
    ).toBeLessThanOrEqual(1);
    expect(tokens().at(-1)).toBe(await token());
  });

  // B073 https://github.com/auth0-community/auth0-socketio-jwt/issues/33 · B185 https://github.com/socketio/socket.io/issues/5182
  it("and being refused: one refresh, one more attempt at once, then ever longer pauses, each refusal told", async () => {
    server.io.use((_, done) => done(new Error("never")));
    const socket = server.client();
    const told: unknown[] = [];
    socket.on("connect_error", (error) => told.push(error.message));
    attach(socket);
    socket.connect();
    await server.handshaken(2);
    expect(session.refreshCount()).toBe(1);
    const [first, second] = tokens();
    expect(second).not.toBe(first);
    expect(second).toBe(await token());
    const attempts: number[] = [];
    for (let n = 3; n <= 10; n++) {
      while (clock.timerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      attempts.push(clock.fireNext() ?? 0);
      await server.handshaken(n);
    }
    expect(attempts).toEqual([500, 1_500, 3_500, 7_500, 15_500, 30_500, 45_500, 60_500]);
    expect(session.refreshCount()).toBe(1);
    expect(told.length).toBeGreaterThanOrEqual(9);
    expect(new Set(told)).toEqual(new Set(["never"]));
    expect(session.auth.getState().status).toBe("authenticated");
  });

  // B185 https://github.com/socketio/socket.io/issues/5182
  it("and being refused by the engine with 401: one refresh, however often Socket.IO tries", async () => {
    let isOpen = false;
    let knocks = 0;
    const knocked = new Promise<void>((resolve) => {
      server.io.engine.use(
        (_request: unknown, response: { writeHead(status: number): { end(): void } }, done: () => void) => {
          if (++knocks === 5) resolve();
          if (isOpen) done();
          else response.writeHead(401).end();
        },
      );
    });
    const socket = server.client({ transports: ["polling"], reconnectionDelayMax: 2 });
    attach(socket);
    socket.connect();
    await knocked;
    expect(session.refreshCount()).toBe(1);
    isOpen = true;
    await next(socket, "connect");
    expect(tokens()).toEqual([await token()]);
  });

  it("and being refused because the server cannot tell now: another attempt, no refresh", async () => {
    let isDown = true;
    server.io.use((_, done) =>
      done(isDown ? Object.assign(new Error("later"), { data: { code: "UNAVAILABLE" } }) : undefined),
    );
    const socket = server.client();
    const refused = next(socket, "connect_error");
    attach(socket);
    socket.connect();
    await refused;
    isDown = false;
    expect(clock.fireNext()).toBe(500);
    await next(socket, "connect");
    expect(session.refreshCount()).toBe(0);
  });

  it("over a transport that is lost while the token is awaited does not connect the namespace twice", async () => {
    const gates = [deferred<string>(), deferred<string>()];
    const asked = [deferred<void>(), deferred<void>()];
    let count = 0;
    const socket = server.client();
    const getAccessToken = () => (asked[count]?.resolve(), gates[count++]?.promise ?? token());
    authorizeSocket(socket, { ...session.auth, getAccessToken }, { allowedOrigins: [server.url] });
    socket.connect();
    await asked[0]?.promise;
    socket.io.engine.close();
    await asked[1]?.promise;
    gates[0]?.resolve("of the lost transport");
    gates[1]?.resolve("of the present one");
    await next(socket, "connect");
    await socket.emitWithAck("say", "once");
    expect(tokens()).toEqual(["of the present one"]);
  });

  // B186 https://github.com/semaphore-chat/semaphore-chat/pull/258
  it("to a server that disconnects at once does not become a tight loop", async () => {
    server.io.on("connection", (socket) => socket.disconnect());
    const socket = server.client();
    attach(socket);
    let gone = next(socket, "disconnect");
    socket.connect();
    let connects = 0;
    for (;;) {
      expect(await gone).toBe("io server disconnect");
      connects++;
      gone = next(socket, "disconnect");
      if ((clock.fireNext() ?? 0) > 60_000) break;
    }
    expect(connects).toBeLessThanOrEqual(8);
    expect(session.refreshCount()).toBe(0);
    await gone;
  });

  it("anew after a long good connection starts with a short pause again", async () => {
    const socket = await connected(server.client());
    for (const expected of [500, 1_000, 2_000]) {
      const gone = next(socket, "disconnect");
      server.io.disconnectSockets();
      await gone;
      const before = clock.monotonicNow();
      const opened = next(socket, "connect");
      expect((clock.fireNext() ?? 0) - before).toBe(expected);
      await opened;
    }
    clock.pass(31_000);
    const gone = next(socket, "disconnect");
    server.io.disconnectSockets();
    await gone;
    const before = clock.monotonicNow();
    expect((clock.fireNext() ?? 0) - before).toBe(500);
    await next(socket, "connect");
  });

  // B208 https://github.com/get-convex/convex-auth/issues/363
  it("goes on after a refresh that failed in an outage", async () => {
    server.refused.add(await token());
    session.failRefresh("outage");
    const socket = server.client();
    const told: unknown[] = [];
    const outage = new Promise<void>((resolve) => {
      socket.on("connect_error", (error) => {
        told.push((error as { code?: string }).code ?? error.message);
        if (told.length === 2) resolve();
      });
    });
    attach(socket);
    socket.connect();
    await outage;
    expect(told).toEqual(["not authorized", "unavailable"]);
    session.failRefresh(null);
    await session.auth.getAccessToken({ rejectedToken: await token() });
    await next(socket, "connect");
    expect(tokens().at(-1)).toBe(await token());
  });
});

describe("attaching", () => {
  // B188 https://github.com/anurag3407/career-pilot/pull/3508
  it("three times is attaching once: one connection, one set of listeners", async () => {
    const socket = server.client();
    const detachments = [attach(socket), attach(socket), attach(socket)];
    socket.connect();
    await next(socket, "connect");
    expect(server.handshakes).toHaveLength(1);
    expect(socket.listeners("connect_error")).toHaveLength(1);
    for (const detach of detachments) detach();
    expect(socket.listeners("connect_error")).toHaveLength(0);
    expect(Object.hasOwn(socket, "auth") && typeof socket.auth === "function").toBe(false);
    expect(socket.connected).toBe(true);
  });

  // B189 https://github.com/auth0-community/auth0-socketio-jwt/issues/68
  it("outlasts reconnects without piling up listeners", async () => {
    const socket = await connected(server.client());
    const count = () => ["connect", "disconnect", "connect_error"].map((event) => socket.listeners(event).length);
    const before = count();
    for (let n = 0; n < 5; n++) {
      const opened = next(socket, "connect");
      socket.io.engine.close();
      await opened;
    }
    expect(count()).toEqual(before);
    expect(server.handshakes).toHaveLength(6);
  });

  it("to a socket that is connected as nobody connects it anew", async () => {
    const anonymous = await startSocketServer({}, []);
    anonymous.io.on("connection", () => {});
    const socket = anonymous.client();
    socket.connect();
    await next(socket, "connect");
    attach(socket);
    expect(socket.connected).toBe(false);
    const connection = next<{ handshake: { auth: unknown } }>(anonymous.io, "connection");
    expect((await connection).handshake.auth).toEqual({ token: await token() });
    await anonymous.close();
  });

  it("to a namespace of a manager that is open already needs no refresh", async () => {
    await server.close();
    server = await startSocketServer({}, ["/", "/chat"]);
    const manager = new Manager(server.url, { transports: ["websocket"] });
    const first = manager.socket("/");
    attach(first);
    await next(first, "connect");
    const second = manager.socket("/chat");
    attach(second);
    await next(second, "connect");
    expect(tokens()).toEqual([await token(), undefined, await token()]);
    expect(session.refreshCount()).toBe(0);
    manager._close();
  });

  it("to one that is about to connect as nobody, where the server lets nobody in, connects it anew", async () => {
    const open = await startSocketServer({}, []);
    const connections: unknown[] = [];
    open.io.of("/chat").on("connection", (socket) => connections.push(socket.handshake.auth.token));
    const manager = new Manager(open.url, { transports: ["websocket"] });
    const first = manager.socket("/");
    await next(first, "connect");
    const second = manager.socket("/chat");
    attach(second);
    await next(second, "connect");
    if (connections.length < 2) await next(second, "connect");
    expect(connections).toEqual([undefined, await token()]);
    manager._close();
    await open.close();
  });
});

describe("while nobody is signed in", () => {
  it("the socket stays closed, whoever calls connect, and opens at the sign-in", async () => {
    await session.auth.signOut();
    const socket = server.client();
    attach(socket);
    socket.connect();
    expect(socket.active).toBe(false);
    const opened = next(socket, "connect");
    await session.signInAs("ada");
    await opened;
    expect(tokens()).toEqual([await token()]);
  });

  it("it stays closed after the sign-in, too, when the app has closed it meanwhile", async () => {
    const socket = await connected(server.client());
    await session.auth.signOut();
    socket.disconnect();
    await session.signInAs("ada");
    expect(socket.active).toBe(false);
  });

  it("it waits for a session that is being restored", async () => {
    await session.stop();
    session = await startSession({ isLoading: true });
    const socket = server.client({ autoConnect: true });
    attach(socket);
    const opened = next(socket, "connect");
    socket.emit("say", "early");
    await session.signInAs("ada");
    await opened;
    await socket.emitWithAck("say", "now");
    expect(server.said.map(({ what }) => what)).toEqual(["early", "now"]);
  });
});

describe("sign-out", () => {
  it("disconnects and forgets what was buffered; who waits for it is told", async () => {
    const socket = await connected(server.client());
    const gone = next(socket, "disconnect");
    await session.auth.signOut();
    expect(await gone).toBe("io client disconnect");
    socket.emit("say", "plain");
    const awaited = socket.emitWithAck("say", "awaited");
    await session.signInAs("bob");
    await expect(awaited).rejects.toMatchObject({ name: "AuthError", code: "identityChanged" });
    await next(socket, "connect");
    await socket.emitWithAck("say", "as bob");
    expect(server.said).toEqual([{ token: await token(), what: "as bob" }]);
  });

  it("forgets what waits in the queue of the option retries", async () => {
    const socket = await connected(server.client({ retries: 2, ackTimeout: 10_000 }));
    const { engine } = socket.io;
    socket.io.reconnection(false);
    const gone = next(socket, "disconnect");
    engine.close();
    await gone;
    const awaited = [socket.emitWithAck("say", "one"), socket.emitWithAck("say", "two")];
    const outcome = Promise.allSettled(awaited);
    await session.signInAs("bob");
    for (const result of await outcome)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "identityChanged" } });
    await next(socket, "connect");
    await socket.emitWithAck("say", "as bob");
    expect(server.said.map(({ what }) => what)).toEqual(["as bob"]);
  });
});

describe("a change of identity", () => {
  it("connects anew as the new one, and sends nothing of the former's", async () => {
    const socket = await connected(server.client({ reconnection: false }));
    const first = await token();
    const gone = next(socket, "disconnect");
    socket.io.engine.close();
    await gone;
    socket.emit("say", "as ada");
    const opened = next(socket, "connect");
    await session.signInAs("bob");
    await opened;
    await socket.emitWithAck("say", "as bob");
    expect(server.said).toEqual([{ token: await token(), what: "as bob" }]);
    expect(tokens()).toEqual([first, await token()]);
  });

  it("takes no recovered state along, and a recovered connection is checked", async () => {
    await server.close();
    server = await startSocketServer({ connectionStateRecovery: { skipMiddlewares: false } });
    const socket = await connected(server.client());
    const opened = next(socket, "connect");
    server.io.emit("news", "an offset");
    await next(socket, "news");
    socket.io.engine.close();
    await opened;
    expect(socket.recovered).toBe(true);
    expect(server.handshakes).toHaveLength(2);
    const gone = next(socket, "disconnect");
    socket.io.reconnection(false);
    socket.io.engine.close();
    await gone;
    const reopened = next(socket, "connect");
    await session.signInAs("bob");
    await reopened;
    expect(socket.recovered).toBe(false);
    expect(server.handshakes.at(-1)?.auth).toEqual({ token: await token() });
  });

  it("while an attempt is unanswered on a shared transport does not take its answer for the next one's", async () => {
    await server.close();
    server = await startSocketServer({}, ["/", "/chat"]);
    const manager = new Manager(server.url, { transports: ["websocket"], reconnectionDelay: 1, autoConnect: false });
    const open = manager.socket("/");
    open.auth = { token: "of another" };
    open.connect();
    await next(open, "connect");
    const socket = manager.socket("/chat");
    attach(socket);
    server.io.of("/chat").use((_, done) => setImmediate(done));
    socket.connect();
    await server.handshaken(2);
    const opened = next(socket, "connect");
    await session.signInAs("bob");
    socket.emit("say", "as bob");
    await opened;
    await socket.emitWithAck("say", "again");
    expect(server.said.every((said) => said.token === tokens().at(-1))).toBe(true);
    expect(server.said.map(({ what }) => what)).toEqual(["as bob", "again"]);
    expect(server.io.of("/chat").sockets.size).toBe(1);
    manager._close();
  });
});

describe("the session's end", () => {
  it("closes the socket and is told; the same subject finds its buffer again, another does not", async () => {
    const socket = await connected(server.client({ reconnection: false }));
    const gone = next(socket, "disconnect");
    socket.io.engine.close();
    await gone;
    socket.emit("say", "before");
    const told = next<{ code: string }>(socket, "connect_error");
    session.failRefresh("ended");
    await session.auth.getAccessToken({ rejectedToken: await token() }).catch(() => {});
    expect(await told).toMatchObject({ name: "AuthError", code: "sessionEnded" });
    expect(socket.active).toBe(false);
    const toldAgain = next(socket, "connect_error");
    socket.connect();
    expect(await toldAgain).toMatchObject({ code: "sessionEnded" });
    expect(socket.active).toBe(false);
    socket.emit("say", "kept");
    session.failRefresh(null);
    await session.signInAs("ada");
    await next(socket, "connect");
    await socket.emitWithAck("say", "after");
    expect(server.said.map(({ what }) => what)).toEqual(["before", "kept", "after"]);
  });
});

describe("a renewed token", () => {
  const renewed = async () => session.auth.getAccessToken({ rejectedToken: await token() });

  it("is handed to the server over the open connection", async () => {
    const answers: unknown[] = [];
    server.io.on("connection", (socket) =>
      socket.on("auth:renew", (message, acknowledge) => {
        answers.push(message);
        acknowledge({ ok: true, expires_in: 60 });
      }),
    );
    const socket = await connected(server.client());
    const { id } = socket;
    await renewed();
    await socket.emitWithAck("say", "still here");
    expect(answers).toEqual([{ token: await token() }]);
    expect(socket.id).toBe(id);
    expect(clock.timerCount()).toBe(0);
  });

  it.each([{}, { ackTimeout: 5_000 }])(
    "that the server refuses makes a new handshake (options %j)",
    async (options) => {
      server.io.on("connection", (socket) =>
        socket.on("auth:renew", (_, acknowledge) => acknowledge({ ok: false, code: "TOKEN_INVALID" })),
      );
      const socket = await connected(server.client(options));
      const opened = next(socket, "connect");
      await renewed();
      await opened;
      expect(tokens().at(-1)).toBe(await token());
      expect(server.handshakes).toHaveLength(2);
    },
  );

  it("that the server has no time for is offered once more, then handed over by a new handshake", async () => {
    let offers = 0;
    server.io.on("connection", (socket) =>
      socket.on("auth:renew", (_, acknowledge) => {
        offers++;
        acknowledge({ ok: false, code: "RATE_LIMITED" });
      }),
    );
    const socket = await connected(server.client());
    await renewed();
    await socket.emitWithAck("say", "in between");
    expect(offers).toBe(1);
    const opened = next(socket, "connect");
    clock.fireNext();
    await opened;
    expect(offers).toBe(2);
  });

  it("that the server answers too late for is left alone", async () => {
    const asked = deferred<(answer: object) => void>();
    server.io.on("connection", (socket) => socket.on("auth:renew", (_, acknowledge) => asked.resolve(acknowledge)));
    const socket = await connected(server.client());
    const { id } = socket;
    await renewed();
    const acknowledge = await asked.promise;
    clock.fireNext();
    acknowledge({ ok: false, code: "TOKEN_INVALID" });
    await expect(socket.emitWithAck("say", "still here")).resolves.toBe("heard");
    expect(socket.id).toBe(id);
  });

  it("does no harm to a server that does not know it, even with retries", async () => {
    const socket = await connected(server.client({ retries: 1, ackTimeout: 5_000 }));
    const { id } = socket;
    await renewed();
    await expect(socket.emitWithAck("say", "still here")).resolves.toBe("heard");
    clock.fireNext();
    await expect(socket.emitWithAck("say", "and now")).resolves.toBe("heard");
    expect(socket.id).toBe(id);
    expect(clock.timerCount()).toBe(0);
  });
});

it("serves several sockets and namespaces on one manager", async () => {
  await server.close();
  const names = ["/", "/a", "/b", "/c"];
  server = await startSocketServer({}, names);
  const manager = new Manager(server.url, { transports: ["websocket"], autoConnect: false, reconnectionDelay: 1 });
  const sockets = names.map((name) => manager.socket(name));
  for (const socket of sockets) attach(socket);
  for (const socket of sockets) socket.connect();
  await Promise.all(sockets.map((socket) => next(socket, "connect")));
  server.refused.add(await token());
  const again = sockets.map((socket) => next(socket, "connect"));
  manager.engine.close();
  await Promise.all(again);
  expect(session.refreshCount()).toBe(1);
  const asBob = sockets.map((socket) => next(socket, "connect"));
  await session.signInAs("bob");
  await Promise.all(asBob);
  expect(new Set(tokens().slice(-4))).toEqual(new Set([await token()]));
  await session.auth.signOut();
  expect(sockets.some((socket) => socket.active)).toBe(false);
  manager._close();
});

describe("an access token in a cookie", () => {
  /** A page that sends the cookie with each transport that it opens, and a server that looks at nothing else. */
  async function startWithCookies() {
    await server.close();
    server = await startSocketServer({}, []);
    const { io } = server;
    const cookies: unknown[] = [];
    const refused = new Set<unknown>();
    const refuse = (cookie: unknown) => void refused.add(cookie);
    io.use(({ handshake }, done) => {
      cookies.push(handshake.headers.cookie);
      done(
        refused.has(handshake.headers.cookie) || !handshake.headers.cookie ? new Error("not authorized") : undefined,
      );
    });
    const auths: unknown[] = [];
    io.on("connection", ({ handshake }) => auths.push(handshake.auth));
    const auth = { ...session.auth, internals: { ...session.auth.internals, tokens: "cookie" as const } };
    const extraHeaders = {
      get cookie() {
        return `access=${auth.accessToken.getState()}`;
      },
    };
    const socket = server.client({ extraHeaders, auth: { tenant: 7 } });
    authorizeSocket(socket, auth, { clock, random: () => 0, allowedOrigins: [server.url] });
    return { io, socket, cookies, auths, refuse };
  }
  const cookie = async () => `access=${await token()}`;

  it("goes with the transport alone: nothing of it is in the handshake, and a renewal is not handed over", async () => {
    const { io, socket, cookies, auths } = await startWithCookies();
    const renewals: unknown[] = [];
    io.on("connection", (connection) => connection.onAny((event) => renewals.push(event)));
    socket.connect();
    await next(socket, "connect");
    const { id } = socket;
    expect(cookies).toEqual([await cookie()]);
    expect(auths).toEqual([{ tenant: 7 }]);
    await session.auth.getAccessToken({ rejectedToken: await token() });
    io.emit("news");
    await next(socket, "news");
    expect([socket.id, renewals]).toEqual([id, []]);
  });

  it("is waited for while the session is being restored", async () => {
    await session.stop();
    session = await startSession({ isLoading: true });
    const { socket, cookies } = await startWithCookies();
    socket.connect();
    expect(socket.active).toBe(false);
    await session.signInAs("ada");
    await next(socket, "connect");
    expect(cookies).toEqual([await cookie()]);
  });

  it("is renewed once for a refusal, and the socket opens another transport", async () => {
    const { socket, cookies, refuse } = await startWithCookies();
    const old = await cookie();
    refuse(old);
    socket.connect();
    await next(socket, "connect");
    expect(cookies).toEqual([old, await cookie()]);
    expect(session.refreshCount()).toBe(1);
  });

  it("that ended while the transport was lost is renewed before the next one counts", async () => {
    const { socket, cookies } = await startWithCookies();
    socket.connect();
    await next(socket, "connect");
    await session.sleep(3_600_000);
    const opened = next(socket, "connect");
    socket.io.engine.close();
    await opened;
    expect(cookies.at(-1)).toBe(await cookie());
    expect(session.refreshCount()).toBe(1);
  });

  it("of another person opens another transport, also on a manager that others share", async () => {
    const { io, socket, cookies } = await startWithCookies();
    const others: unknown[] = [];
    io.of("/open").on("connection", ({ handshake }) => others.push(handshake.headers.cookie));
    const other = socket.io.socket("/open");
    other.connect();
    socket.connect();
    await Promise.all([next(socket, "connect"), next(other, "connect")]);
    const [first] = cookies;
    const opened = next(socket, "connect");
    await session.signInAs("bob");
    await opened;
    expect(cookies).toEqual([first, await cookie()]);
    expect(cookies[0]).not.toBe(cookies[1]);
    await session.auth.signOut();
    expect(socket.active).toBe(false);
  });
});

// Q05
describe("a socket to an origin that is not allowed", () => {
  it("is left as it is, never has the token, and the console says what to do", async () => {
    const told: string[] = [];
    session.auth.internals.platform.warn = (message) => void told.push(message);
    const socket = server.client({ auth: { tenant: 7 } });
    const detach = authorizeSocket(socket, session.auth);
    const refusal = next<Error>(socket, "connect_error");
    socket.connect();
    expect((await refusal).message).toBe("not authorized");
    expect(server.handshakes.map(({ auth }) => auth)).toEqual([{ tenant: 7 }]);
    expect(told).toEqual([expect.stringMatching(/authorizeSocket sends no token to http:.*allowedOrigins/)]);
    detach();
    expect(session.refreshCount()).toBe(0);
  });

  it.each([
    ["https://api.x", true],
    ["wss://api.x/admin", true],
    ["https://api.x:443", true],
    ["https://api.x.evil.io", false],
    ["https://api.x@evil.io", false],
    ["http://api.x", false],
    ["https://other.x", false],
  ])("is told by its address: %s: %s", (address, isAllowed) => {
    const socket = new Manager(address, { autoConnect: false }).socket("/");
    authorizeSocket(socket, session.auth, { allowedOrigins: ["https://api.x"] });
    expect(typeof socket.auth === "function").toBe(isAllowed);
  });
});
