import { Kysely, sql, SqliteDialect } from "kysely";
import type { AuthStore } from "./authStore.ts";
import { aFunction, aNumber, aText, checkOptions, type OptionRules } from "./checkOptions.ts";
import { loadPeer } from "./loadPeer.ts";
import { OptionsError } from "./optionsError.ts";
import { requirePeer } from "./requirePeer.ts";
import { createFixedSqlClock, createSqlClock } from "./sql/sqlClock.ts";
import type { AuthDatabase } from "./sql/sqlSchema.ts";
import { createSqlStore } from "./sql/sqlStore.ts";

/** Which file, and how long to wait for others that use it. */
export interface SqliteStoreOptions {
  /** The database file, made if it is not there; ":memory:" for none. */
  readonly path: string;
  /** How long a statement waits for another process's, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** For tests only: the time in milliseconds since 1970. Default: the database's. */
  readonly now?: (() => number) | undefined;
}

const rules: OptionRules<SqliteStoreOptions> = { path: aText, busyTimeoutMs: aNumber, now: aFunction };

/**
 * Sessions in one SQLite file, through the optional peers `kysely` and `libsql`: for one machine. The tables are made
 * and brought up to date by themselves.
 *
 * @throws OptionsError for an unknown option, and where `libsql` is not installed.
 */
export function sqliteStore(options: SqliteStoreOptions): AuthStore {
  checkOptions("sqliteStore", options, rules);
  const { path, busyTimeoutMs = 5_000, now } = options;
  if ((path as string | undefined) === undefined) throw new OptionsError("`sqliteStore` needs the `path` of its file.");
  requirePeer("libsql", "`sqliteStore` needs it");
  const dialect = new SqliteDialect({
    async database() {
      const { default: Database } = await loadPeer<{ default: typeof import("libsql") }>("libsql");
      await keepPrivate(path);
      const database = new Database(path);
      // First, since switching the journal may have to wait for another process, too.
      database.pragma(`busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
      database.pragma("journal_mode = WAL");
      // In WAL mode this loses nothing when the process dies, and only a power failure could lose the last moments.
      database.pragma("synchronous = NORMAL");
      return database;
    },
  });
  const databaseNow = sql<number>`cast(round(unixepoch('subsec') * 1000) as integer)`;
  const clock = now === undefined ? createSqlClock(databaseNow) : createFixedSqlClock(now);
  return createSqlStore(new Kysely<AuthDatabase>({ dialect }), clock);
}

/** Others on this machine may not read the sessions of everybody. SQLite gives new files beside it the same mode. */
async function keepPrivate(path: string): Promise<void> {
  if (path === "" || path === ":memory:") return;
  const file = /^file:(?:\/\/[^/]*)?([^?#]*)/.exec(path)?.[1] ?? path;
  const { chmod, open, stat } = await loadPeer<typeof import("node:fs/promises")>("node:fs/promises");
  try {
    await (await open(file, "ax", 0o600)).close();
  } catch {
    // It is there already, or its folder is not: then SQLite says so in its own words.
  }
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = await stat(each).then(
      (found) => found.mode,
      () => 0,
    );
    // A group that was let in on purpose stays. Where the file is another user's, that user decides.
    if ((mode & 0o007) !== 0) await chmod(each, mode & 0o770).catch(() => undefined);
  }
}
