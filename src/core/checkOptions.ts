import { AuthError } from "./authError.ts";

/** How many letters must change, come or go to make `a` of `b`; case counts for nothing. */
function distance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1];
    for (let index = 1; index <= to.length; index += 1) {
      const isSame = letter === to[index - 1];
      next.push(Math.min((next[index - 1] ?? 0) + 1, (row[index] ?? 0) + 1, (row[index - 1] ?? 0) + (isSame ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

/** Of `known`, the one that was most likely meant by `name`. */
function nearest(name: string, known: readonly string[]): string {
  return known.reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best));
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
