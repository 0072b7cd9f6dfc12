import { AuthError } from "./authError.ts";

/** What an option's value must be: `expected` finishes the sentence "… must be". */
export interface OptionRule {
  readonly expected: string;
  accepts(value: unknown): boolean;
}

/** One rule for each option, or `true` for any value: a new option does not compile without one. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule | true };

export const aText: OptionRule = { expected: "text", accepts: (value) => typeof value === "string" };
export const aFunction: OptionRule = { expected: "a function", accepts: (value) => typeof value === "function" };
export const trueOrFalse: OptionRule = { expected: "true or false", accepts: (value) => typeof value === "boolean" };

export const oneOf = (...choices: readonly string[]): OptionRule => ({
  expected: `one of "${choices.join('", "')}"`,
  accepts: (value) => choices.includes(value as string),
});

/** @throws AuthError `invalidOptions`, for an option that `owner` does not have, and for a value that breaks its rule. */
export function checkOptions<Options>(given: object, rules: OptionRules<Options>, owner: string): void {
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) && rules[name as keyof Options];
    if (!rule) {
      throw new AuthError("invalidOptions", `${owner} has no \`${name}\`.${nearestName(name, Object.keys(rules))}`);
    }
    if (rule === true || value === undefined || rule.accepts(value)) continue;
    throw new AuthError("invalidOptions", `\`${name}\` must be ${rule.expected}.`);
  }
}

/**
 * Which of `known` was meant by `name`, the one that shares the most pairs of letters with it: in development, as bundlers write
 * it for `process.env.NODE_ENV`. A page without a bundler has no `process`.
 */
function nearestName(name: string, known: readonly string[]): string {
  try {
    if (process.env.NODE_ENV !== "production") {
      const likeness = (candidate: string): number => {
        const pairs = pairsOf(candidate);
        return pairsOf(name).filter((pair) => pairs.includes(pair)).length / (pairs.length + name.length);
      };
      const nearest = known.reduce((best, candidate) => (likeness(candidate) > likeness(best) ? candidate : best));
      return ` Did you mean \`${nearest}\`? There are: ${known.join(", ")}.`;
    }
  } catch {
    // No bundler: no guess.
  }
  return "";
}

const pairsOf = (name: string): string[] =>
  Array.from({ length: name.length }, (_, at) => name.toLowerCase().slice(at, at + 2));
