import { Kysely, PostgresDialect, sql } from "kysely";
import type { Pool } from "pg";
import type { AuthStore } from "./authStore.ts";
import { aFunction, aNumber, anObject, aText, checkOptions, type OptionRules } from "./checkOptions.ts";
import { loadPeer } from "./loadPeer.ts";
import { createSessionId } from "./sessionId.ts";
import { type OwnConnection, watchPostgresEndings } from "./sql/watchPostgresEndings.ts";
import { createPostgresRateLimiter } from "./sql/postgresRateLimiter.ts";
import { OptionsError } from "./optionsError.ts";
import { requirePeer } from "./requirePeer.ts";
import { createFixedSqlClock, createSqlClock } from "./sql/sqlClock.ts";
import type { AuthDatabase } from "./sql/sqlSchema.ts";
import { createSqlStore } from "./sql/sqlStore.ts";

/** Which database, and over which connections. Either `connectionString` or `pool` is needed. */
export interface PostgresStoreOptions {
  /** `postgres://user@host:5432/database`; the store then makes a pool and ends it when it closes. Default: none. */
  readonly connectionString?: string | undefined;
  /** A pool of yours, which closing the server ends, too. Default: none. */
  readonly pool?: Pool | undefined;
  /** How many connections the store's own pool has at most. Default 10. */
  readonly maxConnections?: number | undefined;
  /** For tests only: the time in milliseconds since 1970. Default: the database's. */
  readonly now?: (() => number) | undefined;
}

const rules: OptionRules<PostgresStoreOptions> = {
  connectionString: aText,
  pool: anObject,
  maxConnections: aNumber,
  now: aFunction,
};

/**
 * Sessions in PostgreSQL 12 or later, through the optional peers `kysely` and `pg`: for any number of servers that
 * share them. The tables are made and brought up to date by themselves, by one server at a time.
 *
 * @throws OptionsError for an unknown option, without a database, and where `pg` is not installed and no `pool` is given.
 */
export function postgresStore(options: PostgresStoreOptions): AuthStore {
  checkOptions("postgresStore", options, rules);
  const { connectionString, pool, maxConnections = 10, now } = options;
  if (pool === undefined && connectionString === undefined) {
    throw new OptionsError("`postgresStore` needs a `connectionString` or a `pool`.");
  }
  if (pool === undefined) requirePeer("pg", "`postgresStore` needs it");
  let opened: Promise<Pool> | undefined;

  async function openPool(): Promise<Pool> {
    if (pool !== undefined) return pool;
    const { default: pg } = await loadPeer<typeof import("pg")>("pg");
    const own = new pg.Pool({ ...(connectionString !== undefined && { connectionString }), max: maxConnections });
    // A connection that the database closes while it is idle is replaced at the next statement; without a listener
    // the process would end.
    own.on("error", () => undefined);
    return own;
  }

  const poolOnce = () => (opened ??= openPool());

  /** One that is not of the store's own pool, whose every connection is there for requests. */
  async function openConnection(): Promise<OwnConnection> {
    if (pool !== undefined) {
      const client = await pool.connect();
      return { client, release: async () => client.release(true) };
    }
    const { default: pg } = await loadPeer<typeof import("pg")>("pg");
    const client = new pg.Client({ ...(connectionString !== undefined && { connectionString }), keepAlive: true });
    client.on("error", () => undefined);
    await client.connect();
    // Not in its declarations. A server that does nothing but listen may end.
    (client as typeof client & { unref?(): void }).unref?.();
    return { client, release: () => client.end() };
  }

  const channel = { name: "stay_signed_in_ended", sender: createSessionId() };
  const databaseNow = sql<number>`cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)`;
  const clock = now === undefined ? createSqlClock(databaseNow) : createFixedSqlClock(now);
  const database = new Kysely<AuthDatabase>({ dialect: new PostgresDialect({ pool: poolOnce }) });
  const store = createSqlStore(database, clock, channel);
  return {
    ...store,
    async createRateLimiter(name, limit) {
      await store.ready();
      return createPostgresRateLimiter(await poolOnce(), name, limit);
    },
    watchEndedSessions: (listener) => watchPostgresEndings(openConnection, channel, listener),
  };
}
