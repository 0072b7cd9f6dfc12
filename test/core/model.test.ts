import { appendFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Conditions, runProgram, type Setting, settings } from "./program.ts";
import { formatFinding, shrinkProgram } from "./shrinkProgram.ts";

const PROGRAMS = Number(process.env["PROGRAMS"] ?? 2_000);
// The same programs at every run, so that a red run is somebody's change; `SEED=random` looks for new ones.
const SEED = process.env["SEED"] ?? "20261125";
// Whether a failing program is made small; whoever only wants to know whether one fails needs it not.
const SHRINKS = process.env["SHRINK"] !== "no";
/** A file to which the report's figures are added, one line of JSON for each set of conditions. */
const TALLY = process.env["TALLY"];

/** Programs that broke something once, or never came to rest. */
const found: readonly { readonly what: string; readonly setting: Setting; readonly conditions?: Conditions }[] = [
  {
    what: "two tabs answered each other without end with what each of them had signed out of",
    setting: {
      program: [
        { do: "wait", ms: 1_200_000 },
        { do: "wait", ms: 1_200_000 },
        { do: "wait", ms: 1_200_000 },
        { do: "signInAda", tab: 3 },
        { do: "signOut", tab: 4 },
        { do: "guest", tab: 3 },
        { do: "close", tab: 5 },
        { do: "request", tab: 3 },
        { do: "show", tab: 0 },
        { do: "fault", kind: "cutAfter", times: 2 },
        { do: "hide", tab: 4 },
      ],
      seed: 975_529,
      tabCount: 4,
      isSignedIn: false,
    },
  },
  {
    what: "a stray sign-out in the record was owed for ever, since the tabs had heard of a later stray",
    setting: {
      program: [
        { do: "fault", kind: "cutAfter", times: 6 },
        { do: "plant", record: "anotherFormat" },
        { do: "free" },
        { do: "freeze", tab: 1 },
        { do: "plant", record: "aLaterPendingSignOut" },
        { do: "wait", ms: 400 },
        { do: "forge", message: "aLaterEnd" },
        { do: "fault", kind: "cutBody", times: 1 },
        { do: "guest", tab: 0 },
        { do: "signOut", tab: 3 },
        { do: "signInBob", tab: 5 },
        { do: "forge", message: "aNearerSession" },
      ],
      seed: 30833,
      tabCount: 4,
      isSignedIn: true,
    },
  },
  {
    what: "a guest start that waited for a sign-out outlasted the next one",
    setting: {
      program: [
        { do: "fault", kind: "delayAfter", times: 2 },
        { do: "signOut", tab: 4 },
        { do: "jump", ms: 5000 },
        { do: "guest", tab: 3 },
        { do: "hide", tab: 2 },
        { do: "fault", kind: "cutAfter", times: 6 },
        { do: "request", tab: 2 },
        { do: "wait", ms: 400 },
        { do: "wait", ms: 0 },
        { do: "signOut", tab: 1 },
        { do: "throttle", tab: 0 },
      ],
      seed: 946825,
      tabCount: 1,
      isSignedIn: false,
    },
  },
  {
    what: "what the record told was not asked about for as long as the clock had been set back",
    setting: {
      program: [
        { do: "signInAda", tab: 0 },
        { do: "signInAda", tab: 0 },
        { do: "wait", ms: 150 },
        { do: "wait", ms: 3000 },
        { do: "signInAda", tab: 5 },
        { do: "wait", ms: 150 },
        { do: "jump", ms: -3600000 },
        { do: "open", tab: 2 },
        { do: "freeze", tab: 3 },
        { do: "signInBob", tab: 3 },
      ],
      seed: 16,
      tabCount: 3,
      isSignedIn: true,
    },
    conditions: { channel: "missing" },
  },
  {
    what: "a refresh that had failed was tried again after a sign-out, and found a sign-in whose answer was lost",
    setting: {
      program: [
        { do: "wait", ms: 400000 },
        { do: "fault", kind: "empty", times: 2 },
        { do: "wait", ms: 400000 },
        { do: "fault", kind: "cutBody", times: 6 },
        { do: "guest", tab: 2 },
        { do: "signInBob", tab: 3 },
        { do: "wait", ms: 20000 },
        { do: "jump", ms: 20000000 },
        { do: "refresh", tab: 0 },
        { do: "signOut", tab: 1 },
        { do: "throttle", tab: 5 },
        { do: "wait", ms: 400 },
      ],
      seed: 83411,
      tabCount: 4,
      isSignedIn: true,
    },
  },
  {
    what: "a stray sign-out that came into the record later was owed for ever",
    setting: {
      program: [
        { do: "signOut", tab: 2 },
        { do: "forge", message: "aLaterEnd" },
        { do: "fault", kind: "delayBefore", times: 1 },
        { do: "sleep", ms: 5000 },
        { do: "wait", ms: 10 },
        { do: "plant", record: "aLaterPendingSignOut" },
      ],
      seed: 556998,
      tabCount: 1,
      isSignedIn: true,
    },
  },
  {
    what: "a sibling found a session whose sign-in had been signed out over and its answer lost, just before that ended",
    setting: {
      program: [
        { do: "wait", ms: 10 },
        { do: "fault", kind: "cutBody", times: 1 },
        { do: "request", tab: 5 },
        { do: "signInBob", tab: 1 },
        { do: "signOut", tab: 5 },
        { do: "wait", ms: 20000 },
      ],
      seed: 640545,
      tabCount: 4,
      isSignedIn: false,
    },
  },
  {
    what: "a sign-out over a sign-in whose answer was lost waited to be repeated, and a sibling found that session first",
    setting: {
      program: [
        { do: "fault", kind: "cutBody", times: 6 },
        { do: "signInAda", tab: 0 },
        { do: "open", tab: 5 },
        { do: "fault", kind: "delayAfter", times: 6 },
        { do: "goOffline", tab: 1 },
        { do: "signOut", tab: 4 },
      ],
      seed: 999988,
      tabCount: 1,
      isSignedIn: false,
    },
  },
  {
    what: "a tab that slept through another sign-in and its sign-out found its own session ended, and a stray record",
    setting: {
      program: [
        { do: "open", tab: 4 },
        { do: "signInBob", tab: 0 },
        { do: "freeze", tab: 1 },
        { do: "wait", ms: 20000 },
        { do: "signOut", tab: 5 },
        { do: "plant", record: "aLaterGuest" },
      ],
      seed: 3,
      tabCount: 2,
      isSignedIn: true,
    },
  },
  {
    what: "a stray record kept a sign-out over a sign-in whose answer was lost from being repeated",
    setting: {
      program: [
        { do: "fault", kind: "cutBody", times: 6 },
        { do: "signInBob", tab: 4 },
        { do: "signOut", tab: 4 },
        { do: "plant", record: "aLaterGuest" },
      ],
      seed: 680296,
      tabCount: 1,
      isSignedIn: true,
    },
  },
  {
    what: "a stray end hid from a tab the session that took its own one's place, and it showed an end",
    setting: {
      program: [
        { do: "guest", tab: 1 },
        { do: "refresh", tab: 2 },
        { do: "wait", ms: 1200000 },
        { do: "request", tab: 0 },
        { do: "close", tab: 1 },
        { do: "wait", ms: 20000 },
        { do: "guest", tab: 4 },
        { do: "plant", record: "aLaterEnd" },
        { do: "signInBob", tab: 3 },
        { do: "refresh", tab: 4 },
      ],
      seed: 447222,
      tabCount: 3,
      isSignedIn: false,
    },
    conditions: { lock: "missing" },
  },
  {
    what: "a throttled tab kept the lock for so long that another one took the second",
    setting: {
      program: [
        { do: "throttle", tab: 1 },
        { do: "forge", message: "aToken" },
        { do: "wait", ms: 1200000 },
      ],
      seed: 716373,
      tabCount: 3,
      isSignedIn: false,
    },
  },
  {
    what: "a second sign-in whose answer was lost outlived the sign-out of the first",
    setting: {
      program: [
        { do: "guest", tab: 3 },
        { do: "guest", tab: 5 },
        { do: "fault", kind: "cutBody", times: 1 },
        { do: "wait", ms: 400 },
        { do: "signOut", tab: 1 },
        { do: "open", tab: 4 },
      ],
      seed: 234200,
      tabCount: 1,
      isSignedIn: false,
    },
  },
];

/** What went wrong first, and the shortest program in which it still does, ready for the list above. */
async function tellOf(search: fc.RunDetails<[Setting]>, conditions: Conditions) {
  const { counterexample, seed, numRuns, errorInstance } = search;
  const [setting] = counterexample ?? expect.fail("The search failed without a program.");
  const shortest = SHRINKS
    ? await shrinkProgram(setting, async (shorter) => (await runProgram(shorter, conditions)).broken.length > 0)
    : setting;
  const { broken, timeline } = await runProgram(shortest, conditions);
  const what = broken[0] ?? "it fails only now and then";
  // Else what a busy machine alone brings about would be seen by nobody.
  const seen =
    broken.length > 0 ? `${broken.join("\n")}\n${timeline}` : `Once, and not again:\n${String(errorInstance)}`;
  return `${seen}\n
The shortest program that fails, number ${numRuns} of seed ${seed}, to be pasted into \`found\`:\n
${formatFinding(what, shortest, conditions)}\n`;
}

describe("programs that were found", () => {
  it.each(found)("come to rest: $what", { timeout: 60_000 }, async ({ setting, conditions }) => {
    expect((await runProgram(setting, conditions)).broken).toEqual([]);
  });
});

// N3
it.each<[string, Setting]>([
  [
    "was overtaken and has ended",
    {
      program: [
        { do: "guest", tab: 2 },
        { do: "signInBob", tab: 4 },
        { do: "guest", tab: 2 },
      ],
      seed: 919904,
      tabCount: 3,
      isSignedIn: false,
    },
  ],
  [
    "was signed out of before its answer",
    {
      program: [
        { do: "signInAda", tab: 2 },
        { do: "signInBob", tab: 1 },
        { do: "signOut", tab: 2 },
      ],
      seed: 635621,
      tabCount: 2,
      isSignedIn: false,
    },
  ],
])("a sign-in that %s does not make another tab ask for ever, where there is no channel", async (_, setting) => {
  expect((await runProgram(setting, { channel: "missing" })).refreshes).toBeLessThan(10);
});

describe("random programs over one to six tabs", () => {
  it.each([
    ["where everything works", {}],
    ["without locks", { lock: "missing" as const }],
    ["without a channel", { channel: "missing" as const }],
    ["without storage", { storage: "missing" as const }],
    ["on a server that numbers no sessions", { isNumberless: true }],
    ["with tokens that last for five seconds", { accessTokenLifetimeSeconds: 5 }],
    ["with bound sessions and limits", { isGuarded: true }],
  ])(
    "end no session, mix no identities and leave nothing pending, %s",
    { timeout: 3_600_000 },
    async (name, conditions) => {
      // Tokens that are renewed twenty times a minute make a program's half hour long, and real keys take their time.
      const share = "accessTokenLifetimeSeconds" in conditions ? 20 : "isGuarded" in conditions ? 3 : 1;
      const programs = Math.ceil(PROGRAMS / share);
      const tally = { name, programs: 0, refreshes: 0, steps: {} as Record<string, number> };
      const search = await fc.check(
        fc.asyncProperty(settings, async (setting) => {
          const { broken, timeline, refreshes } = await runProgram(setting, conditions);
          tally.programs += 1;
          tally.refreshes += refreshes;
          for (const step of setting.program) {
            const kind =
              step.do === "fault"
                ? step.kind
                : step.do === "forge"
                  ? `stray message: ${step.message}`
                  : step.do === "plant"
                    ? `stray record: ${step.record}`
                    : step.do;
            tally.steps[kind] = (tally.steps[kind] ?? 0) + 1;
          }
          if (broken.length > 0) throw new Error(`${broken.join("\n")}\n${timeline}`);
        }),
        {
          numRuns: programs,
          endOnFailure: true,
          ...(SEED === "random" ? {} : { seed: Number(SEED) }),
        },
      );
      if (search.failed) {
        // At once, too: the runner tells at its end, and a long search may be stopped before that.
        console.error(`A program failed ${name}, number ${search.numRuns} of seed ${search.seed}.`);
        throw new Error(await tellOf(search, conditions));
      }
      expect(tally.programs).toBeGreaterThanOrEqual(programs);
      if (TALLY !== undefined) appendFileSync(TALLY, `${JSON.stringify(tally)}\n`);
    },
  );
});
