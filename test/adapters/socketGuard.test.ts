import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorizeSocket } from "../../src/adapters/authorizeSocket.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { Platform } from "../../src/core/ports.ts";
import { authorizeSocketServer } from "../../src/server/authorizeSocketServer.ts";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { appFetch } from "../../src/testing/appFetch.ts";
import { createManualClock } from "./support/manualClock.ts";
import { next } from "./support/socketServer.ts";

// The shipped client and the shipped server guard, on the machine's own clock: tokens of four seconds really expire.

const origin = "https://app.example";
const password = "correct horse";
const lifetimeSeconds = 4;

let server: AuthServer;
let sockets: Server;
let auth: AuthClient;
let url: string;
let stop: () => void;
let subjects: (string | undefined)[];
const clients: Socket[] = [];

beforeEach(async () => {
  server = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    accessTokenLifetimeSeconds: lifetimeSeconds,
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    rateLimits: false,
    publicUrl: origin,
  });
  const http = createServer();
  sockets = new Server(http, { connectionStateRecovery: { skipMiddlewares: false } });
  authorizeSocketServer(sockets, server);
  subjects = [];
  sockets.on("connection", (socket) => {
    subjects.push(socket.data.user.subject);
    socket.on("whoami", (acknowledge) => acknowledge(socket.data.user.subject));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const platform: Platform = {
    clock: {
      now: () => Date.now(),
      monotonicNow: () => performance.now(),
      setTimer: (callback, delayMs) => {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
    },
    fetch: appFetch(server.app, { origin }),
    random: () => 0.5,
    signals: { subscribe: () => () => {}, isVisible: () => true, isOnline: () => true },
    origin,
  };
  auth = createAuthClient({ platform });
  stop = auth.start();
  await auth.register({ email: "ada@example.org", password });
});
afterEach(async () => {
  stop();
  auth.dispose();
  for (const client of clients.splice(0)) client.io._close();
  await sockets.close();
  await server.close();
});

function client(options = {}): Socket {
  const socket = io(url, {
    autoConnect: false,
    forceNew: true,
    transports: ["websocket"],
    reconnectionDelay: 1,
    ...options,
  });
  clients.push(socket);
  return socket;
}

async function connected(socket: Socket, clock = createManualClock()): Promise<Socket> {
  authorizeSocket(socket, auth, { clock, random: () => 0, allowedOrigins: [url] });
  socket.connect();
  await next(socket, "connect");
  return socket;
}

describe("against the package's own server", () => {
  it("a connection outlives the token that it began with, where one that renews nothing ends with it", async () => {
    const token = await auth.getAccessToken();
    const plain = client({ auth: { token } });
    plain.connect();
    await next(plain, "connect");
    const kept = await connected(client());
    const { id } = kept;
    const drops: string[] = [];
    kept.on("disconnect", (reason) => drops.push(reason));
    expect(await next(plain, "disconnect")).toBe("io server disconnect");
    expect(await auth.getAccessToken()).not.toBe(token);
    expect(await kept.emitWithAck("whoami")).toBe(subjects[0]);
    expect(drops).toEqual([]);
    expect(kept.id).toBe(id);
  }, 20_000);

  it("a socket whose session is revoked is disconnected at once, learns it at its next attempt, and stays closed", async () => {
    const clock = createManualClock();
    const socket = await connected(client(), clock);
    const gone = next(socket, "disconnect");
    await server.subjects.endSessions(subjects[0] ?? "");
    expect(await gone).toBe("io server disconnect");
    const told: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      socket.on("connect_error", (error) => {
        told.push((error as { code?: string; data?: unknown }).code ?? (error as { data?: unknown }).data);
        if (told.length === 2) resolve();
      });
    });
    clock.fireNext();
    await ended;
    expect(told).toEqual([{ code: "TOKEN_INVALID" }, "sessionEnded"]);
    expect(auth.getState()).toMatchObject({ status: "unauthenticated", reason: "revoked" });
    expect(socket.active).toBe(false);
    expect(clock.timerCount()).toBe(0);
  });

  it("another user's sign-in in the same page is a connection of theirs; so is the same user's next session", async () => {
    const socket = await connected(client());
    const asBob = next(socket, "connect");
    await auth.register({ email: "bob@example.org", password });
    await asBob;
    expect(subjects).toHaveLength(2);
    expect(await socket.emitWithAck("whoami")).toBe(subjects[1]);
    expect(subjects[1]).not.toBe(subjects[0]);
    expect(sockets.sockets.sockets.size).toBe(1);
    const again = next(socket, "connect");
    await auth.signIn({ username: "bob@example.org", password });
    await again;
    expect(subjects).toEqual([subjects[0], subjects[1], subjects[1]]);
  });

  it("sign-out ends the connection, and nobody is connected as nobody", async () => {
    const socket = await connected(client());
    await auth.signOut();
    expect(socket.active).toBe(false);
    socket.connect();
    expect(socket.active).toBe(false);
    const asAda = next(socket, "connect");
    await auth.signIn({ username: "ada@example.org", password });
    await asAda;
    expect(new Set(subjects).size).toBe(1);
  });

  it("a lost transport is recovered with a good token, checked anew", async () => {
    const socket = await connected(client());
    const opened = next(socket, "connect");
    sockets.emit("news", "gives the connection an offset");
    await next(socket, "news");
    socket.io.engine.close();
    await opened;
    expect(socket.recovered).toBe(true);
    expect(await socket.emitWithAck("whoami")).toBe(subjects[0]);
  });
});
