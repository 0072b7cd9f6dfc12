import { compareSessions, isSameSession, join, type Knowledge, type SessionName } from "./knowledge.ts";
import { type Notes, toHint } from "./note.ts";
import type { Clock } from "./ports.ts";

const LOOK_AGAIN_MS = 2_000;
/** A timer that fires this late tells that the tab was suspended meanwhile. */
const LATE_MS = 500;

export interface NoteKeeper {
  /**
   * Writes down a change of this tab's own making; `isByHand` when it is somebody's sign-in or sign-out. False when the note
   * tells of a later session, which stands.
   */
  write(known: Knowledge, isByHand: boolean): boolean;
  /** Looks whether the note has fallen behind; if so looks again in two seconds before it writes. */
  check(): void;
  /** For two seconds from now, what this tab knows may be old. */
  resumed(): void;
  /** Whether `theirs` lacks something that `mine` has. */
  isBelow(theirs: Knowledge, mine: Knowledge | null): boolean;
  dispose(): void;
}

/** Keeps the session's note from falling behind, without ever racing an older one over a newer. */
export function createNoteKeeper({
  notes,
  clock,
  getKnown,
  isRefuted,
}: {
  readonly notes: Notes;
  readonly clock: Clock;
  readonly getKnown: () => Knowledge | null;
  readonly isRefuted: (session: SessionName) => boolean;
}): NoteKeeper {
  let cancel: (() => void) | null = null;
  let carefulUntil = 0;

  function isBelow(theirs: Knowledge, mine: Knowledge | null): boolean {
    if (mine === null || mine.hinted) return false;
    if (compareSessions(theirs, mine) > 0) return false;
    return !isSameSession(theirs, mine) || join(theirs, { ...mine, token: null }, () => false) !== theirs;
  }

  function isBehind(): boolean {
    const note = notes.readSession();
    const known = getKnown();
    if (known === null || known.hinted) return false;
    return note === null || isBelow(toHint(note), known);
  }

  function lookAgain(): void {
    if (cancel !== null) return;
    const dueAt = clock.monotonicNow() + LOOK_AGAIN_MS;
    cancel = clock.setTimer(() => {
      cancel = null;
      if (clock.monotonicNow() > dueAt + LATE_MS) return check();
      const known = getKnown();
      if (known !== null && isBehind()) notes.writeSession(known);
    }, LOOK_AGAIN_MS);
  }

  function check(): void {
    if (isBehind()) lookAgain();
  }

  return {
    isBelow,
    check,
    write(known, isByHand) {
      if (!isByHand && clock.monotonicNow() < carefulUntil) lookAgain();
      else {
        const note = notes.readSession();
        // An answer that was under way while somebody signed in elsewhere is true of its own session, and no news.
        if (note !== null && compareSessions(note, known) > 0 && !isRefuted(note)) return false;
        notes.writeSession(known);
      }
      return true;
    },
    resumed() {
      carefulUntil = clock.monotonicNow() + LOOK_AGAIN_MS;
    },
    dispose() {
      cancel?.();
      cancel = null;
    },
  };
}
