import type { Fields } from "./parse.ts";
import type { AttemptRecord } from "./authClient.ts";
import type { Parts, SharedRecord, WrittenSession } from "./parts.ts";
import {
  compareRecords,
  compareSessions,
  isEnded,
  isNobody,
  isSameSession,
  type Session,
  type SessionEnd,
  type SessionName,
  type SessionRecord,
} from "./session.ts";
import { createSharedStorage } from "./sharedStorage.ts";

export const noAttempt: AttemptRecord = { nextAt: 0, madeAt: 0, failures: 0, stuckUntil: 0, earlyAt: 0 };

/** The key of the session's record (N1), which pages without a channel watch. */
export const sessionKey = (namespace: string): string => `${namespace}:session`;

/** How long a `Retry-After` counts at most, with the room that jitter adds to it. */
export const MOST_RETRY_AFTER_MS = 5 * 60_000;
const MOST_WAIT_MS = MOST_RETRY_AFTER_MS * 1.5;
/** How long an orphaned lock is remembered. */
export const STUCK_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;
/** A timer that fires this late tells that the tab was suspended meanwhile. */
const LATE_MS = 500;

const ENDS: readonly SessionEnd[] = ["open", "expired", "revoked", "signedOut"];
const isMoment = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;

/** A session's record or the head of a tab message, or null: both come from writers that nothing vouches for (T1). */
export function parseSession(fields: Fields | null): WrittenSession | null {
  if (fields === null) return null;
  const { number, id, end, pendingSignOut, isGuest, issuedAt } = fields;
  if (!isMoment(number) || typeof id !== "string" || id.length > 200) return null;
  if (!ENDS.includes(end as SessionEnd) || typeof pendingSignOut !== "boolean" || typeof isGuest !== "boolean")
    return null;
  return {
    number,
    id,
    end: end as SessionEnd,
    pendingSignOut,
    isGuest,
    issuedAt: isMoment(issuedAt) ? issuedAt : null,
  };
}

export function toWritten(record: SessionRecord & Partial<Pick<Session, "token">>): WrittenSession {
  const { number, id, end, pendingSignOut, isGuest, token } = record;
  return { number, id, end, pendingSignOut, isGuest, issuedAt: token?.claims?.issuedAt ?? null };
}

/** A record as a session without its token, which a record never holds. */
export const toSession = ({ number, id, end, pendingSignOut, isGuest }: SessionRecord): Session => ({
  number,
  id,
  end,
  pendingSignOut,
  isGuest,
  token: null,
  identity: null,
});

/** The record under the client's namespace, in the shared storage or, where there is none or it fails, in this tab's memory. */
export function createSharedRecord(parts: Parts): SharedRecord {
  const { clock } = parts.platform;
  const { namespace } = parts.options;
  const storage = createSharedStorage(parts);
  const key = sessionKey(namespace);
  let cancel: (() => void) | null = null;
  let carefulUntil = 0;
  /** What the server has shown to be wrong while a write had to wait. */
  let refutedMeanwhile: readonly SessionName[] = [];

  const readSession = (): WrittenSession | null => parseSession(storage.read(key));
  const write = (session: SessionRecord): void => storage.write(key, toWritten(session));

  function isBehind(): boolean {
    const { session } = parts.store.getState();
    if (session === null) return false;
    const written = readSession();
    // N2: a tab that knows no session writes none, but for the sign-out of whatever the cookie stood for.
    if (isNobody(session) && !session.pendingSignOut && !(written !== null && isNobody(written))) return false;
    if (written === null || isOneOf(written, refutedMeanwhile)) return true;
    // N3: who is still in has asked the server since. To write an end over that would make them ask again, without end.
    const isSettled = isEnded(session) && !session.pendingSignOut && written.end === "open";
    return isBelow(written, session) && (!isSettled || isSameSession(written, session));
  }

  function lookAgain(): void {
    if (cancel !== null) return;
    const dueAt = clock.monotonicNow() + LOOK_AGAIN_MS;
    cancel = clock.setTimer(() => {
      cancel = null;
      // N3: a late timer tells of a suspension, after which what is known here may be old.
      if (clock.monotonicNow() > dueAt + LATE_MS) return keepUp();
      const { session } = parts.store.getState();
      if (session !== null && isBehind()) write(session);
      refutedMeanwhile = [];
    }, LOOK_AGAIN_MS);
  }

  function keepUp(): void {
    if (isBehind()) lookAgain();
  }

  return {
    get isShared() {
      return storage.isShared();
    },
    readSession,
    writeSession(session, { byHand, refuted }) {
      if (!byHand && clock.monotonicNow() < carefulUntil) {
        refutedMeanwhile = [...refutedMeanwhile, ...refuted];
        lookAgain(); // N5
        return true;
      }
      const written = readSession();
      // N2: an answer that was under way while somebody signed in elsewhere is true of its own session, and no news.
      if (written !== null && compareSessions(written, session) > 0 && !isOneOf(written, refuted)) return false;
      write(session);
      return true;
    },
    keepUp,
    signOutConfirmed(session) {
      const written = readSession();
      if (written?.pendingSignOut && isSameSession(written, session)) write({ ...written, pendingSignOut: false });
    },
    resumed() {
      carefulUntil = clock.monotonicNow() + LOOK_AGAIN_MS;
    },
    readAttempt: () => parseAttempt(storage.read(`${namespace}:attempt`), clock.now()),
    writeAttempt: (attempt) => storage.write(`${namespace}:attempt`, attempt),
    stop() {
      cancel?.();
      cancel = null;
    },
  };
}

const isOneOf = (session: SessionName, list: readonly SessionName[]): boolean =>
  list.some((one) => isSameSession(session, one));

/** Whether `theirs` lacks something that `mine` has. */
export const isBelow = (theirs: SessionRecord, mine: SessionRecord): boolean => compareRecords(theirs, mine) < 0;

function parseAttempt(fields: Fields | null, now: number): AttemptRecord {
  if (fields === null) return noAttempt;
  const moment = (key: keyof AttemptRecord): number => (isMoment(fields[key]) ? (fields[key] as number) : 0);
  const attempt: AttemptRecord = {
    nextAt: moment("nextAt"),
    madeAt: moment("madeAt"),
    failures: Math.min(moment("failures"), 30),
    stuckUntil: moment("stuckUntil"),
    earlyAt: moment("earlyAt"),
  };
  // B: it may be old or broken, and the clock may have been set back: neither may silence a client for long.
  const isBelievable =
    attempt.nextAt <= now + MOST_WAIT_MS && attempt.madeAt <= now && now - attempt.madeAt <= MOST_WAIT_MS;
  return {
    ...(isBelievable ? attempt : noAttempt),
    stuckUntil: attempt.stuckUntil <= now + STUCK_MS ? attempt.stuckUntil : 0,
  };
}
