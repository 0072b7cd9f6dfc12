import type { Conditions, Setting } from "./program.ts";

/**
 * The setting with as little in it as still fails: no step of it can be left out, neither a tab. Halves of the program are tried
 * first, then smaller pieces, as delta debugging does; a program of twelve steps takes some fifty runs.
 */
export async function shrinkProgram(setting: Setting, fails: (setting: Setting) => Promise<boolean>): Promise<Setting> {
  let shortest = setting;
  let piece = Math.ceil(setting.program.length / 2);
  while (piece > 0) {
    let hasShrunk = false;
    for (let at = 0; at < shortest.program.length; ) {
      const program = shortest.program.toSpliced(at, piece);
      if (await fails({ ...shortest, program })) {
        shortest = { ...shortest, program };
        hasShrunk = true;
      } else at += piece;
    }
    // What could not go before may be able to now.
    if (!hasShrunk || piece > 1) piece = piece > 1 ? Math.ceil(piece / 2) : 0;
  }
  while (shortest.tabCount > 1 && (await fails({ ...shortest, tabCount: shortest.tabCount - 1 })))
    shortest = { ...shortest, tabCount: shortest.tabCount - 1 };
  return shortest;
}

/** As it goes into `foundPrograms.ts`. */
export function formatFinding(what: string, setting: Setting, conditions: Conditions): string {
  const steps = setting.program.map((step) => `        ${formatObject(step)},`);
  return [
    "  {",
    `    what: ${JSON.stringify(what)},`,
    "    setting: {",
    ...(steps.length === 0 ? ["      program: [],"] : ["      program: [", ...steps, "      ],"]),
    `      seed: ${setting.seed},`,
    `      tabCount: ${setting.tabCount},`,
    `      isSignedIn: ${setting.isSignedIn},`,
    "    },",
    ...(Object.keys(conditions).length === 0 ? [] : [`    conditions: ${formatObject(conditions)},`]),
    "  },",
  ].join("\n");
}

function formatObject(object: object): string {
  return `{ ${Object.entries(object)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
}
