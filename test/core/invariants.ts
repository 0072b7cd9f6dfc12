import type { RequestRecord } from "../../src/testing/requestRecord.ts";
import { overlap } from "../../src/testing/requestRecord.ts";
import { refreshFloorMs } from "../../src/core/lifetime.ts";
import type { WrittenSession } from "../../src/core/parts.ts";
import type { Conditions, Step } from "./program.ts";

/** What is known of a program once it has run and all has come to rest. */
export interface Evidence {
  readonly program: readonly Step[];
  readonly conditions: Conditions;
  /** What each living tab shows: its status, and its subject where it has one. */
  readonly shown: readonly string[];
  /** The session that the living tabs show; null where they show none or not the same. */
  readonly sessionId: string | null;
  /** Sessions that ended without being asked to, as `tab: reason`. */
  readonly ended: readonly string[];
  /** Moments at which a tab showed one subject and held another's token. */
  readonly mixed: readonly string[];
  /** Moments at which a tab showed a session again that it had seen end. */
  readonly returned: readonly string[];
  readonly strangers: readonly string[];
  readonly alarms: number;
  readonly pendingCount: number;
  readonly isSignedOutLast: boolean;
  /** Whether somebody signed out in a tab that showed nobody. */
  readonly isSignedOutUnknowing: boolean;
  /** When the machine fell asleep, in the milliseconds of the requests' moments. */
  readonly sleptAt: readonly number[];
  /** Whether a tab has waited for the lock for as long as it may. */
  readonly isLockGivenUp: boolean;
  readonly requests: readonly RequestRecord[];
  readonly refreshes: readonly RequestRecord[];
  readonly note: WrittenSession | null;
  readonly leftovers: readonly string[];
}

/** The latency of `program.ts` and the delay of its faults. */
const LONGEST_DELIVERY_MS = 4_120;
const ACTS: readonly Step["do"][] = ["signInAda", "signInBob", "guest", "signOut"];
const does = ({ program }: Evidence, ...names: Step["do"][]): boolean =>
  program.some((step) => names.includes(step.do));
const isImpaired = ({ conditions: { lock, channel, storage, isNumberless } }: Evidence): boolean =>
  lock !== undefined || channel !== undefined || storage !== undefined || isNumberless === true;

// A tab that knows of no session signs out of whatever the cookie stands for, and where tabs tell each other less it may not
// know. That may be a session which another tab began just before: the user's own sign-out, and no accident.
const signsOutUnnamed = (evidence: Evidence): boolean =>
  evidence.isSignedOutUnknowing || (isImpaired(evidence) && does(evidence, "signOut"));
// Without numbers a tab stamps its own on a session that it finds, so one that was overtaken and ended elsewhere looks newer
// here: best effort, as K6 says.
const isMisnumbered = (evidence: Evidence): boolean =>
  evidence.conditions.isNumberless === true && evidence.program.filter((step) => ACTS.includes(step.do)).length > 1;
// An answer that is delivered after hours of sleep puts an old cookie over a newer one of the same session. No client can see
// that; with locks nobody asks again before it is there, unless the tab that asked is gone or has given it up for a sign-in.
const sleepsOverAnAnswer = (evidence: Evidence): boolean =>
  (evidence.conditions.lock === "missing" && does(evidence, "sleep")) ||
  evidence.sleptAt.some((moment) => evidence.refreshes.some((refresh) => isClosedOver(refresh, moment)));

/** Whether the machine fell asleep under a refresh whose answer was not there yet, and whose tab did not stay to take it. */
const isClosedOver = ({ outcome, sent, answered }: RequestRecord, moment: number): boolean =>
  outcome === "abandoned" && answered !== null && sent.atMs <= moment && answered.atMs + LONGEST_DELIVERY_MS > moment;

/** Each says what broke it; nothing is what is wanted. */
export const invariants: Readonly<Record<string, (evidence: Evidence) => readonly string[]>> = {
  "a session ends by a definitive answer, a sign-out or its lifetime, and by nothing else": (evidence) =>
    signsOutUnnamed(evidence) || isMisnumbered(evidence) || sleepsOverAnAnswer(evidence) ? [] : evidence.ended,

  "no state shows one subject beside another's token": ({ mixed }) => mixed,

  "nobody is shown who did not sign in": ({ strangers }) => strangers,

  "no tab shows a session again that it saw end": (evidence) => (isMisnumbered(evidence) ? [] : evidence.returned),

  "no request is sent as another subject than the one it was made as": ({ requests }) =>
    requests.flatMap(({ path, subject }) => {
      const as = /as=([^&]+)/.exec(path)?.[1];
      return as !== undefined && as !== "nobody" && subject !== null && subject !== as ? [`${as}: as ${subject}`] : [];
    }),

  "honest tabs raise no reuse alarm": (evidence) =>
    sleepsOverAnAnswer(evidence) || evidence.alarms === 0 ? [] : [`${evidence.alarms} alarms`],

  "every promise settles": ({ pendingCount }) => (pendingCount === 0 ? [] : [`${pendingCount} are pending`]),

  "no tab is left loading": ({ shown }) => shown.filter((line) => line === "loading"),

  "all tabs agree once the faults have stopped": (evidence) =>
    signsOutUnnamed(evidence) ||
    isMisnumbered(evidence) ||
    sleepsOverAnAnswer(evidence) ||
    new Set(evidence.shown).size <= 1
      ? []
      : [evidence.shown.join(" | ")],

  // A sign-in whose tab is gone, or whose answer slept, may still come to pass after the sign-out.
  "who signed out last stays signed out": (evidence) =>
    evidence.isSignedOutLast && !isImpaired(evidence) && !does(evidence, "sleep", "crash", "close")
      ? evidence.shown.filter((line) => line.startsWith("authenticated"))
      : [],

  "a sign-out that is owed is paid": (evidence) =>
    evidence.conditions.storage === undefined && evidence.note?.pendingSignOut === true && evidence.shown.length > 0
      ? ["the note still owes one"]
      : [],

  "the note says what the tabs know": ({ note, shown, sessionId, conditions }) =>
    conditions.storage === undefined && sessionId !== null && conditions.isNumberless !== true
      ? note?.end === "open" && note.id === sessionId
        ? []
        : [`${shown[0]}, and the note says ${note?.end ?? "nothing"}`]
      : [],

  // A page that is suspended loses its lock, and whoever has waited in vain for one takes the second (L3): those are the cases in
  // which two may overlap.
  "two refreshes never overlap while locks work": (evidence) =>
    evidence.conditions.lock === undefined &&
    !evidence.isLockGivenUp &&
    !does(evidence, "freeze", "suspend", "sleep") &&
    evidence.refreshes.some((one, index) => evidence.refreshes.slice(index + 1).some((other) => overlap(one, other)))
      ? ["two overlapped"]
      : [],

  "a tab refreshes at most 12 times a minute, or once for each half of a short lifetime": ({ refreshes, conditions }) =>
    tooMany(
      mostAMinute(conditions),
      refreshes,
      ({ tab, sent }) => `tab ${tab}, minute ${Math.floor(sent.atMs / 60_000)}`,
    ),

  "all tabs together refresh hardly more often than one": (evidence) =>
    isImpaired(evidence)
      ? []
      : tooMany(
          mostAMinute(evidence.conditions) + 8,
          evidence.refreshes,
          ({ sent }) => `minute ${Math.floor(sent.atMs / 60_000)}`,
        ),

  "nothing is left behind": ({ leftovers }) => leftovers,
};

const mostAMinute = ({ accessTokenLifetimeSeconds = 900 }: Conditions): number =>
  Math.max(12, 60_000 / refreshFloorMs(accessTokenLifetimeSeconds * 1_000));

function tooMany(most: number, refreshes: readonly RequestRecord[], keyOf: (one: RequestRecord) => string): string[] {
  const counts = new Map<string, number>();
  for (const one of refreshes) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > most).map(([key, count]) => `${key}: ${count}`);
}

/** What a program broke, each with the invariant's sentence. */
export function findBroken(evidence: Evidence): string[] {
  return Object.entries(invariants).flatMap(([sentence, check]) =>
    [...new Set(check(evidence))].map((what) => `${sentence}: ${what}`),
  );
}
