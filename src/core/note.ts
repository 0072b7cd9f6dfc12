import type { Knowledge, SessionEnd } from "./knowledge.ts";
import type { Clock, SharedStorage } from "./ports.ts";

/** What tabs share of an outage. Moments are wall-clock milliseconds. */
export interface AttemptNote {
  /** The next attempt, for all tabs. */
  readonly nextAt: number;
  readonly madeAt: number;
  readonly failures: number;
  /** Until then the first lock name is taken to be orphaned. */
  readonly stuckUntil: number;
  /** When a tab last tried ahead of `nextAt`. */
  readonly earlyAt: number;
}

/** The session's note, with what orders its token; never a token. */
export interface SessionNote extends Pick<Knowledge, "number" | "id" | "end" | "owed" | "isGuest"> {
  readonly issuedAt: number | null;
}

export interface Notes {
  readonly isShared: boolean;
  readSession(): SessionNote | null;
  writeSession(known: Knowledge): void;
  readAttempt(): AttemptNote;
  writeAttempt(attempt: AttemptNote | null): void;
}

export const noAttempt: AttemptNote = { nextAt: 0, madeAt: 0, failures: 0, stuckUntil: 0, earlyAt: 0 };

const ENDS: readonly SessionEnd[] = ["open", "expired", "revoked", "signedOut"];
const isMoment = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;

const parseFields = (text: string | null): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
};

/** A session's note or the head of a tab message, or null: both come from writers that nothing vouches for. */
export function parseSession(fields: Readonly<Record<string, unknown>> | null): SessionNote | null {
  if (fields === null) return null;
  const { number, id, end, owed, isGuest, issuedAt } = fields;
  if (!isMoment(number) || typeof id !== "string" || id.length > 200) return null;
  if (!ENDS.includes(end as SessionEnd) || typeof owed !== "boolean" || typeof isGuest !== "boolean") return null;
  return { number, id, end: end as SessionEnd, owed, isGuest, issuedAt: isMoment(issuedAt) ? issuedAt : null };
}

export function toSessionNote({ number, id, end, owed, isGuest, token }: Knowledge): SessionNote {
  return { number, id, end, owed, isGuest, issuedAt: token?.claims?.issuedAt ?? null };
}

/** What a note tells, as knowledge that nobody has vouched for. */
export function toHint({ number, id, end, owed, isGuest }: SessionNote): Knowledge {
  // A sign-out that is heard of is obeyed; anything else waits for the server's word.
  return { number, id, end, owed, isGuest, token: null, identity: null, hinted: end !== "signedOut" };
}

/** The two notes under `namespace`, in the shared storage or, where there is none or it fails, in this tab's memory. */
export function createNotes(
  namespace: string,
  clock: Clock,
  storage: SharedStorage | undefined,
  warn: (text: string) => void,
): Notes {
  const own = new Map<string, string | null>();
  let isShared = storage !== undefined;
  const failed = (): void => {
    isShared = false;
    warn("The shared storage cannot be used: tabs tell each other less, and a sign-out that fails is not remembered.");
  };
  const read = (key: string): string | null => {
    try {
      if (storage !== undefined && isShared) return storage.read(key);
    } catch {
      failed();
    }
    return own.get(key) ?? null;
  };
  const write = (key: string, text: string | null): void => {
    own.set(key, text);
    try {
      if (isShared) storage?.write(key, text);
    } catch {
      failed();
    }
  };
  return {
    get isShared() {
      return isShared;
    },
    readSession: () => parseSession(parseFields(read(`${namespace}:session`))),
    writeSession: (known) => write(`${namespace}:session`, JSON.stringify(toSessionNote(known))),
    readAttempt() {
      const fields = parseFields(read(`${namespace}:attempt`));
      if (fields === null) return noAttempt;
      const moment = (key: keyof AttemptNote): number => (isMoment(fields[key]) ? (fields[key] as number) : 0);
      const attempt: AttemptNote = {
        nextAt: moment("nextAt"),
        madeAt: moment("madeAt"),
        failures: Math.min(moment("failures"), 30),
        stuckUntil: moment("stuckUntil"),
        earlyAt: moment("earlyAt"),
      };
      // Anybody on the origin can write it, and the clock may have been set back: neither may silence a client for long.
      const now = clock.now();
      const believable =
        attempt.nextAt <= now + MOST_WAIT_MS && attempt.madeAt <= now && now - attempt.madeAt <= MOST_WAIT_MS;
      return {
        ...(believable ? attempt : noAttempt),
        stuckUntil: attempt.stuckUntil <= now + STUCK_MS ? attempt.stuckUntil : 0,
      };
    },
    writeAttempt: (attempt) => write(`${namespace}:attempt`, attempt === null ? null : JSON.stringify(attempt)),
  };
}

/** How long a `Retry-After` counts at most, with the room that jitter adds to it. */
export const MOST_RETRY_AFTER_MS = 5 * 60_000;
const MOST_WAIT_MS = MOST_RETRY_AFTER_MS * 1.5;
/** How long an orphaned lock is remembered. */
export const STUCK_MS = 60_000;
