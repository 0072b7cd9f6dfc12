import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import mutants from "../mutants/rules.json" with { type: "json" };
import { readModules } from "../package/moduleImports.ts";
import { readDocument } from "./markdown.ts";

/** A rule's id as a comment names it: `K5`, `(T1)`, `B:`, `Start:`. */
const ID = /\b(?:[KRSLNT][1-9]|B(?=[:)])|Start(?=:))/g;

function idsOfDocument(): string[] {
  return [...readDocument("docs/tabs.md").matchAll(/^- \*\*([A-Z]\d?|Start)\.\*\* /gm)].map(([, id = ""]) => id);
}

function idsOfCore(): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, source } of readModules().filter((module) => module.path.startsWith("core/"))) {
    for (const comment of commentsOf(source)) for (const [id] of comment.matchAll(ID)) found.set(id, path);
  }
  return found;
}

/** A comment stands before a token, or behind one on its line. */
function commentsOf(source: ts.SourceFile): string[] {
  const { text } = source;
  const comments: string[] = [];
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(source);
    for (const child of children) visit(child);
    if (children.length > 0) return;
    const ranges = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ];
    for (const { pos, end } of ranges) comments.push(text.slice(pos, end));
  };
  visit(source);
  return comments;
}

const carried = idsOfCore();

describe("the rules of docs/tabs.md", () => {
  it("have an id each, and it is theirs alone", () => {
    const ids = idsOfDocument();
    expect(ids.length).toBeGreaterThan(30);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it("stand at the lines of the core that carry them", () => {
    expect(idsOfDocument().filter((id) => !carried.has(id))).toEqual([]);
  });

  it("are all that the core's comments name", () => {
    const ids = new Set(idsOfDocument());
    expect([...carried].filter(([id]) => !ids.has(id))).toEqual([]);
  });

  it.each(mutants)("can be taken out of the code, at one place: $rule", ({ file, code }) => {
    expect(readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8").split(code)).toHaveLength(2);
  });
});
