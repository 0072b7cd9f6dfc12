import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runProgram, settings } from "./program.ts";

const PROGRAMS = Number(process.env["PROGRAMS"] ?? 2_000);
// The same programs at every run, so that a red run is somebody's change; `SEED=random` looks for new ones.
const SEED = process.env["SEED"] ?? "20261125";

describe("random programs over one to six tabs", () => {
  it.each([
    ["where everything works", {}],
    ["without locks", { lock: "missing" as const }],
    ["without a channel", { channel: "missing" as const }],
    ["without storage", { storage: "missing" as const }],
    ["on a server that numbers no sessions", { isNumberless: true }],
  ])(
    "end no session, mix no identities and leave nothing pending, %s",
    { timeout: 3_600_000 },
    async (_name, conditions) => {
      await fc.assert(
        fc.asyncProperty(settings, async (setting) => {
          const { broken, timeline } = await runProgram(setting, conditions);
          if (broken.length > 0) throw new Error(`${broken.join("\n")}\n${timeline}`);
        }),
        {
          numRuns: PROGRAMS,
          endOnFailure: false,
          ...(SEED === "random" ? {} : { seed: Number(SEED) }),
        },
      );
      expect(PROGRAMS).toBeGreaterThan(0);
    },
  );
});
