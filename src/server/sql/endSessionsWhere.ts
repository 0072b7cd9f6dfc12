import { type Kysely, sql } from "kysely";
import type { EndedSession, SessionEndReason } from "../authStore.ts";
import type { SqlClock } from "./sqlClock.ts";
import type { AuthDatabase } from "./sqlSchema.ts";

/** Ends the sessions that meet `condition` and have not ended; returns which. */
export async function endSessionsWhere(
  database: Kysely<AuthDatabase>,
  clock: SqlClock,
  condition: ReturnType<typeof sql>,
  reason: SessionEndReason,
): Promise<EndedSession[]> {
  const { rows } = await sql<{ id: string; subject_id: string }>`
    update auth_sessions set ended_at = ${clock.now}, end_reason = ${reason}
    where ended_at is null and ${condition} returning id, subject_id`.execute(database);
  return rows.map((row) => ({ id: row.id, subjectId: row.subject_id }));
}
