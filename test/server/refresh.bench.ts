import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import pg from "pg";
import { bench, describe } from "vitest";
import type { AuthStore } from "../../src/server/authStore.ts";
import { postgresStore } from "../../src/server/postgresStore.ts";
import { sqliteStore } from "../../src/server/sqliteStore.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";
import { fillSessions } from "./support/fillSessions.ts";
import { startProgram, type TokenFields } from "./support/page.ts";
import { createTestServer, register, signIn, type TestServer } from "./support/testServer.ts";

// npx vitest bench --run --project unit test/server
// Each run is a whole refresh in process: Request in, one rotation in the database, Response out.

const SIZES = [1_000, 100_000, 1_000_000];
const OPTIONS = { time: 3000, warmupTime: 500, throws: true };

interface Opened {
  readonly store: AuthStore;
  readonly fill: (statement: string) => Promise<unknown>;
  readonly close: () => Promise<void> | void;
}

async function openSqlite(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "stay-signed-in-bench-"));
  const path = join(folder, "auth.db");
  return {
    store: sqliteStore({ path }),
    async fill(statement) {
      const database = new Database(path);
      database.exec(statement);
      database.close();
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

async function openPostgres(): Promise<Opened> {
  const postgres = await startPostgres();
  const connectionString = await postgres.createDatabase();
  return {
    store: postgresStore({ connectionString }),
    async fill(statement) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query(`${statement}; analyze auth_sessions`);
      await client.end();
    },
    close: () => postgres.stop(),
  };
}

/** A server whose every refresh rotates, with `size` sessions in its table and 16 that are refreshed in turn. */
async function prepare({ store, fill, close }: Opened, size: number) {
  const server: TestServer = createTestServer({ store, refreshGraceSeconds: 0.001 });
  const program = startProgram(server);
  await register(program);
  await fill(fillSessions(1, size));
  const tokens: string[] = [];
  for (let session = 0; session < 16; session += 1) tokens.push((await signIn(program)).refresh_token ?? "");
  let turn = 0;
  return {
    async refresh() {
      turn = (turn + 1) % tokens.length;
      const mine = turn;
      const { status, body } = await program.send("POST", "/jwt/refresh", { json: { refresh_token: tokens[mine] } });
      if (status !== 200) throw new Error(`The refresh was answered ${status}.`);
      tokens[mine] = (body as TokenFields).refresh_token ?? "";
    },
    async close() {
      await server.close();
      await close();
    },
  };
}

const engines = [
  { name: "SQLite", isHere: true, open: openSqlite },
  { name: "PostgreSQL", isHere: hasPostgres, open: openPostgres },
];

for (const { name, isHere, open } of engines) {
  for (const size of SIZES) {
    describe.skipIf(!isHere)(`${name} with ${size} sessions`, () => {
      let prepared: Awaited<ReturnType<typeof prepare>> | undefined;
      bench("one refresh", async () => prepared?.refresh(), {
        ...OPTIONS,
        async setup() {
          prepared ??= await prepare(await open(), size);
        },
        async teardown(_, mode) {
          if (mode === "run") await prepared?.close();
        },
      });
    });
  }
}
