import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import pg from "pg";
import type { AuthStore } from "../src/server/authStore.ts";
import { postgresStore } from "../src/server/postgresStore.ts";
import { sqliteStore } from "../src/server/sqliteStore.ts";
import { hasPostgres, startPostgres } from "../test/support/postgres.ts";

export interface Engine {
  readonly name: string;
  readonly store: AuthStore;
  fill(statement: string): Promise<void>;
  /** The conditional update through the bare driver; `rotate` tells how many rows it changed. */
  openUpdates(connections: number): Promise<{
    rotate(id: string, counter: number): number | Promise<number>;
    close(): void | Promise<void>;
  }>;
  close(): Promise<void> | void;
}

// What a pool of the store has at most, so that both columns have the same number of connections to the database.
const MAX_DATABASE_CONNECTIONS = 10;
const LIFETIME_MS = 604_800_000;

/** The update of `rotateSession`, with `now` in the words of the database. `?` is the counter, then the id, then the counter. */
const updateWith = (now: string, [counter, id, expected]: readonly [string, string, string]) => `
  update auth_sessions set counter = ${counter}, previous_counter = ${expected}, rotated_at = ${now}, last_refreshed_at = ${now},
    expires_at = case when ${now} + ${LIFETIME_MS} < absolute_expires_at then ${now} + ${LIFETIME_MS} else absolute_expires_at end
  where id = ${id} and counter = ${expected} and rotated_at <= ${now} and repeated_at <= ${now}
    and ended_at is null and expires_at > ${now} and absolute_expires_at > ${now}
    and exists (select 1 from auth_subjects s where s.id = auth_sessions.subject_id and s.is_active = 1
      and s.credential_version = auth_sessions.credential_version)
  returning *`;

export async function openSqlite(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "stay-signed-in-bench-"));
  const path = join(folder, "auth.db");
  const open = () => {
    const database = new Database(path);
    database.pragma("busy_timeout = 5000");
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    return database;
  };
  return {
    name: "SQLite",
    store: sqliteStore({ path }),
    async fill(statement) {
      const database = open();
      database.exec(statement);
      database.close();
    },
    async openUpdates() {
      const database = open();
      const now = "cast(round(unixepoch('subsec') * 1000) as integer)";
      const statement = database.prepare(updateWith(now, ["@next", "@id", "@counter"]));
      return {
        async rotate(id, counter) {
          // The driver is synchronous: without this one loop would never let the others begin.
          await new Promise(setImmediate);
          return statement.all({ id, counter, next: counter + 1 }).length;
        },
        close: () => void database.close(),
      };
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** Null where PostgreSQL is not installed. */
export async function openPostgres(): Promise<Engine | null> {
  if (!hasPostgres) return null;
  const postgres = await startPostgres();
  const connectionString = await postgres.createDatabase();
  return {
    name: "PostgreSQL",
    store: postgresStore({ connectionString, maxConnections: MAX_DATABASE_CONNECTIONS }),
    async fill(statement) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query(`${statement}; analyze auth_sessions`);
      await client.end();
    },
    async openUpdates(connections) {
      const pool = new pg.Pool({ connectionString, max: Math.min(connections, MAX_DATABASE_CONNECTIONS) });
      const now = "cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)";
      const text = updateWith(now, ["$1", "$2", "$3"]);
      return {
        rotate: async (id, counter) => (await pool.query(text, [counter + 1, id, counter])).rowCount ?? 0,
        close: () => pool.end(),
      };
    },
    close: () => postgres.stop(),
  };
}
