import type { Kysely, Migration } from "kysely";
import { addColumnOnce } from "./addColumnOnce.ts";

// Numbers rather than booleans and dates: both databases then hold the same values, and SQLite has neither.

export interface SubjectRow {
  id: string;
  email: string | null;
  /** The address in lower case: what is unique. */
  email_key: string | null;
  password_hash: string | null;
  is_active: number;
  is_superuser: number;
  is_verified: number;
  is_guest: number;
  credential_version: number;
  created_at: number;
}

export interface SessionRow {
  id: string;
  subject_id: string;
  session_number: number;
  transport: string;
  secret: string;
  counter: number;
  previous_counter: number;
  rotated_at: number;
  rotated_by: string;
  bound_key: string | null;
  repeated_at: number;
  credential_version: number;
  created_at: number;
  authenticated_at: number;
  last_refreshed_at: number;
  expires_at: number;
  absolute_expires_at: number;
  ended_at: number | null;
  end_reason: string | null;
  /** Session ids with a space between them. */
  replaces: string;
  user_agent: string | null;
  client_name: string | null;
  method: string | null;
  /** Values with a space between them. */
  amr: string;
  persistent: number;
}

export interface DeviceCodeRow {
  device_code_hash: string;
  user_code: string;
  client_id: string;
  created_at: number;
  expires_at: number;
  interval_ms: number;
  polled_at: number;
  status: string;
  approved_by: string | null;
  approving_session_id: string | null;
  session_id: string | null;
  redeemed_at: number | null;
  address: string | null;
  user_agent: string | null;
}

export interface PlaceRow {
  subject_id: string;
  place: string;
  seen_at: number;
}

export interface AuthDatabase {
  auth_subjects: SubjectRow;
  auth_sessions: SessionRow;
  auth_device_codes: DeviceCodeRow;
  auth_places: PlaceRow;
  /** The table of `rate-limiter-flexible`, whose clock is the servers' own. */
  auth_rate_limits: { key: string; points: number; expire: number | null };
  /** One row: the last session number drawn. */
  auth_session_numbers: { id: number; last_number: number };
}

/**
 * Every step of the schema, by name. One that was released is never changed: add the next. On SQLite a step is no
 * transaction and takes no lock: each must also do if another process is at it, or was killed in the middle of it.
 */
export const migrations: Readonly<Record<string, Migration>> = {
  "2026_11_25_first": {
    async up(database: Kysely<unknown>) {
      const { schema } = database;
      await schema
        .createTable("auth_subjects")
        .ifNotExists()
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("email", "text")
        .addColumn("email_key", "text", (column) => column.unique())
        .addColumn("password_hash", "text")
        .addColumn("is_active", "integer", (column) => column.notNull())
        .addColumn("is_superuser", "integer", (column) => column.notNull())
        .addColumn("is_verified", "integer", (column) => column.notNull())
        .addColumn("is_guest", "integer", (column) => column.notNull())
        .addColumn("credential_version", "bigint", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .execute();
      // No foreign key to the subject: the sessions of a deleted one still answer `_REVOKED` for a while.
      await schema
        .createTable("auth_sessions")
        .ifNotExists()
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("subject_id", "text", (column) => column.notNull())
        .addColumn("session_number", "bigint", (column) => column.notNull())
        .addColumn("transport", "text", (column) => column.notNull())
        .addColumn("secret", "text", (column) => column.notNull())
        .addColumn("counter", "bigint", (column) => column.notNull())
        .addColumn("previous_counter", "bigint", (column) => column.notNull())
        .addColumn("rotated_at", "bigint", (column) => column.notNull())
        .addColumn("repeated_at", "bigint", (column) => column.notNull())
        .addColumn("credential_version", "bigint", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("authenticated_at", "bigint", (column) => column.notNull())
        .addColumn("last_refreshed_at", "bigint", (column) => column.notNull())
        .addColumn("expires_at", "bigint", (column) => column.notNull())
        .addColumn("absolute_expires_at", "bigint", (column) => column.notNull())
        .addColumn("ended_at", "bigint")
        .addColumn("end_reason", "text")
        .addColumn("replaces", "text", (column) => column.notNull())
        .addColumn("user_agent", "text")
        .addColumn("client_name", "text")
        .execute();
      await schema
        .createIndex("auth_sessions_subject")
        .ifNotExists()
        .on("auth_sessions")
        .column("subject_id")
        .execute();
      // No index on the deadlines: every rotation would have to move its entry, and only the hourly sweep would use it.
      await schema
        .createTable("auth_device_codes")
        .ifNotExists()
        .addColumn("device_code_hash", "text", (column) => column.primaryKey())
        .addColumn("user_code", "text", (column) => column.notNull().unique())
        .addColumn("client_id", "text", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("expires_at", "bigint", (column) => column.notNull())
        .addColumn("interval_ms", "bigint", (column) => column.notNull())
        .addColumn("polled_at", "bigint", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("approved_by", "text")
        .addColumn("approving_session_id", "text")
        .addColumn("session_id", "text")
        .addColumn("redeemed_at", "bigint")
        .addColumn("address", "text")
        .addColumn("user_agent", "text")
        .execute();
      await schema
        .createTable("auth_session_numbers")
        .ifNotExists()
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("last_number", "bigint", (column) => column.notNull())
        .execute();
      const numbers = database as unknown as Kysely<AuthDatabase>;
      const first = numbers.insertInto("auth_session_numbers").values({ id: 1, last_number: 0 });
      await first.onConflict((conflict) => conflict.column("id").doNothing()).execute();
    },
  },
  "2026_11_28_places_and_limits": {
    async up({ schema }: Kysely<unknown>) {
      await schema
        .createTable("auth_places")
        .ifNotExists()
        .addColumn("subject_id", "text", (column) => column.notNull())
        .addColumn("place", "text", (column) => column.notNull())
        .addColumn("seen_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("auth_places_key", ["subject_id", "place"])
        .execute();
      await schema
        .createTable("auth_rate_limits")
        .ifNotExists()
        .addColumn("key", "varchar(255)", (column) => column.primaryKey())
        .addColumn("points", "integer", (column) => column.notNull().defaultTo(0))
        .addColumn("expire", "bigint")
        .execute();
    },
  },
  "2026_11_28_callers_and_keys": {
    async up(database: Kysely<unknown>) {
      await addColumnOnce(database, "auth_sessions", "rotated_by", "text", (column) => column.notNull().defaultTo(""));
      await addColumnOnce(database, "auth_sessions", "bound_key", "text");
    },
  },
  "2026_11_29_ways_in": {
    async up(database: Kysely<unknown>) {
      await addColumnOnce(database, "auth_sessions", "method", "text");
      await addColumnOnce(database, "auth_sessions", "amr", "text", (column) => column.notNull().defaultTo(""));
      await addColumnOnce(database, "auth_sessions", "persistent", "integer", (column) =>
        column.notNull().defaultTo(1),
      );
    },
  },
};
