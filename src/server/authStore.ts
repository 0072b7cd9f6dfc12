import type { RateLimit, RateLimiter } from "./rateLimits.ts";

/**
 * How a session's refresh token travels; `none` is a session that only ever had an access token. Fixed when it is made.
 */
export type Transport = "cookie" | "body" | "none";

/** Who a session belongs to. Moments are milliseconds since 1970. */
export interface Subject {
  /** Never used for a second subject. */
  readonly id: string;
  /** As it was registered; unique whatever its case. Null for a guest. */
  readonly email: string | null;
  /** What the password hasher made; null for a guest. */
  readonly passwordHash: string | null;
  /** Whether it may sign in, and its sessions live. */
  readonly isActive: boolean;
  /** Told to clients as `is_superuser`; this server gives no rights for it. */
  readonly isSuperuser: boolean;
  /** Whether the e-mail address was confirmed. */
  readonly isVerified: boolean;
  /** Whether it has no credentials. */
  readonly isGuest: boolean;
  /**
   * Grows when the password or the role changes, when it becomes inactive and when it is signed out everywhere; a session made
   * under another version is dead, also one whose making raced that change.
   */
  readonly credentialVersion: number;
  /** When it was made. */
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
  | "roleChanged"
  | "deleted";

/** One sign-in on one device: one row, however often it is refreshed. Moments are milliseconds since 1970. */
export interface Session {
  /** Random, of 128 bits; the claim `sid`. */
  readonly id: string;
  /** Whose it is. */
  readonly subjectId: string;
  /** Greater than that of every session before: by it clients tell which of two is the later. */
  readonly number: number;
  /** How its refresh token travels. */
  readonly transport: Transport;
  /** 32 random bytes, base64url: with the server's key they make the key of this session's refresh tokens. */
  readonly secret: string;
  /** The counter of the current refresh token. */
  readonly counter: number;
  /** The counter whose presentation made the current one; 0 before the first rotation. */
  readonly previous: number;
  /** When the counter last moved; 0 before the first rotation. */
  readonly rotatedAt: number;
  /** A mark of the caller that last moved the counter; "" before the first rotation. */
  readonly rotatedBy: string;
  /** When the current token was last handed to whoever presented the previous one; 0 before that. */
  readonly repeatedAt: number;
  /** The thumbprint (RFC 7638) of the key that each refresh must prove; null where it is bound to none. */
  readonly boundKey: string | null;
  /** The subject's version when it was made. */
  readonly credentialVersion: number;
  /** When it was made: the sign-in. */
  readonly createdAt: number;
  /** When somebody proved for it who they are; 0 for a session that came by a device code or as a guest. */
  readonly authenticatedAt: number;
  /** How they signed in, in the app's own words (`password`, `passkey`); null for a guest, and where it is not known. */
  readonly method: string | null;
  /** With what they proved it, in the values of RFC 8176 (`pwd`, `otp`, `hwk`, `mfa`); empty where it is not known. */
  readonly amr: readonly string[];
  /** Whether it outlives the browser's windows; `false`: its cookie ends with them. */
  readonly persistent: boolean;
  /** When its token last moved; at first the sign-in. */
  readonly lastRefreshedAt: number;
  /** The idle deadline, which each rotation moves, never past {@link absoluteExpiresAt}. */
  readonly expiresAt: number;
  /** The moment past which nothing moves {@link expiresAt}. */
  readonly absoluteExpiresAt: number;
  /** When it was ended before its time; null while it was not. */
  readonly endedAt: number | null;
  /** Why it was ended; null while it was not. */
  readonly endReason: SessionEndReason | null;
  /** The sessions that end when this one is first presented or signed out. */
  readonly replaces: readonly string[];
  /** Of the sign-in, at most 256 characters. */
  readonly userAgent: string | null;
  /** What a device that came by a device code calls itself; null for a browser. */
  readonly clientName: string | null;
}

/** A session as the store saw it at its own time `now`, with its subject, or null when that was deleted. */
export interface SessionRecord {
  /** The session. */
  readonly session: Session;
  /** Whose it is; null when it was deleted. */
  readonly subject: Subject | null;
  /** The store's time when it looked, milliseconds since 1970. */
  readonly now: number;
}

/** A session that has ended just now. */
export interface EndedSession {
  /** The session's id. */
  readonly id: string;
  /** Whose it was. */
  readonly subjectId: string;
}

/** A subject to be added. */
export interface NewSubject {
  /** Random, made by the caller. */
  readonly id: string;
  /** Null for a guest. */
  readonly email: string | null;
  /** Null for a guest. */
  readonly passwordHash: string | null;
  /** Whether the e-mail address is known to be theirs. */
  readonly isVerified: boolean;
  /** Whether it has no credentials. */
  readonly isGuest: boolean;
}

/** What a guest becomes. */
export type GuestUpgrade = Pick<NewSubject, "email" | "passwordHash" | "isVerified">;

/** A session to be added. */
export interface NewSession {
  /** Random, made by the caller; one that is there already is left as it is. */
  readonly id: string;
  /** 32 random bytes, base64url. */
  readonly secret: string;
  /** Whose it is to be. */
  readonly subjectId: string;
  /** The subject must still have this version and be active, else nothing is made. */
  readonly credentialVersion: number;
  /** How its refresh token will travel. */
  readonly transport: Transport;
  /** How long it lives without a refresh, in milliseconds. */
  readonly idleMs: number;
  /** How long it lives at all, in milliseconds. */
  readonly absoluteMs: number;
  /**
   * The session number is greater than this one, than all drawn before, and not less than the clock in milliseconds.
   */
  readonly numberAbove: number;
  /** The sessions that end when this one is first presented or signed out. */
  readonly replaces: readonly string[];
  /** Whether somebody has proved for it who they are. */
  readonly authenticated: boolean;
  /** How they signed in; null for a guest, and where it is not known. */
  readonly method: string | null;
  /** With what they proved who they are, each value without a space; empty where it is not known. */
  readonly amr: readonly string[];
  /** Whether it outlives the browser's windows. */
  readonly persistent: boolean;
  /** The thumbprint of the key that it is bound to; null for none. */
  readonly boundKey: string | null;
  /** Of the sign-in; null when there was none. */
  readonly userAgent: string | null;
  /** What a device that came by a device code calls itself; null for a browser. */
  readonly clientName: string | null;
}

/** One step of a refresh token: happens only if the row still stands as `counter` and `previous` say. */
export interface Rotation {
  /** The session to change. */
  readonly sessionId: string;
  /** Only if this is its counter. */
  readonly counter: number;
  /** Only if this is its previous counter. */
  readonly previous: number;
  /** Its counter from now on. */
  readonly nextCounter: number;
  /** Its previous counter from now on. */
  readonly nextPrevious: number;
  /** A mark of the caller, to be kept in the row. */
  readonly rotatedBy: string;
  /** How long ago the last rotation and the last repeat must be; 0 for none. */
  readonly graceMs: number;
  /** How far the idle deadline moves from now, in milliseconds. */
  readonly idleMs: number;
}

/** What an operator changes of a subject; what is left out stays. */
export interface SubjectChanges {
  /** Whether it may sign in; `false` ends its sessions. Default: as it was. */
  readonly isActive?: boolean | undefined;
  /** Whether the e-mail address counts as confirmed. Default: as it was. */
  readonly isVerified?: boolean | undefined;
  /** What clients are told as `is_superuser`; another value ends its sessions. Default: as it was. */
  readonly isSuperuser?: boolean | undefined;
}

/** How far a device grant has come: asked for, answered with yes or no, or turned into a session. */
export type DeviceCodeStatus = "pending" | "approved" | "denied" | "redeemed";

/** One device grant (RFC 8628). The device code itself is stored as a hash only. */
export interface DeviceCode {
  /** SHA-256 of the device code. */
  readonly deviceCodeHash: string;
  /** What the person compares or types. */
  readonly userCode: string;
  /** What the device called itself. */
  readonly clientId: string;
  /** When it was asked for, milliseconds since 1970. */
  readonly createdAt: number;
  /** When it is worth nothing any more, milliseconds since 1970. */
  readonly expiresAt: number;
  /** How long the device must wait between two questions, in milliseconds. */
  readonly intervalMs: number;
  /** When it was last asked for; 0 before that. */
  readonly polledAt: number;
  /** How far it has come. */
  readonly status: DeviceCodeStatus;
  /** The subject that answered; null before that. */
  readonly approvedBy: string | null;
  /** The session it answered from; null before that. */
  readonly approvingSessionId: string | null;
  /** The session that came of it; null before that. */
  readonly sessionId: string | null;
  /** When it became a session, milliseconds since 1970; null before that. */
  readonly redeemedAt: number | null;
  /** The device's address, shown to who approves. */
  readonly address: string | null;
  /** The device's user agent; null when there was none. */
  readonly userAgent: string | null;
}

/** A device grant as the store saw it. */
export interface DeviceCodeRecord {
  /** The grant. */
  readonly deviceCode: DeviceCode;
  /** The store's time when it looked, milliseconds since 1970. */
  readonly now: number;
}

/** A device grant to be added. */
export interface NewDeviceCode {
  /** SHA-256 of the device code. */
  readonly deviceCodeHash: string;
  /** What the person will compare or type; unique among those in use. */
  readonly userCode: string;
  /** What the device calls itself. */
  readonly clientId: string;
  /** How long it may be approved, in milliseconds. */
  readonly lifetimeMs: number;
  /** How long the device must wait between two questions, in milliseconds. */
  readonly intervalMs: number;
  /** The device's address. */
  readonly address: string | null;
  /** The device's user agent; null when there was none. */
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
  /** Lets go of connections and files; nothing is asked afterwards. */
  close(): Promise<void>;

  /**
   * Counts a limit for all servers that share the store together. Without it each process counts for itself.
   */
  createRateLimiter?(name: string, limit: RateLimit): Promise<RateLimiter>;

  /**
   * Tells of sessions that other servers end, at least once each, as soon as they are known here; returns its end. Without it
   * a server knows of those that it ended itself.
   */
  watchEndedSessions?(listener: (sessionId: string) => void): () => Promise<void>;

  /** Null when the e-mail address (whatever its case) is taken. */
  addSubject(subject: NewSubject): Promise<Subject | null>;
  /**
   * Makes a guest a registered subject with the same id, whose sessions go on. Null when it is no guest (any more), or inactive,
   * or the e-mail address is taken.
   */
  upgradeGuest(subjectId: string, upgrade: GuestUpgrade): Promise<Subject | null>;
  /** Null when there is none with this id. */
  findSubject(id: string): Promise<Subject | null>;
  /** By the e-mail address, whatever its case; null when there is none. */
  findSubjectByEmail(email: string): Promise<Subject | null>;
  /** Those of `places` that were noted for the subject; none for a subject that there is not. */
  knownPlaces(subjectId: string, places: readonly string[]): Promise<readonly string[]>;
  /** Notes from where a subject signs in. A place is a short text that tells nobody where it is. */
  notePlaces(subjectId: string, places: readonly string[]): Promise<void>;
  /** Swaps one hash of the same password for a newer one; does nothing when `from` is no longer the hash. */
  replacePasswordHash(subjectId: string, from: string, to: string): Promise<void>;
  /** Ends every session of the subject, too; null when `credentialVersion` is no longer the subject's. */
  changePassword(
    subjectId: string,
    credentialVersion: number,
    passwordHash: string,
  ): Promise<{ readonly subject: Subject; readonly endedSessions: readonly EndedSession[] } | null>;
  /**
   * Another e-mail address, which is not confirmed yet. Null when somebody else has it (whatever its case), or `credentialVersion`
   * is no longer the subject's.
   */
  changeEmail(subjectId: string, credentialVersion: number, email: string): Promise<Subject | null>;
  /** Becoming inactive, or another role, ends every session of the subject. */
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
  /** Those of the ids that exist, ended ones too, in any order. */
  readSessions(ids: readonly string[]): Promise<readonly SessionRecord[]>;
  /** All of the subject's sessions that are still stored, ended ones too, in any order. */
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
  /**
   * Ends the subject's sessions but `exceptId`, and takes back the device codes that it has approved and nobody has redeemed;
   * returns which sessions.
   */
  endSessionsOfSubject(
    subjectId: string,
    exceptId: string | null,
    reason: SessionEndReason,
  ): Promise<readonly EndedSession[]>;
  /** Forgets what the session replaces: it has ended. */
  forgetReplaced(sessionId: string): Promise<void>;

  /** False when the user code is in use. */
  addDeviceCode(deviceCode: NewDeviceCode): Promise<boolean>;
  /** By the hash of the device code; null when there is none. */
  findDeviceCode(deviceCodeHash: string): Promise<DeviceCodeRecord | null>;
  /** By the user code; null when there is none. */
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
  /**
   * Removes guests that were made more than `retentionMs` ago and of whom no session is stored any more: nobody can come back
   * as one of them. Returns their ids.
   */
  sweepGuests(retentionMs: number): Promise<readonly string[]>;
  /** Forgets places from where nobody signed in for `retentionMs`; returns how many rows went. */
  sweepPlaces(retentionMs: number): Promise<number>;
}
