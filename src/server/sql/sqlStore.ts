import { type Kysely, sql } from "kysely";
import type { AuthStore } from "../authStore.ts";
import { createEndSessionsWhere, type EndingsChannel } from "./endSessionsWhere.ts";
import { migrate } from "./migrate.ts";
import type { SqlClock } from "./sqlClock.ts";
import { createSqlDeviceCodes } from "./sqlDeviceCodes.ts";
import type { AuthDatabase } from "./sqlSchema.ts";
import { createSqlPlaces } from "./sqlPlaces.ts";
import { createSqlSessions } from "./sqlSessions.ts";
import { createSqlSubjects } from "./sqlSubjects.ts";

/** By so much may the clocks of servers differ. */
const RATE_LIMIT_MARGIN_MS = 3_600_000;

/**
 * The store on SQL that SQLite and PostgreSQL both understand. Whatever races is one conditional statement; whoever
 * changes no row is told so. No statement binds a boolean, which the SQLite binding does not know.
 */
export function createSqlStore(
  database: Kysely<AuthDatabase>,
  clock: SqlClock,
  endingsChannel: EndingsChannel | null = null,
): AuthStore {
  const endSessionsWhere = createEndSessionsWhere(clock, endingsChannel);
  let migrated: Promise<void> | undefined;

  return {
    ...createSqlSubjects(database, clock, endSessionsWhere),
    ...createSqlPlaces(database, clock),
    ...createSqlSessions(database, clock, endSessionsWhere),
    ...createSqlDeviceCodes(database, clock),
    clock: () => clock.estimate(),
    ready() {
      const attempt = migrated ?? migrate(database);
      migrated = attempt;
      // A database that is not there yet may be there at the next request.
      attempt.catch(() => {
        if (migrated === attempt) migrated = undefined;
      });
      return attempt;
    },
    close: () => database.destroy(),
    async sweep(retentionMs) {
      const limit = sql`${clock.now} - cast(${retentionMs} as bigint)`;
      const sessions = await sql`
        delete from auth_sessions where ended_at < ${limit} or expires_at < ${limit}`.execute(database);
      const codes = await sql`delete from auth_device_codes where expires_at < ${limit}`.execute(database);
      // Their clock is the servers' own.
      await database
        .deleteFrom("auth_rate_limits")
        .where("expire", "<", Date.now() - RATE_LIMIT_MARGIN_MS)
        .execute();
      return Number(sessions.numAffectedRows ?? 0) + Number(codes.numAffectedRows ?? 0);
    },
  };
}
