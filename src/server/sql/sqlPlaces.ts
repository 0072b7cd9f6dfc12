import { type Kysely, sql } from "kysely";
import type { AuthStore } from "../authStore.ts";
import type { SqlClock } from "./sqlClock.ts";
import type { AuthDatabase } from "./sqlSchema.ts";

/** From where subjects have signed in. */
export function createSqlPlaces(
  database: Kysely<AuthDatabase>,
  clock: SqlClock,
): Pick<AuthStore, "knownPlaces" | "notePlaces" | "sweepPlaces"> {
  return {
    async knownPlaces(subjectId, places) {
      if (places.length === 0) return [];
      const noted = database.selectFrom("auth_places").select("place").where("subject_id", "=", subjectId);
      return (await noted.where("place", "in", [...places]).execute()).map(({ place }) => place);
    },
    async notePlaces(subjectId, places) {
      if (places.length === 0) return;
      // In one order for all, so that two statements never wait for each other's rows.
      const rows = [...new Set(places)].toSorted().map((place) => sql`(${subjectId}, ${place}, ${clock.now})`);
      await sql`
        insert into auth_places (subject_id, place, seen_at) values ${sql.join(rows)}
        on conflict (subject_id, place) do update set seen_at = excluded.seen_at`.execute(database);
    },
    async sweepPlaces(retentionMs) {
      const { numAffectedRows } = await sql`
        delete from auth_places where seen_at < ${clock.now} - cast(${retentionMs} as bigint)`.execute(database);
      return Number(numAffectedRows ?? 0);
    },
  };
}
