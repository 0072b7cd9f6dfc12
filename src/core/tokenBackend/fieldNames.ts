const MOST_NAMES = 24;
const DEEPEST = 3;

/** Names that a person chose, not data that stands as a name: no e-mail address, no id, no token. */
const isName = (name: string): boolean => /^[A-Za-z_$][\w$-]{0,39}$/.test(name);

/** The names of an answer's fields, with dots for what lies deeper; never a value. */
export function fieldNames(body: unknown): string[] {
  const names: string[] = [];
  function visit(value: unknown, prefix: string, depth: number): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [name, inner] of Object.entries(value)) {
      if (!isName(name) || names.length >= MOST_NAMES) continue;
      const isNested = typeof inner === "object" && inner !== null && !Array.isArray(inner);
      if (!isNested || depth === DEEPEST || Object.keys(inner).length === 0) names.push(prefix + name);
      else visit(inner, `${prefix}${name}.`, depth + 1);
    }
  }
  visit(body, "", 1);
  return names;
}

/** What an answer is made of, as a sentence for a developer. */
export function describeBody(body: unknown, response: Response): string {
  if (body === undefined) {
    const type = response.headers.get("Content-Type")?.split(";")[0]?.trim();
    return type ? `the answer is ${type}, not JSON` : "the answer has no body";
  }
  if (Array.isArray(body)) return "the answer is a list";
  if (typeof body !== "object" || body === null) return `the answer is JSON without fields`;
  const names = fieldNames(body);
  return names.length === 0 ? "the answer has no fields" : `the answer has ${names.map((n) => `\`${n}\``).join(", ")}`;
}
