import type { SessionEndReason } from "./authStore.ts";

/**
 * What happened, for a log or a monitor.
 *
 * - `registered`, `signedIn`, `signInFailed`, `guestStarted`, `passwordChanged`, `emailChanged`, `deviceApproved`, `deviceDenied`
 * - `accountDeleted`: by its owner; what an application keeps for it can go, too
 * - `guestUpgraded`: beside `registered`, a guest became an account with the same id
 * - `guestRemoved`: of a guest nothing was left but the name; what an application keeps for it can go, too
 * - `newDevice`: beside `signedIn`, from where or with what nobody signed in to the account before
 * - `challenged`: the password was right, and a further factor was asked for
 * - `challengeRejected`: the password was right, the further factor was not
 * - `refreshed`: one step of the refresh token
 * - `graceRepeat`: the current or previous token again within the grace time (a lost answer, a second tab)
 * - `graceRepeatElsewhere`: the previous token within the grace time from another address than the one that rotated: a
 *   client that changed networks, or somebody with a copy, who gets an access token alone
 * - `peeked`: a server that renders pages was given a short access token for a visitor's cookie
 * - `proofRefused`: a good refresh token of a bound session without a proof of its key: a copy, or a client whose key is gone
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
  | "newDevice"
  | "challenged"
  | "challengeRejected"
  | "guestStarted"
  | "guestUpgraded"
  | "guestRemoved"
  | "passwordChanged"
  | "emailChanged"
  | "accountDeleted"
  | "deviceApproved"
  | "deviceDenied"
  | "refreshed"
  | "graceRepeat"
  | "graceRepeatElsewhere"
  | "peeked"
  | "proofRefused"
  | "lateRepeat"
  | "reuseDetected"
  | "restoredSession"
  | "sessionEnded"
  | "rateLimited";

/** Holds no token, password, code or cookie. */
export interface AuditEvent {
  /** What happened. */
  readonly type: AuditEventType;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whom it concerns; null when nobody is known. */
  readonly subject: string | null;
  /** The session it concerns; null when there is none. */
  readonly sessionId: string | null;
  /** The client's address, as limits count it; null for what the server's own program did. */
  readonly address: string | null;
  /** At most 256 characters. */
  readonly userAgent: string | null;
  /** The key that signed the refresh token presented. */
  readonly keyId: string | null;
  /** With `signedIn`: how, in the app's own words. */
  readonly method?: string | null | undefined;
  /** With `sessionEnded`: why. */
  readonly reason?: SessionEndReason | undefined;
  /** With `rateLimited`: which limit. */
  readonly limit?: string | undefined;
}
