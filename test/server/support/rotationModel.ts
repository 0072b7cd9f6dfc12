import type { Session, SessionRecord } from "../../../src/server/authStore.ts";
import { decideRotation } from "../../../src/server/decideRotation.ts";

export const GRACE_MS = 30_000;

/** The numbers of a session's row on which the table depends. */
export interface Row {
  readonly counter: number;
  readonly previous: number;
  readonly rotatedAt: number;
  readonly rotatedBy: string;
  readonly repeatedAt: number;
  readonly ended: boolean;
}

export const FIRST: Row = { counter: 1, previous: 0, rotatedAt: 0, rotatedBy: "", repeatedAt: 0, ended: false };
export const HERE = "here";

export function recordOf(row: Row, now: number): SessionRecord {
  const session: Session = {
    id: "session",
    subjectId: "subject",
    number: 1,
    transport: "cookie",
    secret: "",
    counter: row.counter,
    previous: row.previous,
    rotatedAt: row.rotatedAt,
    rotatedBy: row.rotatedBy,
    boundKey: null,
    repeatedAt: row.repeatedAt,
    credentialVersion: 1,
    createdAt: 0,
    authenticatedAt: 0,
    lastRefreshedAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    absoluteExpiresAt: Number.MAX_SAFE_INTEGER,
    endedAt: row.ended ? 0 : null,
    endReason: null,
    replaces: [],
    userAgent: null,
    clientName: null,
    method: "password",
    amr: ["pwd"],
    persistent: true,
  };
  const subject = {
    id: "subject",
    email: null,
    passwordHash: null,
    isActive: true,
    isSuperuser: false,
    isVerified: false,
    isGuest: false,
    credentialVersion: 1,
    createdAt: 0,
  };
  return { session, subject, now };
}

/**
 * The real decision, applied to the row as the store's one statement does: the row after it, and the token handed out.
 */
export function present(
  row: Row,
  token: number,
  now: number,
  caller = HERE,
): { readonly row: Row; readonly answer: number | "kept" | null } {
  const decision = decideRotation(recordOf(row, now), token, caller, GRACE_MS);
  switch (decision.kind) {
    case "repeat":
      return { row: decision.toPrevious ? { ...row, repeatedAt: now } : row, answer: row.counter };
    case "hold":
      return { row, answer: "kept" };
    case "rotate":
      return {
        row: {
          ...row,
          counter: decision.nextCounter,
          previous: decision.nextPrevious,
          rotatedAt: now,
          rotatedBy: caller,
        },
        answer: decision.nextCounter,
      };
    case "reused":
      return { row: { ...row, ended: true }, answer: null };
    default:
      return { row, answer: null };
  }
}
