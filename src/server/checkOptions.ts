import { OptionsError } from "./optionsError.ts";

/** What an option's value must be: `expected` finishes the sentence "… must be". */
export interface OptionRule {
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** Looks into the value, whose own place is `path`. @throws OptionsError */
  inspect?(path: string, value: unknown): void;
}

/** One rule for each option: a new option does not compile without one. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const rule = (expected: string, accepts: (value: unknown) => boolean): OptionRule => ({ expected, accepts });

export const aText = rule("a text", (value) => typeof value === "string");
export const aNumber = rule("a number", (value) => typeof value === "number" && !Number.isNaN(value));
export const aSpanInSeconds = rule(
  "a whole number of seconds from 0 on",
  (value) => Number.isInteger(value) && Number(value) >= 0,
);
export const trueOrFalse = rule("true or false", (value) => typeof value === "boolean");
export const aFunction = rule("a function", (value) => typeof value === "function");
export const anObject = rule("an object", isObject);
export const aSecret = rule(
  "a text or bytes, or a list of them",
  (value) =>
    isSecret(value) || (Array.isArray(value) && (value as readonly unknown[]).every((secret) => isSecret(secret))),
);

const isSecret = (value: unknown): boolean => typeof value === "string" || value instanceof Uint8Array;

/** An object whose members have rules of their own. */
export function objectOf<Options>(rules: OptionRules<Options>): OptionRule {
  return { ...anObject, inspect: (path, value) => checkMembers(`\`${path}\``, `${path}.`, value, rules) };
}

export function listOf(item: OptionRule): OptionRule {
  return {
    expected: "a list",
    accepts: (value) => Array.isArray(value),
    inspect(path, value) {
      for (const [index, member] of (value as readonly unknown[]).entries()) check(`${path}[${index}]`, member, item);
    },
  };
}

export function falseOr({ expected, accepts, inspect }: OptionRule): OptionRule {
  return {
    expected: `false or ${expected}`,
    accepts: (value) => value === false || accepts(value),
    inspect: (path, value) => (value === false ? undefined : inspect?.(path, value)),
  };
}

/**
 * Refuses what `owner` does not know, since a misspelled option would leave a protection off without a word, and values of
 * the wrong kind. What is undefined was left out.
 * @throws OptionsError naming the option, and the nearest one that there is.
 */
export function checkOptions<Options>(owner: string, options: unknown, rules: OptionRules<Options>): void {
  if (!isObject(options)) throw new OptionsError(`\`${owner}\` takes an object with its options.`);
  checkMembers(`\`${owner}\``, "", options, rules);
}

function checkMembers<Options>(owner: string, prefix: string, options: unknown, rules: OptionRules<Options>): void {
  const known = new Map(Object.entries<OptionRule>(rules));
  for (const [name, value] of Object.entries(options as object)) {
    const expected = known.get(name);
    if (expected === undefined) throw new OptionsError(describeUnknown(owner, prefix, name, [...known.keys()]));
    if (value !== undefined) check(`${prefix}${name}`, value, expected);
  }
}

function check(path: string, value: unknown, { expected, accepts, inspect }: OptionRule): void {
  if (!accepts(value)) throw new OptionsError(`\`${path}\` must be ${expected}.`);
  inspect?.(path, value);
}

function describeUnknown(owner: string, prefix: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const remedy =
    nearest === null
      ? `It knows ${known.map((option) => `\`${prefix}${option}\``).join(", ")}.`
      : `Did you mean \`${prefix}${nearest}\`?`;
  return `${owner} has no option \`${prefix}${name}\`. ${remedy}`;
}

/** The name that is spelled most alike; null where none is. A name that is part of another counts as near. */
function nearestName(name: string, known: readonly string[]): string | null {
  const wanted = name.toLowerCase();
  const part = known.filter((option) => option.toLowerCase().includes(wanted) || wanted.includes(option.toLowerCase()));
  const ranked = (part.length > 0 ? part : known)
    .map((option) => ({ option, distance: editDistance(wanted, option.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best === undefined) return null;
  return part.length > 0 || best.distance <= Math.ceil(best.option.length / 3) ? best.option : null;
}

/** How many letters must be put in, left out or changed (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
