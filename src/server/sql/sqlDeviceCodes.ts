import { type Kysely, sql } from "kysely";
import type { AuthStore, DeviceCodeRecord } from "../authStore.ts";
import { executeTimed, type Timed } from "./executeTimed.ts";
import type { SqlClock } from "./sqlClock.ts";
import { deviceCodeFromRow } from "./sqlRows.ts";
import type { AuthDatabase, DeviceCodeRow } from "./sqlSchema.ts";

type DeviceCodeMethods = Pick<
  AuthStore,
  | "addDeviceCode"
  | "findDeviceCode"
  | "findDeviceCodeByUserCode"
  | "pollDeviceCode"
  | "answerDeviceCode"
  | "redeemDeviceCode"
>;

export function createSqlDeviceCodes(database: Kysely<AuthDatabase>, clock: SqlClock): DeviceCodeMethods {
  return {
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
  };

  async function findDeviceCode(condition: ReturnType<typeof sql>): Promise<DeviceCodeRecord | null> {
    const [row] = await executeTimed(
      database,
      clock,
      sql<Timed<DeviceCodeRow>>`
      select d.*, ${clock.now} as now from auth_device_codes d where ${condition}`,
    );
    return row === undefined ? null : { deviceCode: deviceCodeFromRow(row), now: Number(row.now) };
  }
}
