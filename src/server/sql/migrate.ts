import { type Kysely, Migrator } from "kysely";
import { type AuthDatabase, migrations } from "./sqlSchema.ts";

/** How often a process tries that finds another one at work on the same SQLite file. */
const MIGRATION_ATTEMPTS = 5;

/** Brings the tables up to date. */
export async function migrate(database: Kysely<AuthDatabase>): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: "auth_migrations",
    migrationLockTableName: "auth_migrations_lock",
  });
  for (let attempt = 1; ; attempt += 1) {
    const { error } = await migrator.migrateToLatest();
    if (error === undefined) return;
    if (attempt === MIGRATION_ATTEMPTS) {
      throw new Error("The tables could not be brought up to date.", { cause: error });
    }
  }
}
