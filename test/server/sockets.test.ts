import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { io as connect, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorizeSocketServer } from "../../src/server/authorizeSocketServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { openPage, type Sender, type TokenFields, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, type TestServer } from "./support/testServer.ts";

describe("sockets", () => {
  let server: TestServer;
  let http: HttpServer;
  let io: Server;
  let url: string;
  let page: Sender;
  let token: TokenFields;
  let detach: () => void;
  let offsetMs = 0;
  /** What happens between the look at a session's row and the answer. */
  let afterReading: () => Promise<unknown>;
  const clients: Socket[] = [];

  beforeEach(async () => {
    offsetMs = 0;
    // Sockets live in real time; the tokens are as old as a test needs them.
    const inner = memoryStore({ now: () => Date.now() + offsetMs });
    afterReading = async () => undefined;
    server = createTestServer({
      store: {
        ...inner,
        async readSessions(ids) {
          const records = await inner.readSessions(ids);
          await afterReading();
          return records;
        },
      },
    });
    http = createServer();
    io = new Server(http);
    detach = authorizeSocketServer(io, server);
    await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    ({ page, token } = await openSignedInPage(server));
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    detach();
    await io.close();
  });

  function open(auth: object): Socket {
    const client = connect(url, { auth, reconnection: false, transports: ["websocket"] });
    clients.push(client);
    return client;
  }

  const connected = (client: Socket) =>
    new Promise<void>((done, fail) => {
      client.once("connect", done);
      client.once("connect_error", fail);
    });
  const refused = (client: Socket) =>
    new Promise<{ message: string; data?: { code?: string } }>((done) => client.once("connect_error", done));
  const disconnected = (client: Socket) => new Promise<string>((done) => client.once("disconnect", done));

  it("come in with a good access token, and are known by it", async () => {
    const users = new Promise((done) => io.once("connection", (socket) => done(socket.data.user)));
    await connected(open({ token: token.access_token }));
    expect(await users).toMatchObject({ subject: token.subject, sessionId: token.session.id, isGuest: false });
  });

  it.each([
    ["no token", {}, "TOKEN_INVALID"],
    ["a token that is none", { token: "wrong" }, "TOKEN_INVALID"],
    ["something else than a text", { token: { a: 1 } }, "TOKEN_INVALID"],
  ])("are refused with %s, with the code in the error's data", async (_, auth, code) => {
    expect((await refused(open(auth))).data).toEqual({ code });
  });

  it("are refused with an expired token, and with one whose session is over", async () => {
    offsetMs = 906_000;
    expect((await refused(open({ token: token.access_token }))).data).toEqual({ code: "TOKEN_EXPIRED" });
    offsetMs = 0;
    await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
    expect((await refused(open({ token: token.access_token }))).data).toEqual({ code: "TOKEN_INVALID" });
  });

  it("never take a token from the query", async () => {
    const client = connect(url, {
      query: { token: token.access_token },
      reconnection: false,
      transports: ["websocket"],
    });
    clients.push(client);
    expect((await refused(client)).data).toEqual({ code: "TOKEN_INVALID" });
  });

  it("are disconnected at once when their session ends on this server, and no others", async () => {
    const other = await openSignedInPage(server, "bob@example.org");
    const [mine, bobs] = [open({ token: token.access_token }), open({ token: other.token.access_token })];
    await Promise.all([connected(mine), connected(bobs)]);
    const gone = disconnected(mine);
    await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
    expect(await gone).toBe("io server disconnect");
    expect(bobs.connected).toBe(true);
  });

  // X04
  it.each(["while its row is looked at", "while another middleware is at work"])(
    "are disconnected when their session ends during the handshake, %s",
    async (moment) => {
      const end = () => page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
      if (moment === "while its row is looked at") {
        afterReading = async () => {
          afterReading = async () => undefined;
          await end();
        };
      } else {
        io.use((_, next) => void end().then(() => next()));
      }
      const client = open({ token: token.access_token });
      const gone = disconnected(client);
      await connected(client);
      expect(await gone).toBe("io server disconnect");
    },
  );

  it("stay when the database does not answer after the handshake", async () => {
    let reads = 0;
    afterReading = async () => {
      reads += 1;
      if (reads === 2) throw new Error("no");
    };
    const client = open({ token: token.access_token });
    await connected(client);
    while (reads < 2) await new Promise((done) => setImmediate(done));
    expect((await client.timeout(5_000).emitWithAck("auth:renew", { token: token.access_token })).ok).toBe(true);
  });

  it("are disconnected when their token is no longer taken: 5 s after it expired, as for requests", async () => {
    offsetMs = -904_000;
    const old = tokenOf(await refresh(page));
    offsetMs = 0;
    const client = open({ token: old.access_token });
    await connected(client);
    expect(await disconnected(client)).toBe("io server disconnect");
  });

  it("that came in with a token just expired have the time to renew it, and live on", async () => {
    offsetMs = -904_000;
    const old = tokenOf(await refresh(page));
    offsetMs = 0;
    const newer = tokenOf(await refresh(page));
    const client = open({ token: old.access_token });
    await connected(client);
    expect(await client.emitWithAck("auth:renew", { token: newer.access_token })).toEqual({
      ok: true,
      expires_in: expect.any(Number),
    });
    // Came later with the old one and renews nothing: when it is cut, so would the first one have been.
    const other = open({ token: old.access_token });
    await connected(other);
    expect(await disconnected(other)).toBe("io server disconnect");
    expect(client.connected).toBe(true);
  });

  it.each([
    ["another subject's", async () => (await openSignedInPage(server, "bob@example.org")).token.access_token],
    ["another session's", async () => tokenOf(await openPage(server).send("POST", "/guest")).access_token],
    ["no", async () => undefined],
  ])("are not renewed by %s token, and stay as they are", async (_, other) => {
    const client = open({ token: token.access_token });
    await connected(client);
    expect(await client.emitWithAck("auth:renew", { token: await other() })).toEqual({
      ok: false,
      code: "TOKEN_INVALID",
    });
    expect(await client.emitWithAck("auth:renew", { token: token.access_token })).toEqual({
      ok: false,
      code: "RATE_LIMITED",
    });
    expect(client.connected).toBe(true);
  });

  it("survive messages that are none, without an acknowledgement", async () => {
    const client = open({ token: token.access_token });
    await connected(client);
    for (const message of [null, 1, "x", { token: 5 }]) client.emit("auth:renew", message);
    expect(await client.timeout(2000).emitWithAck("auth:renew", {})).toMatchObject({ ok: false });
  });

  it("that were revoked do not come back through connection state recovery, which skips middlewares by default", async () => {
    const recovering = createServer();
    const recoveringIo = new Server(recovering, { connectionStateRecovery: {} });
    const stop = authorizeSocketServer(recoveringIo, server);
    await new Promise<void>((done) => recovering.listen(0, "127.0.0.1", done));
    const { port } = recovering.address() as AddressInfo;
    const lost = new Promise((done) => recoveringIo.once("connection", (socket) => socket.once("disconnect", done)));
    const client = connect(`http://127.0.0.1:${port}`, {
      auth: { token: token.access_token },
      reconnection: false,
      transports: ["websocket"],
    });
    clients.push(client);
    await connected(client);
    // A message has to have come for there to be something to recover from.
    const greeted = new Promise((done) => client.once("greeting", done));
    recoveringIo.emit("greeting");
    await greeted;
    client.io.engine.close();
    await lost;
    await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
    const back = new Promise((done) => client.once("connect", () => done(client.recovered)));
    const turnedAway = disconnected(client);
    client.connect();
    expect(await back).toBe(true);
    expect(await turnedAway).toBe("io server disconnect");
    stop();
    await recoveringIo.close();
  });

  it("are checked in a namespace of their own", async () => {
    const detachNews = authorizeSocketServer(io.of("/news"), server);
    const client = connect(`${url}/news`, { auth: { token: "wrong" }, reconnection: false, transports: ["websocket"] });
    clients.push(client);
    expect((await refused(client)).data).toEqual({ code: "TOKEN_INVALID" });
    detachNews();
  });
});
