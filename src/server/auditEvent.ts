import type { SessionEndReason } from "./authStore.ts";

/**
 * What happened, for a log or a monitor.
 *
 * - `registered`, `signedIn`, `signInFailed`, `guestStarted`, `passwordChanged`, `deviceApproved`, `deviceDenied`
 * - `refreshed`: one step of the refresh token
 * - `graceRepeat`: the current or previous token again within the grace time (a lost answer, a second tab)
 * - `lateRepeat`: the previous token after the grace time, so its answer was lost
 * - `reuseDetected`: two parties held the session; it has ended
 * - `restoredSession`: a token newer than the database, which must have been restored from a backup
 * - `sessionEnded`: with `reason`
 * - `rateLimited`: with `limit`
 */
export type AuditEventType =
  | "registered"
  | "signedIn"
  | "signInFailed"
  | "guestStarted"
  | "passwordChanged"
  | "deviceApproved"
  | "deviceDenied"
  | "refreshed"
  | "graceRepeat"
  | "lateRepeat"
  | "reuseDetected"
  | "restoredSession"
  | "sessionEnded"
  | "rateLimited";

/** Holds no token, password, code or cookie. */
export interface AuditEvent {
  readonly type: AuditEventType;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly subject: string | null;
  readonly sessionId: string | null;
  readonly address: string | null;
  /** At most 256 characters. */
  readonly userAgent: string | null;
  /** The key that signed the refresh token presented. */
  readonly keyId: string | null;
  readonly reason?: SessionEndReason | undefined;
  readonly limit?: string | undefined;
}
