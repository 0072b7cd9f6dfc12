import type { DeviceCode, DeviceCodeStatus, Session, SessionEndReason, Subject, Transport } from "../authStore.ts";
import type { DeviceCodeRow, SessionRow, SubjectRow } from "./sqlSchema.ts";

// `Number` everywhere, since PostgreSQL's driver gives a bigint as a text.

const numberOrNull = (value: number | null) => (value === null ? null : Number(value));

export function subjectFromRow(row: SubjectRow): Subject {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    isActive: Number(row.is_active) === 1,
    isSuperuser: Number(row.is_superuser) === 1,
    isVerified: Number(row.is_verified) === 1,
    isGuest: Number(row.is_guest) === 1,
    credentialVersion: Number(row.credential_version),
    createdAt: Number(row.created_at),
  };
}

export function sessionFromRow(row: SessionRow): Session {
  return {
    id: row.id,
    subjectId: row.subject_id,
    number: Number(row.session_number),
    transport: row.transport as Transport,
    secret: row.secret,
    counter: Number(row.counter),
    previous: Number(row.previous_counter),
    rotatedAt: Number(row.rotated_at),
    rotatedBy: row.rotated_by,
    boundKey: row.bound_key,
    repeatedAt: Number(row.repeated_at),
    credentialVersion: Number(row.credential_version),
    createdAt: Number(row.created_at),
    authenticatedAt: Number(row.authenticated_at),
    lastRefreshedAt: Number(row.last_refreshed_at),
    expiresAt: Number(row.expires_at),
    absoluteExpiresAt: Number(row.absolute_expires_at),
    endedAt: numberOrNull(row.ended_at),
    endReason: row.end_reason as SessionEndReason | null,
    replaces: row.replaces === "" ? [] : row.replaces.split(" "),
    userAgent: row.user_agent,
    clientName: row.client_name,
    method: row.method,
    amr: row.amr === "" ? [] : row.amr.split(" "),
    persistent: Number(row.persistent) === 1,
  };
}

export function deviceCodeFromRow(row: DeviceCodeRow): DeviceCode {
  return {
    deviceCodeHash: row.device_code_hash,
    userCode: row.user_code,
    clientId: row.client_id,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    intervalMs: Number(row.interval_ms),
    polledAt: Number(row.polled_at),
    status: row.status as DeviceCodeStatus,
    approvedBy: row.approved_by,
    approvingSessionId: row.approving_session_id,
    sessionId: row.session_id,
    redeemedAt: numberOrNull(row.redeemed_at),
    address: row.address,
    userAgent: row.user_agent,
  };
}
