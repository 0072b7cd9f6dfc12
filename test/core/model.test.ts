import { appendFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { found } from "./foundPrograms.ts";
import { type Conditions, runProgram, type Setting, settings } from "./program.ts";
import { formatFinding, shrinkProgram } from "./shrinkProgram.ts";

const PROGRAMS = Number(process.env["PROGRAMS"] ?? 2_000);
// The same programs at every run, so that a red run is somebody's change; `SEED=random` looks for new ones.
const SEED = process.env["SEED"] ?? "20261125";
// Whether a failing program is made small; whoever only wants to know whether one fails needs it not.
const SHRINKS = process.env["SHRINK"] !== "no";
/** A file to which the report's figures are added, one line of JSON for each set of conditions. */
const TALLY = process.env["TALLY"];

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
