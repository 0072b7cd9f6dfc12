import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDocument, repository } from "./markdown.ts";

/** A link to a file of tests, and the words of a title behind it. */
const EVIDENCE = /\[`[^`]+`\]\(\.\.\/((?:test|python\/tests)\/[^)]+)\)(?:: "([^"]+)")?/g;

interface Evidence {
  readonly file: string;
  readonly title: string | undefined;
}

const evidenceOf = (text: string): Evidence[] =>
  [...text.matchAll(EVIDENCE)].map(([, file = "", title]) => ({ file, title }));

/** The rows of the tables whose header is this one. */
function rowsUnder(document: string, header: string): string[][] {
  const tables = readDocument(document).split(`\n${header}\n`).slice(1);
  return tables.flatMap((table) => {
    const [, ...lines] = table.split("\n");
    const end = lines.findIndex((line) => !line.startsWith("|"));
    return lines.slice(0, end).map((line) => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      return cells.map((cell) => cell.trim());
    });
  });
}

function isThere({ file, title }: Evidence): boolean {
  const path = join(repository, file);
  return existsSync(path) && (title === undefined || readFileSync(path, "utf8").includes(title));
}

const documents = ["docs/security.md", "docs/security-standards.md", "docs/server.md", "docs/protocol.md"];

describe("what the documents say of security", () => {
  it.each(documents)("%s names tests that are there, by their titles", (document) => {
    const named = evidenceOf(readDocument(document));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((evidence) => !isThere(evidence))).toEqual([]);
  });

  it("is shown by a test in each row of what is claimed", () => {
    const rows = rowsUnder("docs/security.md", "| claim | shown by |");
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter((cells) => cells.length !== 2 || evidenceOf(cells[1] ?? "").length === 0)).toEqual([]);
  });

  it.each(["section", "item", "document"])("answers each %s of the standards: by a test, or why not", (first) => {
    const rows = rowsUnder("docs/security-standards.md", `| ${first} | asks for | | how, or why not |`);
    expect(rows.length).toBeGreaterThan(4);
    for (const cells of rows) {
      const [, , answer = "", how = ""] = cells;
      expect(cells, cells.join(" | ")).toHaveLength(4);
      expect(answer, how).toMatch(/^(holds|partly|no|yours|n\/a)$/);
      if (answer === "holds") expect(evidenceOf(how), cells.join(" | ")).not.toEqual([]);
      else expect(how, cells.join(" | ")).toMatch(/\w{3}/);
    }
  });
});
