import { type Kysely, sql } from "kysely";
import type { AuthStore, Subject } from "../authStore.ts";
import type { EndSessionsWhere } from "./endSessionsWhere.ts";
import type { SqlClock } from "./sqlClock.ts";
import { subjectFromRow } from "./sqlRows.ts";
import type { AuthDatabase, SubjectRow } from "./sqlSchema.ts";

type SubjectMethods = Pick<
  AuthStore,
  | "addSubject"
  | "upgradeGuest"
  | "findSubject"
  | "findSubjectByEmail"
  | "replacePasswordHash"
  | "changePassword"
  | "changeEmail"
  | "changeSubject"
  | "deleteSubject"
  | "sweepGuests"
>;

export function createSqlSubjects(
  database: Kysely<AuthDatabase>,
  clock: SqlClock,
  endSessionsWhere: EndSessionsWhere,
): SubjectMethods {
  const ofSubject = (subjectId: string) => sql`subject_id = ${subjectId}`;

  /** Null also when somebody else was given the address in the same moment: the table lets nobody have it twice. */
  async function unlessTaken(
    key: string | null,
    subjectId: string,
    update: () => Promise<{ readonly rows: readonly SubjectRow[] }>,
  ): Promise<Subject | null> {
    const isTaken = async (): Promise<boolean> => {
      const query = database.selectFrom("auth_subjects").select("id").where("email_key", "=", key);
      return key !== null && (await query.where("id", "!=", subjectId).executeTakeFirst()) !== undefined;
    };
    if (await isTaken()) return null;
    try {
      const { rows } = await update();
      return rows.map(subjectFromRow)[0] ?? null;
    } catch (error) {
      if (await isTaken()) return null;
      throw error;
    }
  }

  return {
    async addSubject({ id, email, passwordHash, isVerified, isGuest }) {
      const { rows } = await sql<SubjectRow>`
        insert into auth_subjects (id, email, email_key, password_hash, is_active, is_superuser, is_verified, is_guest,
          credential_version, created_at)
        values (${id}, ${email}, ${email?.toLowerCase() ?? null}, ${passwordHash}, 1, 0, ${isVerified ? 1 : 0},
          ${isGuest ? 1 : 0}, 1, ${clock.now})
        on conflict (email_key) do nothing returning *`.execute(database);
      return rows.map(subjectFromRow)[0] ?? null;
    },
    async upgradeGuest(subjectId, { email, passwordHash, isVerified }) {
      const key = email?.toLowerCase() ?? null;
      return unlessTaken(key, subjectId, () =>
        sql<SubjectRow>`
          update auth_subjects set email = cast(${email} as text), email_key = cast(${key} as text),
            password_hash = cast(${passwordHash} as text), is_verified = ${isVerified ? 1 : 0}, is_guest = 0
          where id = ${subjectId} and is_guest = 1 and is_active = 1 returning *`.execute(database),
      );
    },
    async changeEmail(subjectId, credentialVersion, email) {
      const key = email.toLowerCase();
      return unlessTaken(key, subjectId, () =>
        sql<SubjectRow>`
          update auth_subjects set email = ${email}, email_key = ${key}, is_verified = 0
          where id = ${subjectId} and credential_version = ${credentialVersion} returning *`.execute(database),
      );
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
        const endedSessions = await endSessionsWhere(transaction, ofSubject(subjectId), "passwordChanged");
        return { subject: subjectFromRow(row), endedSessions };
      });
    },
    async changeSubject(subjectId, { isActive, isVerified, isSuperuser }) {
      const number = (value: boolean | undefined) => (value === undefined ? null : Number(value));
      return database.transaction().execute(async (transaction) => {
        const { rows } = await sql<SubjectRow>`
          update auth_subjects set
            credential_version = credential_version + case
              when is_active = 1 and cast(${number(isActive)} as integer) = 0 then 1
              when is_superuser <> coalesce(cast(${number(isSuperuser)} as integer), is_superuser) then 1 else 0 end,
            is_active = coalesce(cast(${number(isActive)} as integer), is_active),
            is_verified = coalesce(cast(${number(isVerified)} as integer), is_verified),
            is_superuser = coalesce(cast(${number(isSuperuser)} as integer), is_superuser)
          where id = ${subjectId} returning *`.execute(transaction);
        const [subject] = rows.map(subjectFromRow);
        if (subject === undefined) return null;
        const outdated = sql`subject_id = ${subjectId} and credential_version <> ${subject.credentialVersion}`;
        const reason = subject.isActive ? "roleChanged" : "deactivated";
        return { subject, endedSessions: await endSessionsWhere(transaction, outdated, reason) };
      });
    },
    async sweepGuests(retentionMs) {
      const { rows } = await sql<{ id: string }>`
        delete from auth_subjects where is_guest = 1 and created_at < ${clock.now} - cast(${retentionMs} as bigint)
          and not exists (select 1 from auth_sessions a where a.subject_id = auth_subjects.id)
        returning id`.execute(database);
      return rows.map(({ id }) => id);
    },
    async deleteSubject(subjectId) {
      return database.transaction().execute(async (transaction) => {
        await transaction.deleteFrom("auth_subjects").where("id", "=", subjectId).execute();
        await transaction.deleteFrom("auth_places").where("subject_id", "=", subjectId).execute();
        return endSessionsWhere(transaction, ofSubject(subjectId), "deleted");
      });
    },
  };
}
