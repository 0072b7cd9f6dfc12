import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { Server } from "socket.io";
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { authorizeSocketServer } from "../../src/server/authorizeSocketServer.ts";
import { postgresStore } from "../../src/server/postgresStore.ts";
import { createSessionId } from "../../src/server/sessionId.ts";
import { hasPostgres, type Postgres, startPostgres } from "../support/postgres.ts";
import { openPage, type Sender, startProgram, type TokenFields } from "./support/page.ts";
import { createTestServer, PASSWORD, refresh, register, signIn, type TestServer } from "./support/testServer.ts";

interface Node {
  readonly server: TestServer;
  readonly url: string;
  stop(): Promise<void>;
}

/** One of several servers on the same database, with sockets of its own. */
async function startNode(connectionString: string): Promise<Node> {
  const server = createTestServer({ store: postgresStore({ connectionString }) });
  await server.ready();
  const http = createServer();
  const io = new Server(http);
  authorizeSocketServer(io, server);
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  return {
    server,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async stop() {
      await io.close();
      await server.close();
    },
  };
}

const happened = (socket: Socket, event: string) => new Promise<unknown>((done) => socket.once(event, done));

describe.skipIf(!hasPostgres)("two servers on one PostgreSQL", () => {
  let postgres: Postgres;
  let connectionString = "";
  const nodes: Node[] = [];
  const sockets: Socket[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.disconnect();
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  });

  async function openSocket({ url }: Node, token: TokenFields): Promise<Socket> {
    const socket = connect(url, {
      auth: { token: token.access_token },
      reconnection: false,
      transports: ["websocket"],
    });
    sockets.push(socket);
    await happened(socket, "connect");
    return socket;
  }

  /** Ada is signed in on the second server, by a page, a program and a socket each, and by a device code under way. */
  async function startSignedIn() {
    connectionString = await postgres.createDatabase();
    const [here, there] = [await startNode(connectionString), await startNode(connectionString)];
    nodes.push(here, there);
    const page = openPage(there.server);
    await register(page);
    await register(page, "bob@example.org");
    const token = await signIn(page);
    const program = startProgram(there.server);
    const programToken = await signIn(program);
    const form = { client_id: "cli" };
    const code = (await program.send("POST", "/device/code", { form })).body as {
      user_code: string;
      device_code: string;
    };
    const approved = await page.send("POST", "/device/approve", {
      bearer: token.access_token,
      json: { user_code: code.user_code, password: PASSWORD },
    });
    expect(approved.status).toBe(204);
    const bobsToken = await signIn(openPage(there.server), "bob@example.org");
    const [socket, programSocket, bobs] = [
      await openSocket(there, token),
      await openSocket(there, programToken),
      await openSocket(there, bobsToken),
    ];
    const redeem = () =>
      program.send("POST", "/device/token", {
        form: { ...form, grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: code.device_code },
      });
    return { here, there, page, token, program, programToken, socket, programSocket, bobs, redeem };
  }

  type Scene = Awaited<ReturnType<typeof startSignedIn>>;

  /** On the other server than the one that everything hangs on. */
  const events: [string, (scene: Scene) => Promise<unknown>][] = [
    ["a password reset", ({ here, token }) => here.server.subjects.resetPassword(token.subject, "another horse")],
    ["a deactivation", ({ here, token }) => here.server.subjects.change(token.subject, { isActive: false })],
    ["a deletion", ({ here, token }) => here.server.subjects.delete(token.subject)],
    ["a change of role", ({ here, token }) => here.server.subjects.change(token.subject, { isSuperuser: true })],
    ["signing out everywhere", ({ here, token }) => here.server.subjects.endSessions(token.subject)],
    [
      "a change of the password",
      async ({ here }) => {
        const other = openPage(here.server);
        const { access_token: bearer } = await signIn(other);
        const json = { password: "another horse", current_password: PASSWORD };
        expect((await other.send("PATCH", "/users/me", { bearer, json })).status).toBe(200);
      },
    ],
    [
      "signing out everywhere else",
      async ({ here }) => {
        const other = openPage(here.server);
        const { access_token: bearer } = await signIn(other);
        expect((await other.send("DELETE", "/sessions", { bearer })).status).toBe(204);
      },
    ],
  ];

  // 16.7
  it.each(events)("end sessions, sockets and device codes at once on both after %s", async (_, act) => {
    const scene = await startSignedIn();
    const gone = Promise.all([scene.socket, scene.programSocket].map((socket) => happened(socket, "disconnect")));
    await act(scene);
    expect(await gone).toEqual(["io server disconnect", "io server disconnect"]);
    expect((await refresh(scene.page)).status).toBe(401);
    const json = { refresh_token: scene.programToken.refresh_token };
    expect((await scene.program.send("POST", "/jwt/refresh", { json })).status).toBe(401);
    expect((await scene.page.send("GET", "/users/me", { bearer: scene.token.access_token })).status).toBe(401);
    expect((await scene.redeem()).status).toBe(400);
    expect(scene.bobs.connected).toBe(true);
  });

  it("hear of each other's sign-outs, and of their own once", async () => {
    const { here, there, page, token } = await startSignedIn();
    const told: string[] = [];
    there.server.onSessionEnded((id) => told.push(`there ${id}`));
    const heard = new Promise<string>((done) => here.server.onSessionEnded(done));
    await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
    expect(await heard).toBe(token.session.id);
    expect(told).toEqual([`there ${token.session.id}`]);
  });

  it("make up for what they missed while their connection was lost", async () => {
    const { here, token, socket } = await startSignedIn();
    const admin = new pg.Client({ connectionString });
    await admin.connect();
    const gone = happened(socket, "disconnect");
    // The listening connections of both are cut, and the session ends before anybody listens again.
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' or query ilike 'select floor%'",
    );
    await here.server.subjects.endSessions(token.subject);
    await admin.end();
    expect(await gone).toBe("io server disconnect");
  });

  // X06
  it("keep a sign-in that raced a deactivation from coming alive again with its subject", async () => {
    const { here } = await startSignedIn();
    const store = postgresStore({ connectionString });
    const ada = await store.findSubjectByEmail("ada@example.org");
    if (ada === null) throw new Error("There is no Ada.");
    const id = createSessionId();
    const rival = new pg.Client({ connectionString });
    await rival.connect();
    // Somebody is about to take the same id: the sign-in's statement, which has seen an active subject, waits for them.
    await rival.query("begin");
    const columns =
      "id, subject_id, session_number, transport, secret, counter, previous_counter, rotated_at, repeated_at";
    const more =
      "credential_version, created_at, authenticated_at, last_refreshed_at, expires_at, absolute_expires_at, replaces";
    await rival.query(
      `insert into auth_sessions (${columns}, ${more}) values ($1, 'x', 1, 'body', 'x', 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, '')`,
      [id],
    );
    const signedIn = store.addSession({
      id,
      secret: "c2VjcmV0",
      subjectId: ada.id,
      credentialVersion: ada.credentialVersion,
      transport: "body",
      idleMs: 3_600_000,
      absoluteMs: 3_600_000,
      numberAbove: 0,
      replaces: [],
      authenticated: true,
      userAgent: null,
      clientName: null,
      method: null,
      amr: [],
      persistent: true,
      boundKey: null,
    });
    const isWaiting = async () =>
      (await rival.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")).rows.length > 0;
    while (!(await isWaiting())) await new Promise((done) => setImmediate(done));
    await here.server.subjects.change(ada.id, { isActive: false });
    await rival.query("rollback");
    await signedIn;
    await here.server.subjects.change(ada.id, { isActive: true });
    const facts = { authenticatedAt: null, amr: [], verifiedAt: 0, expiresAt: 0, claims: {} };
    const verified = { subject: ada.id, sessionId: id, isGuest: false, ...facts };
    expect(await here.server.isSessionLive(verified)).toBe(false);
    await rival.end();
    await store.close();
  });
});

describe("a page that is open", () => {
  it("keeps its own session when it signs out everywhere else, and can go on refreshing", async () => {
    const server = createTestServer();
    const page: Sender = openPage(server);
    await register(page);
    const other = openPage(server);
    await signIn(other);
    const { access_token: bearer } = await signIn(page);
    expect((await page.send("DELETE", "/sessions", { bearer })).status).toBe(204);
    server.advance(60);
    expect((await refresh(page)).status).toBe(200);
    expect((await refresh(other)).status).toBe(401);
  });
});
