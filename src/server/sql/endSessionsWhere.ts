import { type Kysely, sql } from "kysely";
import type { EndedSession, SessionEndReason } from "../authStore.ts";
import type { SqlClock } from "./sqlClock.ts";
import type { AuthDatabase } from "./sqlSchema.ts";

/** Ends the sessions that meet `condition` and have not ended; returns which. */
export type EndSessionsWhere = (
  database: Kysely<AuthDatabase>,
  condition: ReturnType<typeof sql>,
  reason: SessionEndReason,
) => Promise<EndedSession[]>;

/** Where PostgreSQL tells of the sessions that ended, and by whose hand. */
export interface EndingsChannel {
  readonly name: string;
  /** Who sends: each server is to know its own words. */
  readonly sender: string;
}

/**
 * With a channel each ended session is told there, by the statement that ends it: nobody hears of one that was rolled back,
 * and a server that dies in between has told of all that it ended.
 */
export function createEndSessionsWhere(clock: SqlClock, channel: EndingsChannel | null): EndSessionsWhere {
  return async (database, condition, reason) => {
    const ending = sql`
      update auth_sessions set ended_at = ${clock.now}, end_reason = ${reason}
      where ended_at is null and ${condition} returning id, subject_id`;
    const told =
      channel &&
      sql`
      with ended as (${ending})
      select id, subject_id, pg_notify(${channel.name}, ${`${channel.sender} `} || id) from ended`;
    const { rows } = await sql<{ id: string; subject_id: string }>`${told ?? ending}`.execute(database);
    return rows.map((row) => ({ id: row.id, subjectId: row.subject_id }));
  };
}
