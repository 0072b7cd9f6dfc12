import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { authorizeSocket } from "../../src/adapters/authorizeSocket.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createPagePlatform } from "./support/createPagePlatform.ts";
import { findPython } from "./support/findPython.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const python = await findPython();

describe.skipIf(python === null)("sockets against python-socketio (needs Python 3.11)", () => {
  let server: PythonServer;
  const cleanups: (() => void)[] = [];

  beforeAll(async () => {
    const settings = {
      TOKEN_LIFETIME_SECONDS: "12",
      REFRESH_TOKEN_SECRETS: '["the refresh secret of the interop tests"]',
    };
    server = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
  });

  afterEach(() => {
    for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  });

  afterAll(() => server?.dispose());

  async function openClient(): Promise<{ auth: AuthClient; subject: string }> {
    const auth = createAuthClient({ baseUrl: server.baseUrl, platform: createPagePlatform(server.origin) });
    cleanups.push(() => auth.dispose());
    auth.start();
    const { subject } = unchallenged(await auth.signIn(await registerAccount(server.baseUrl)));
    return { auth, subject };
  }

  function openSocket(auth?: AuthClient, token?: string): Socket {
    const socket = io(server.origin, {
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: 100,
      ...(token !== undefined && { auth: { token } }),
    });
    cleanups.push(() => socket.disconnect());
    if (auth) cleanups.push(authorizeSocket(socket, auth));
    return socket;
  }

  const next = <T>(socket: Socket, event: string) =>
    new Promise<T>((resolve) => {
      socket.once(event, (detail: T) => resolve(detail));
    });

  it("connects as whoever is signed in", async () => {
    const { auth, subject } = await openClient();
    const socket = openSocket(auth);
    const connected = next(socket, "connect");
    socket.connect();
    await connected;
    expect(await socket.emitWithAck("whoami")).toEqual({ subject });
  });

  it("is refused with a code without a good token", async () => {
    for (const token of ["nonsense", ""]) {
      const socket = openSocket(undefined, token);
      const refused = next<Error & { data?: unknown }>(socket, "connect_error");
      socket.connect();
      expect((await refused).data).toEqual({ code: "TOKEN_INVALID" });
      expect(socket.active).toBe(false);
    }
  });

  it("is disconnected by the server when its token ends, if nobody renews it", async () => {
    const { auth } = await openClient();
    const socket = openSocket(undefined, await auth.getAccessToken());
    const connected = next(socket, "connect");
    socket.connect();
    await connected;
    expect(await next(socket, "disconnect")).toBe("io server disconnect");
  });

  it("lives on over renewals of the token", async () => {
    const { auth, subject } = await openClient();
    const socket = openSocket(auth);
    const connected = next(socket, "connect");
    socket.connect();
    await connected;
    const disconnects: string[] = [];
    socket.on("disconnect", (reason) => disconnects.push(reason));
    const { id } = socket;
    // Past the end of the token that the handshake was made with.
    const renewals = new Promise<void>((resolve) => {
      let count = 0;
      auth.on("refreshed", () => void ((count += 1) === 3 && resolve()));
    });
    await renewals;
    expect(await socket.emitWithAck("whoami")).toEqual({ subject });
    expect([socket.id, disconnects]).toEqual([id, []]);
  });

  it("comes back after a restart of the server, with a token that the new one takes", async () => {
    const { auth, subject } = await openClient();
    const socket = openSocket(auth);
    const connected = next(socket, "connect");
    socket.connect();
    await connected;
    const again = next(socket, "connect");
    await server.restart({ SECRET: `another secret of the interop tests ${crypto.randomUUID()}` });
    await again;
    expect(await socket.emitWithAck("whoami")).toEqual({ subject });
  });

  it("is disconnected at once by a sign-out elsewhere, and stays out", async () => {
    const { auth } = await openClient();
    const token = await auth.getAccessToken();
    const socket = openSocket(undefined, token);
    const connected = next(socket, "connect");
    socket.connect();
    await connected;
    const disconnected = next(socket, "disconnect");
    await auth.signOut();
    expect(await disconnected).toBe("io server disconnect");
    const refused = next<Error & { data?: unknown }>(socket, "connect_error");
    socket.connect();
    expect((await refused).data).toEqual({ code: "TOKEN_INVALID" });
  });
});
