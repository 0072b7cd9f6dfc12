import ts from "typescript";
import { describe, expect, it } from "vitest";
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
    for (const comment of commentsOf(source.text)) for (const [id] of comment.matchAll(ID)) found.set(id, path);
  }
  return found;
}

function commentsOf(text: string): string[] {
  const comments: string[] = [];
  const source = ts.createSourceFile("module.ts", text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    // A comment stands before a token, or behind one on its line; the first of many nodes that begin there counts.
    const ranges = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ];
    for (const { pos, end } of ranges) comments.push(text.slice(pos, end));
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return comments;
}

describe("the rules of docs/tabs.md", () => {
  it("have an id each, and it is theirs alone", () => {
    const ids = idsOfDocument();
    expect(ids.length).toBeGreaterThan(30);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it("stand at the lines of the core that carry them", () => {
    const carried = idsOfCore();
    expect(idsOfDocument().filter((id) => !carried.has(id))).toEqual([]);
  });

  it("are all that the core's comments name", () => {
    const ids = new Set(idsOfDocument());
    expect([...idsOfCore()].filter(([id]) => !ids.has(id))).toEqual([]);
  });
});
