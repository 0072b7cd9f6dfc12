/**
 * How a session's refresh token travels; `none` is a session that only ever had an access token. Fixed when it is made.
 */
export type Transport = "cookie" | "body" | "none";

/** Who a session belongs to. Moments are milliseconds since 1970. */
export interface Subject {
  readonly id: string;
  readonly email: string | null;
  readonly passwordHash: string | null;
  readonly isActive: boolean;
  readonly isSuperuser: boolean;
  readonly isVerified: boolean;
  readonly isGuest: boolean;
  /** Grows when the password changes; a session made under another version is dead. */
  readonly credentialVersion: number;
  readonly createdAt: number;
}

/** Why a session ended before its time. */
export type SessionEndReason =
  | "signedOut"
  | "replaced"
  | "revoked"
  | "reused"
  | "passwordChanged"
  | "deactivated"
  | "deleted";

/** One sign-in on one device: one row, however often it is refreshed. Moments are milliseconds since 1970. */
export interface Session {
  readonly id: string;
  readonly subjectId: string;
  readonly number: number;
  readonly transport: Transport;
  /** 32 random bytes, base64url: with the server's key they make the key of this session's refresh tokens. */
  readonly secret: string;
  /** The counter of the current refresh token. */
  readonly counter: number;
  /** The counter whose presentation made the current one; 0 before the first rotation. */
  readonly previous: number;
  /** When the counter last moved; 0 before the first rotation. */
  readonly rotatedAt: number;
  /** When the current token was last handed to whoever presented the previous one; 0 before that. */
  readonly repeatedAt: number;
  readonly credentialVersion: number;
  readonly createdAt: number;
  /** When a password was last checked for it; 0 for a session that came by a device code or as a guest. */
  readonly authenticatedAt: number;
  readonly lastRefreshedAt: number;
  /** The idle deadline, which each rotation moves, never past {@link absoluteExpiresAt}. */
  readonly expiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly endedAt: number | null;
  readonly endReason: SessionEndReason | null;
  /** The sessions that end when this one is first presented or signed out. */
  readonly replaces: readonly string[];
  readonly userAgent: string | null;
  readonly clientName: string | null;
}

/** A session as the store saw it at its own time `now`, with its subject, or null when that was deleted. */
export interface SessionRecord {
  readonly session: Session;
  readonly subject: Subject | null;
  readonly now: number;
}

/** A session that has ended just now. */
export interface EndedSession {
  readonly id: string;
  readonly subjectId: string;
}

export interface NewSubject {
  readonly id: string;
  readonly email: string | null;
  readonly passwordHash: string | null;
  readonly isVerified: boolean;
  readonly isGuest: boolean;
}

export interface NewSession {
  readonly id: string;
  readonly secret: string;
  readonly subjectId: string;
  /** The subject must still have this version and be active, else nothing is made. */
  readonly credentialVersion: number;
  readonly transport: Transport;
  readonly idleMs: number;
  readonly absoluteMs: number;
  /**
   * The session number is greater than this one, than all drawn before, and not less than the clock in milliseconds.
   */
  readonly numberAbove: number;
  readonly replaces: readonly string[];
  /** Whether a password was checked for it. */
  readonly authenticated: boolean;
  readonly userAgent: string | null;
  readonly clientName: string | null;
}

/** One step of a refresh token: happens only if the row still stands as `counter` and `previous` say. */
export interface Rotation {
  readonly sessionId: string;
  readonly counter: number;
  readonly previous: number;
  readonly nextCounter: number;
  readonly nextPrevious: number;
  /** How long ago the last rotation and the last repeat must be; 0 for none. */
  readonly graceMs: number;
  readonly idleMs: number;
}

export interface SubjectChanges {
  readonly isActive?: boolean | undefined;
  readonly isVerified?: boolean | undefined;
  readonly isSuperuser?: boolean | undefined;
}

export type DeviceCodeStatus = "pending" | "approved" | "denied" | "redeemed";

/** One device grant (RFC 8628). The device code itself is stored as a hash only. */
export interface DeviceCode {
  readonly deviceCodeHash: string;
  readonly userCode: string;
  readonly clientId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly intervalMs: number;
  /** When it was last asked for; 0 before that. */
  readonly polledAt: number;
  readonly status: DeviceCodeStatus;
  readonly approvedBy: string | null;
  readonly approvingSessionId: string | null;
  readonly sessionId: string | null;
  readonly redeemedAt: number | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface DeviceCodeRecord {
  readonly deviceCode: DeviceCode;
  readonly now: number;
}

export interface NewDeviceCode {
  readonly deviceCodeHash: string;
  readonly userCode: string;
  readonly clientId: string;
  readonly lifetimeMs: number;
  readonly intervalMs: number;
  readonly address: string | null;
  readonly userAgent: string | null;
}

/**
 * Where subjects, sessions and device codes are kept. Each method is one atomic step, and time is the store's own, so
 * that any number of servers may share one. Use {@link sqliteStore}, {@link postgresStore} or {@link memoryStore}; a
 * method that rejects makes the server answer 503, never 401.
 */
export interface AuthStore {
  /** The store's time as well as it is known without asking, in milliseconds since 1970. */
  clock(): number;
  /** Resolves when the store can be used: connected, migrated. */
  ready(): Promise<void>;
  close(): Promise<void>;

  /** Null when the e-mail address (whatever its case) is taken. */
  addSubject(subject: NewSubject): Promise<Subject | null>;
  findSubject(id: string): Promise<Subject | null>;
  findSubjectByEmail(email: string): Promise<Subject | null>;
  /** Swaps one hash of the same password for a newer one; does nothing when `from` is no longer the hash. */
  replacePasswordHash(subjectId: string, from: string, to: string): Promise<void>;
  /** Ends every session of the subject, too; null when `credentialVersion` is no longer the subject's. */
  changePassword(
    subjectId: string,
    credentialVersion: number,
    passwordHash: string,
  ): Promise<{ readonly subject: Subject; readonly endedSessions: readonly EndedSession[] } | null>;
  /** Becoming inactive ends every session of the subject. */
  changeSubject(
    subjectId: string,
    changes: SubjectChanges,
  ): Promise<{ readonly subject: Subject; readonly endedSessions: readonly EndedSession[] } | null>;
  /** Returns the sessions that ended with it. */
  deleteSubject(subjectId: string): Promise<readonly EndedSession[]>;

  /**
   * Null when the subject is gone, inactive or has another credential version. A session that has this id already is
   * left and returned as it is.
   */
  addSession(session: NewSession): Promise<SessionRecord | null>;
  readSessions(ids: readonly string[]): Promise<readonly SessionRecord[]>;
  listSessions(subjectId: string): Promise<readonly SessionRecord[]>;
  /**
   * Null when no row stood as described, or the session is over, or its subject is no longer what it was: read again
   * and decide anew. The `rotatedAt` of what it returns is the store's time.
   */
  rotateSession(rotation: Rotation): Promise<Session | null>;
  /** Sets `repeatedAt` if the row still stands so and has not ended; null otherwise: read again and decide anew. */
  noteRepeat(sessionId: string, counter: number, previous: number): Promise<Session | null>;
  /** Ends those that have not ended; returns which. */
  endSessions(ids: readonly string[], reason: SessionEndReason): Promise<readonly EndedSession[]>;
  endSessionsOfSubject(
    subjectId: string,
    exceptId: string | null,
    reason: SessionEndReason,
  ): Promise<readonly EndedSession[]>;
  /** Forgets what the session replaces: it has ended. */
  forgetReplaced(sessionId: string): Promise<void>;

  /** False when the user code is in use. */
  addDeviceCode(deviceCode: NewDeviceCode): Promise<boolean>;
  findDeviceCode(deviceCodeHash: string): Promise<DeviceCodeRecord | null>;
  findDeviceCodeByUserCode(userCode: string): Promise<DeviceCodeRecord | null>;
  /** Notes that it was asked for, adding `slowDownMs` to the interval. */
  pollDeviceCode(deviceCodeHash: string, slowDownMs: number): Promise<void>;
  /** From pending to approved or denied, if it is still pending and not expired. */
  answerDeviceCode(
    userCode: string,
    answer: "approved" | "denied",
    subjectId: string,
    sessionId: string,
  ): Promise<boolean>;
  /** From approved to redeemed, binding it to the session that it will get; false when it was no longer approved. */
  redeemDeviceCode(deviceCodeHash: string, sessionId: string): Promise<boolean>;

  /** Removes sessions and device codes that ended more than `retentionMs` ago; returns how many rows went. */
  sweep(retentionMs: number): Promise<number>;
}
