import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { AuthStore } from "../../../src/server/authStore.ts";
import { memoryStore } from "../../../src/server/memoryStore.ts";
import { postgresStore } from "../../../src/server/postgresStore.ts";
import { createSessionId } from "../../../src/server/sessionId.ts";
import { sqliteStore } from "../../../src/server/sqliteStore.ts";
import { hasPostgres, type Postgres, startPostgres } from "../../support/postgres.ts";

export interface Engine {
  readonly name: string;
  readonly isHere: boolean;
  readonly open: (options: { now?: () => number }) => AuthStore | Promise<AuthStore>;
}

/** The three stores, each opened on an empty database; starts what they need for the file's tests. */
export function prepareEngines(): readonly Engine[] {
  let folder = "";
  let postgres: Postgres | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "stay-signed-in-stores-"));
    if (hasPostgres) postgres = await startPostgres();
  }, 60_000);

  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  return [
    { name: "memory", isHere: true, open: (options) => memoryStore(options) },
    {
      name: "SQLite",
      isHere: true,
      open: (options) => sqliteStore({ path: join(folder, `${createSessionId()}.db`), ...options }),
    },
    {
      name: "PostgreSQL",
      isHere: hasPostgres,
      open: async (options) =>
        postgresStore({ connectionString: (await postgres?.createDatabase()) ?? "", ...options }),
    },
  ];
}
