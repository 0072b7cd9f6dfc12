import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { postgresStore } from "../../src/server/postgresStore.ts";
import { sqliteStore } from "../../src/server/sqliteStore.ts";
import { hasPostgres, type Postgres, startPostgres } from "../support/postgres.ts";
import { openPage, type TokenFields } from "./support/page.ts";
import { buildServerProgram, type ServerProcess, type ServerProgram } from "./support/startServerProcess.ts";
import { createTestServer, PASSWORD, refresh, register, signIn } from "./support/testServer.ts";

/** `SOAK=1` plays what the issue asks for; by default a tenth of a minute of it. */
const isSoak = process.env.SOAK === "1";
const IN_PROCESS_ROUNDS = isSoak ? 1000 : 5;
const PROCESS_ROUNDS = isSoak ? 1000 : 8;
const KILLS = isSoak ? 200 : 4;
const CLIENTS = 32;
const TIME_OUT_MS = isSoak ? 1_800_000 : 60_000;

let folder = "";
let postgres: Postgres | undefined;
let program: ServerProgram;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stay-signed-in-races-"));
  [program, postgres] = await Promise.all([buildServerProgram(), hasPostgres ? startPostgres() : undefined]);
}, 60_000);

afterAll(async () => {
  await program.remove();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const needsPostgres = hasPostgres ? it : it.skip;

describe("thirty-two refreshes with the same token at once", () => {
  async function race(store: ReturnType<typeof sqliteStore>): Promise<void> {
    const server = createTestServer({ store });
    const page = openPage(server);
    await register(page);
    for (let round = 0; round < IN_PROCESS_ROUNDS; round += 1) {
      page.jar.clear();
      const token = await signIn(page);
      const pages = Array.from({ length: CLIENTS }, () => openPage(server, { jar: new Map(page.jar) }));
      const answers = await Promise.all(pages.map(refresh));
      expect(answers.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
      expect(new Set(pages.map(({ jar }) => [...jar.values()][0])).size).toBe(1);
      const [record] = await store.readSessions([token.session.id]);
      expect(record?.session).toMatchObject({ counter: 2, previous: 1, endedAt: null });
    }
    const types = server.events.map(({ type }) => type);
    expect(types.filter((type) => type === "refreshed")).toHaveLength(IN_PROCESS_ROUNDS);
    expect(types.filter((type) => type === "graceRepeat")).toHaveLength(IN_PROCESS_ROUNDS * (CLIENTS - 1));
    expect(server.errors).toEqual([]);
    await server.close();
  }

  // B106 https://github.com/thephpleague/oauth2-server/issues/1506
  it(
    "take one step on SQLite and are all answered with the one successor",
    () => race(sqliteStore({ path: join(folder, "race.db") })),
    TIME_OUT_MS,
  );

  needsPostgres(
    "take one step on PostgreSQL and are all answered with the one successor",
    async () => {
      await race(postgresStore({ connectionString: (await postgres?.createDatabase()) ?? "" }));
    },
    TIME_OUT_MS,
  );

  needsPostgres(
    "take one step when they reach four server processes on one PostgreSQL",
    async () => {
      const url = (await postgres?.createDatabase()) ?? "";
      // All four find an empty database and make the tables at once.
      const servers = await Promise.all(
        Array.from({ length: 4 }, () => program.start({ store: { postgres: url }, options: {} })),
      );
      await registerOverHttp(servers[0]);
      for (let round = 0; round < PROCESS_ROUNDS; round += 1) {
        const token = await signInOverHttp(servers[round % 4]);
        const answers = await Promise.all(
          Array.from({ length: CLIENTS }, (_, client) => refreshOverHttp(servers[client % 4], token.refresh_token)),
        );
        expect(answers.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
        expect(new Set(answers.map(({ token: answered }) => answered)).size).toBe(1);
      }
      const count = (event: string) => servers.reduce((sum, { counts }) => sum + (counts.get(event) ?? 0), 0);
      expect(servers.flatMap(({ errors }) => errors)).toEqual([]);
      expect([count("refreshed"), count("graceRepeat")]).toEqual([PROCESS_ROUNDS, PROCESS_ROUNDS * (CLIENTS - 1)]);
      expect([count("reuseDetected"), count("lateRepeat")]).toEqual([0, 0]);
    },
    TIME_OUT_MS,
  );
});

describe("several processes on one SQLite file", () => {
  it(
    "make its tables at once, and refresh with the same token at once",
    async () => {
      const store = { sqlite: join(folder, "shared.db") };
      const servers = await Promise.all(Array.from({ length: 3 }, () => program.start({ store, options: {} })));
      await registerOverHttp(servers[0]);
      const token = await signInOverHttp(servers[1]);
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, (_, client) => refreshOverHttp(servers[client % 3], token.refresh_token)),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
      expect(new Set(answers.map(({ token: answered }) => answered)).size).toBe(1);
      expect(servers.flatMap(({ errors }) => errors)).toEqual([]);
    },
    TIME_OUT_MS,
  );
});

describe("a server that is killed under load", () => {
  it(
    "loses no session and refuses no token that it has answered with",
    async () => {
      const store = { sqlite: join(folder, "killed.db") };
      // A short grace time, so that most refreshes rotate.
      const options = { refreshGraceSeconds: 0.01 };
      let server = await program.start({ store, options });
      const { port } = server;
      await registerOverHttp(server);
      const sessions = await Promise.all(Array.from({ length: 8 }, () => signInOverHttp(server)));
      const tokens = sessions.map((token) => token.refresh_token);

      for (let kill = 0; kill < KILLS; kill += 1) {
        let isUp = true;
        const clients = tokens.map(async (_, client) => {
          while (isUp) {
            try {
              const answer = await refreshOverHttp(server, tokens[client]);
              expect(answer.status).toBe(200);
              tokens[client] = answer.token ?? tokens[client];
            } catch (error) {
              // The answer was lost with the process: the client keeps the token that it presented.
              if (isUp && !(error instanceof TypeError)) throw error;
            }
          }
        });
        await new Promise((done) => setTimeout(done, 20 + ((kill * 37) % 60)));
        await server.kill();
        isUp = false;
        await Promise.all(clients);
        server = await program.start({ store, options, port });
        for (const [client, token] of tokens.entries()) {
          const answer = await refreshOverHttp(server, token);
          expect(answer.status, `client ${client} after kill ${kill}`).toBe(200);
          tokens[client] = answer.token ?? token;
        }
      }
      expect(server.counts.get("reuseDetected")).toBeUndefined();
    },
    TIME_OUT_MS,
  );
});

async function registerOverHttp(server: ServerProcess | undefined): Promise<void> {
  const response = await fetch(`${server?.url}/v1/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ada@example.org", password: PASSWORD }),
  });
  expect(response.status).toBe(201);
}

async function signInOverHttp(server: ServerProcess | undefined): Promise<TokenFields> {
  const response = await fetch(`${server?.url}/v1/auth/jwt/login`, {
    method: "POST",
    headers: { "auth-transport": "body", "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ username: "ada@example.org", password: PASSWORD }).toString(),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as TokenFields;
}

async function refreshOverHttp(server: ServerProcess | undefined, token: string | undefined) {
  const response = await fetch(`${server?.url}/v1/auth/jwt/refresh`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ refresh_token: token }),
  });
  return { status: response.status, token: ((await response.json()) as Partial<TokenFields>).refresh_token };
}
