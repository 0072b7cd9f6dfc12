import { AuthError } from "./authError.ts";

const pairsOf = (name: string): string[] =>
  Array.from({ length: name.length }, (_, at) => name.toLowerCase().slice(at, at + 2));

/** Of `known`, the one that shares the most pairs of letters with `name`. */
function nearest(name: string, known: readonly string[]): string {
  const likeness = (candidate: string): number => {
    const pairs = pairsOf(candidate);
    return pairsOf(name).filter((pair) => pairs.includes(pair)).length / (pairs.length + name.length);
  };
  return known.reduce((best, candidate) => (likeness(candidate) > likeness(best) ? candidate : best));
}

/** @throws AuthError `invalidOptions`, for a name that is not among `known`; it names the nearest one. */
export function checkNames(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw new AuthError(
      "invalidOptions",
      `${what} has no \`${name}\`. Did you mean \`${nearest(name, known)}\`? There are: ${known.join(", ")}.`,
    );
  }
}

/** @throws AuthError `invalidOptions`, for a value that is none of `choices`. */
export function checkChoice(name: string, value: unknown, choices: readonly unknown[]): void {
  if (choices.includes(value)) return;
  const words = choices.map((choice) => JSON.stringify(choice)).join(", ");
  throw new AuthError("invalidOptions", `\`${name}\` must be one of ${words}.`);
}
