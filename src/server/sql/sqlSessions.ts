import { type Kysely, sql } from "kysely";
import type { AuthStore, SessionRecord } from "../authStore.ts";
import type { EndSessionsWhere } from "./endSessionsWhere.ts";
import { executeTimed, type Timed } from "./executeTimed.ts";
import type { SqlClock } from "./sqlClock.ts";
import { sessionFromRow, subjectFromRow } from "./sqlRows.ts";
import type { AuthDatabase, SessionRow, SubjectRow } from "./sqlSchema.ts";

type SessionMethods = Pick<
  AuthStore,
  | "addSession"
  | "readSessions"
  | "listSessions"
  | "rotateSession"
  | "noteRepeat"
  | "endSessions"
  | "endSessionsOfSubject"
  | "forgetReplaced"
>;

/** A session's row with its subject's, whose columns begin with `s_`; null each where the subject was deleted. */
type JoinedRow = Timed<SessionRow> & { [Column in keyof SubjectRow as `s_${Column}`]: SubjectRow[Column] | null };

const SUBJECT_COLUMNS = sql.raw(
  (
    [
      "id",
      "email",
      "email_key",
      "password_hash",
      "is_active",
      "is_superuser",
      "is_verified",
      "is_guest",
      "credential_version",
      "created_at",
    ] satisfies (keyof SubjectRow)[]
  )
    .map((column) => `s.${column} as s_${column}`)
    .join(", "),
);

export function createSqlSessions(
  database: Kysely<AuthDatabase>,
  clock: SqlClock,
  endSessionsWhere: EndSessionsWhere,
): SessionMethods {
  async function readWhere(condition: ReturnType<typeof sql>): Promise<SessionRecord[]> {
    const rows = await executeTimed(
      database,
      clock,
      sql<JoinedRow>`
      select a.*, ${SUBJECT_COLUMNS}, ${clock.now} as now
      from auth_sessions a left join auth_subjects s on s.id = a.subject_id
      where ${condition}`,
    );
    return rows.map(recordFromRow);
  }

  return {
    async addSession(session) {
      const drawn = await executeTimed(
        database,
        clock,
        sql<{ number: number; now: number }>`
        update auth_session_numbers set last_number = case
          when last_number >= ${session.numberAbove} and last_number >= ${clock.now} then last_number + 1
          when ${clock.now} > cast(${session.numberAbove} as bigint) then ${clock.now}
          else cast(${session.numberAbove} as bigint) + 1 end
        where id = 1 returning last_number as number, ${clock.now} as now`,
      );
      const number = Number(drawn[0]?.number);
      const { idleMs, absoluteMs } = session;
      await sql`
        insert into auth_sessions (id, subject_id, session_number, transport, secret, counter, previous_counter, rotated_at,
          repeated_at, credential_version, created_at, authenticated_at, last_refreshed_at, expires_at, absolute_expires_at, replaces,
          user_agent, client_name, bound_key, method, amr, persistent)
        select cast(${session.id} as text), s.id, cast(${number} as bigint), cast(${session.transport} as text),
          cast(${session.secret} as text), 1, 0, 0, 0, s.credential_version, t.now,
          case when ${session.authenticated ? 1 : 0} = 1 then t.now else 0 end, t.now,
          t.now + cast(${Math.min(idleMs, absoluteMs)} as bigint), t.now + cast(${absoluteMs} as bigint),
          cast(${session.replaces.join(" ")} as text), cast(${session.userAgent} as text), cast(${session.clientName} as text),
          cast(${session.boundKey} as text), cast(${session.method} as text), cast(${session.amr.join(" ")} as text),
          ${session.persistent ? 1 : 0}
        from auth_subjects s, (select ${clock.now} as now) t
        where s.id = ${session.subjectId} and s.is_active = 1
          and s.credential_version = ${session.credentialVersion}
        on conflict (id) do nothing`.execute(database);
      return (await readWhere(sql`a.id = ${session.id}`))[0] ?? null;
    },
    async readSessions(ids) {
      return ids.length === 0 ? [] : readWhere(sql`a.id in (${sql.join([...ids])})`);
    },
    listSessions: (subjectId) => readWhere(sql`a.subject_id = ${subjectId}`),
    async rotateSession({ sessionId, counter, previous, nextCounter, nextPrevious, rotatedBy, graceMs, idleMs }) {
      const askedAt = Date.now();
      const { rows } = await sql<SessionRow>`
        update auth_sessions set counter = ${nextCounter}, previous_counter = ${nextPrevious}, rotated_at = ${clock.now},
          rotated_by = ${rotatedBy}, last_refreshed_at = ${clock.now}, expires_at = case
            when ${clock.now} + cast(${idleMs} as bigint) < absolute_expires_at then ${clock.now} + cast(${idleMs} as bigint)
            else absolute_expires_at end
        where id = ${sessionId} and counter = ${counter} and previous_counter = ${previous}
          and (cast(${graceMs} as bigint) = 0 or (rotated_at <= ${clock.now} - cast(${graceMs} as bigint)
            and repeated_at <= ${clock.now} - cast(${graceMs} as bigint)))
          and ended_at is null and expires_at > ${clock.now} and absolute_expires_at > ${clock.now}
          and exists (select 1 from auth_subjects s where s.id = auth_sessions.subject_id and s.is_active = 1
            and s.credential_version = auth_sessions.credential_version)
        returning *`.execute(database);
      const [session] = rows.map(sessionFromRow);
      if (session !== undefined) clock.learn(session.rotatedAt, askedAt);
      return session ?? null;
    },
    async noteRepeat(sessionId, counter, previous) {
      const { rows } = await sql<SessionRow>`
        update auth_sessions set repeated_at = ${clock.now}
        where id = ${sessionId} and counter = ${counter} and previous_counter = ${previous}
          and ended_at is null returning *`.execute(database);
      return rows.map(sessionFromRow)[0] ?? null;
    },
    async endSessions(ids, reason) {
      return ids.length === 0 ? [] : endSessionsWhere(database, sql`id in (${sql.join([...ids])})`, reason);
    },
    async endSessionsOfSubject(subjectId, exceptId, reason) {
      const kept = exceptId ?? "";
      return database.transaction().execute(async (transaction) => {
        // Whatever is just being made under the version before, unseen by the statements below, is dead as well.
        await sql`
          update auth_subjects set credential_version = credential_version + 1 where id = ${subjectId}`.execute(
          transaction,
        );
        await sql`
          update auth_sessions set credential_version =
            (select s.credential_version from auth_subjects s where s.id = auth_sessions.subject_id)
          where id = ${kept} and subject_id = ${subjectId}
            and exists (select 1 from auth_subjects s where s.id = auth_sessions.subject_id)`.execute(transaction);
        await sql`
          update auth_device_codes set status = 'denied'
          where approved_by = ${subjectId} and status = 'approved'`.execute(transaction);
        const others = sql`subject_id = ${subjectId} and id <> ${kept}`;
        return endSessionsWhere(transaction, others, reason);
      });
    },
    async forgetReplaced(sessionId) {
      await database.updateTable("auth_sessions").set({ replaces: "" }).where("id", "=", sessionId).execute();
    },
  };
}

function recordFromRow(row: JoinedRow): SessionRecord {
  const subject =
    row.s_id === null
      ? null
      : subjectFromRow({
          id: row.s_id,
          email: row.s_email,
          email_key: row.s_email_key,
          password_hash: row.s_password_hash,
          is_active: row.s_is_active ?? 0,
          is_superuser: row.s_is_superuser ?? 0,
          is_verified: row.s_is_verified ?? 0,
          is_guest: row.s_is_guest ?? 0,
          credential_version: row.s_credential_version ?? 0,
          created_at: row.s_created_at ?? 0,
        });
  return { session: sessionFromRow(row), subject, now: Number(row.now) };
}
