import { AuthError } from "../authError.ts";

/** @throws AuthError `invalidOptions` for the first name that is not known, with the nearest one. */
export function requireKnownNames(given: object, known: readonly string[], place: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const hint =
    nearest === null ? `It takes ${known.map((name) => `\`${name}\``).join(", ")}.` : `Did you mean \`${nearest}\`?`;
  throw new AuthError("invalidOptions", `${place} has no \`${unknown}\`. ${hint}`);
}

/** The known name that is closest to `name`, or null when none is close. */
export function nearestName(name: string, known: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(plain(name), plain(candidate));
    if (best === null || distance < best.distance) best = { name: candidate, distance };
  }
  return best !== null && best.distance <= Math.max(2, best.name.length / 3) ? best.name : null;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
