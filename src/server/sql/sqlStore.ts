import { type Kysely, Migrator, sql } from "kysely";
import type { AuthStore, SessionEndReason, SessionRecord } from "../authStore.ts";
import { deviceCodeFromRow, sessionFromRow, subjectFromRow } from "./sqlRows.ts";
import { type AuthDatabase, type DeviceCodeRow, migrations, type SessionRow, type SubjectRow } from "./sqlSchema.ts";
import type { SqlClock } from "./sqlClock.ts";

type Timed<Row> = Row & { now: number };

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

/**
 * The store on SQL that SQLite and PostgreSQL both understand. Whatever races is one conditional statement; whoever
 * changes no row is told so. No statement binds a boolean, which the SQLite binding does not know.
 */
export function createSqlStore(database: Kysely<AuthDatabase>, clock: SqlClock): AuthStore {
  let migrated: Promise<void> | undefined;

  /** The statement's rows, taking up the database's time where they carry it. */
  async function timed<Row extends { now: number }>(statement: {
    execute(of: typeof database): Promise<{ rows: Row[] }>;
  }) {
    const askedAt = Date.now();
    const { rows } = await statement.execute(database);
    const [first] = rows;
    if (first !== undefined) clock.learn(Number(first.now), askedAt);
    return rows;
  }

  async function readWhere(condition: ReturnType<typeof sql>): Promise<SessionRecord[]> {
    const rows = await timed(sql<JoinedRow>`
      select a.*, ${SUBJECT_COLUMNS}, ${clock.now} as now
      from auth_sessions a left join auth_subjects s on s.id = a.subject_id
      where ${condition}`);
    return rows.map(recordFromRow);
  }

  async function endWhere(on: Kysely<AuthDatabase>, condition: ReturnType<typeof sql>, reason: SessionEndReason) {
    const { rows } = await sql<{ id: string }>`
      update auth_sessions set ended_at = ${clock.now}, end_reason = ${reason}
      where ended_at is null and ${condition} returning id`.execute(on);
    return rows.map(({ id }) => id);
  }

  const ofSubject = (subjectId: string) => sql`subject_id = ${subjectId}`;

  return {
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

    async addSubject({ id, email, passwordHash, isVerified, isGuest }) {
      const { rows } = await sql<SubjectRow>`
        insert into auth_subjects (id, email, email_key, password_hash, is_active, is_superuser, is_verified, is_guest,
          credential_version, created_at)
        values (${id}, ${email}, ${email?.toLowerCase() ?? null}, ${passwordHash}, 1, 0, ${isVerified ? 1 : 0},
          ${isGuest ? 1 : 0}, 1, ${clock.now})
        on conflict (email_key) do nothing returning *`.execute(database);
      return rows.map(subjectFromRow)[0] ?? null;
    },
    async findSubject(id) {
      const row = await database.selectFrom("auth_subjects").selectAll().where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : subjectFromRow(row);
    },
    async findSubjectByEmail(email) {
      const query = database.selectFrom("auth_subjects").selectAll().where("email_key", "=", email.toLowerCase());
      const row = await query.executeTakeFirst();
      return row === undefined ? null : subjectFromRow(row);
    },
    async replacePasswordHash(subjectId, from, to) {
      const update = database.updateTable("auth_subjects").set({ password_hash: to });
      await update.where("id", "=", subjectId).where("password_hash", "=", from).execute();
    },
    async changePassword(subjectId, credentialVersion, passwordHash) {
      // The update comes first: it takes SQLite's write lock, which a transaction that has read could no longer wait
      // for.
      return database.transaction().execute(async (transaction) => {
        const { rows } = await sql<SubjectRow>`
          update auth_subjects set password_hash = ${passwordHash}, credential_version = credential_version + 1
          where id = ${subjectId} and credential_version = ${credentialVersion} returning *`.execute(transaction);
        const [row] = rows;
        if (row === undefined) return null;
        const endedSessions = await endWhere(transaction, ofSubject(subjectId), "passwordChanged");
        return { subject: subjectFromRow(row), endedSessions };
      });
    },
    async changeSubject(subjectId, { isActive, isVerified, isSuperuser }) {
      const number = (value: boolean | undefined) => (value === undefined ? null : Number(value));
      return database.transaction().execute(async (transaction) => {
        const { rows } = await sql<SubjectRow>`
          update auth_subjects set
            is_active = coalesce(cast(${number(isActive)} as integer), is_active),
            is_verified = coalesce(cast(${number(isVerified)} as integer), is_verified),
            is_superuser = coalesce(cast(${number(isSuperuser)} as integer), is_superuser)
          where id = ${subjectId} returning *`.execute(transaction);
        const [subject] = rows.map(subjectFromRow);
        if (subject === undefined) return null;
        const endedSessions = subject.isActive ? [] : await endWhere(transaction, ofSubject(subjectId), "deactivated");
        return { subject, endedSessions };
      });
    },
    async deleteSubject(subjectId) {
      return database.transaction().execute(async (transaction) => {
        await transaction.deleteFrom("auth_subjects").where("id", "=", subjectId).execute();
        return endWhere(transaction, ofSubject(subjectId), "deleted");
      });
    },

    async addSession(session) {
      const drawn = await timed(sql<{ number: number; now: number }>`
        update auth_session_numbers set last_number = case
          when last_number >= ${session.numberAbove} and last_number >= ${clock.now} then last_number + 1
          when ${clock.now} > cast(${session.numberAbove} as bigint) then ${clock.now}
          else cast(${session.numberAbove} as bigint) + 1 end
        where id = 1 returning last_number as number, ${clock.now} as now`);
      const number = Number(drawn[0]?.number);
      const { idleMs, absoluteMs } = session;
      await sql`
        insert into auth_sessions (id, subject_id, session_number, transport, secret, counter, previous_counter, rotated_at,
          repeated_at, credential_version, created_at, authenticated_at, last_refreshed_at, expires_at, absolute_expires_at, replaces,
          user_agent, client_name)
        select cast(${session.id} as text), s.id, cast(${number} as bigint), cast(${session.transport} as text),
          cast(${session.secret} as text), 1, 0, 0, 0, s.credential_version, t.now,
          case when ${session.authenticated ? 1 : 0} = 1 then t.now else 0 end, t.now,
          t.now + cast(${Math.min(idleMs, absoluteMs)} as bigint), t.now + cast(${absoluteMs} as bigint),
          cast(${session.replaces.join(" ")} as text), cast(${session.userAgent} as text), cast(${session.clientName} as text)
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
    async rotateSession({ sessionId, counter, previous, nextCounter, nextPrevious, graceMs, idleMs }) {
      const askedAt = Date.now();
      const { rows } = await sql<SessionRow>`
        update auth_sessions set counter = ${nextCounter}, previous_counter = ${nextPrevious}, rotated_at = ${clock.now},
          last_refreshed_at = ${clock.now}, expires_at = case
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
        where id = ${sessionId} and counter = ${counter} and previous_counter = ${previous} returning *`.execute(
        database,
      );
      return rows.map(sessionFromRow)[0] ?? null;
    },
    async endSessions(ids, reason) {
      return ids.length === 0 ? [] : endWhere(database, sql`id in (${sql.join([...ids])})`, reason);
    },
    endSessionsOfSubject: (subjectId, exceptId, reason) =>
      endWhere(database, sql`${ofSubject(subjectId)} and id <> ${exceptId ?? ""}`, reason),
    async forgetReplaced(sessionId) {
      await database.updateTable("auth_sessions").set({ replaces: "" }).where("id", "=", sessionId).execute();
    },

    async addDeviceCode({ deviceCodeHash, userCode, clientId, lifetimeMs, intervalMs, address, userAgent }) {
      const { rows } = await sql`
        insert into auth_device_codes (device_code_hash, user_code, client_id, created_at, expires_at, interval_ms, polled_at,
          status, address, user_agent)
        values (${deviceCodeHash}, ${userCode}, ${clientId}, ${clock.now}, ${clock.now} + cast(${lifetimeMs} as bigint),
          ${intervalMs}, 0, 'pending', ${address}, ${userAgent})
        on conflict (user_code) do nothing returning user_code`.execute(database);
      return rows.length === 1;
    },
    async findDeviceCode(deviceCodeHash) {
      return findDeviceCode(sql`device_code_hash = ${deviceCodeHash}`);
    },
    async findDeviceCodeByUserCode(userCode) {
      return findDeviceCode(sql`user_code = ${userCode}`);
    },
    async pollDeviceCode(deviceCodeHash, slowDownMs) {
      await sql`
        update auth_device_codes set polled_at = ${clock.now}, interval_ms = interval_ms + cast(${slowDownMs} as bigint)
        where device_code_hash = ${deviceCodeHash}`.execute(database);
    },
    async answerDeviceCode(userCode, answer, subjectId, sessionId) {
      const { rows } = await sql`
        update auth_device_codes set status = ${answer}, approved_by = ${subjectId}, approving_session_id = ${sessionId}
        where user_code = ${userCode} and status = 'pending' and expires_at > ${clock.now}
        returning user_code`.execute(database);
      return rows.length === 1;
    },
    async redeemDeviceCode(deviceCodeHash, sessionId) {
      const { rows } = await sql`
        update auth_device_codes set status = 'redeemed', session_id = ${sessionId}, redeemed_at = ${clock.now}
        where device_code_hash = ${deviceCodeHash} and status = 'approved' and expires_at > ${clock.now}
        returning user_code`.execute(database);
      return rows.length === 1;
    },

    async sweep(retentionMs) {
      const limit = sql`${clock.now} - cast(${retentionMs} as bigint)`;
      const sessions = await sql`
        delete from auth_sessions where ended_at < ${limit} or expires_at < ${limit}`.execute(database);
      const codes = await sql`delete from auth_device_codes where expires_at < ${limit}`.execute(database);
      return Number(sessions.numAffectedRows ?? 0) + Number(codes.numAffectedRows ?? 0);
    },
  };

  async function findDeviceCode(condition: ReturnType<typeof sql>) {
    const [row] = await timed(sql<Timed<DeviceCodeRow>>`
      select d.*, ${clock.now} as now from auth_device_codes d where ${condition}`);
    return row === undefined ? null : { deviceCode: deviceCodeFromRow(row), now: Number(row.now) };
  }
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

/** How often a process tries that finds another one at work on the same SQLite file. */
const MIGRATION_ATTEMPTS = 5;

async function migrate(database: Kysely<AuthDatabase>): Promise<void> {
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
