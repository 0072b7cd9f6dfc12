import { readFileSync } from "node:fs";
import ts from "typescript";
import { byHand } from "../byHand/byHand.ts";
import type { CountedApi } from "./expectCounted.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** A row for an API with a preset: its call stands in one line. */
export const countedPreset = (
  name: string,
  hand: keyof typeof byHand,
  options: { isReal?: boolean } = {},
): CountedApi => ({
  name,
  byHand: byHand[hand],
  linesByHand: linesByHand(hand),
  linesDescribed: 1,
  ...options,
});

/** A row for an API that is described. */
export const countedManner = (name: string, hand: keyof typeof byHand): CountedApi => ({
  name,
  byHand: byHand[hand],
  linesByHand: linesByHand(hand),
  linesDescribed: linesDescribed(name),
});

/** How many lines of code `byHand/NAME.ts` has, without its imports. */
function linesByHand(name: string): number {
  const text = read(`../byHand/${name}.ts`);
  return text
    .slice(text.indexOf("export const"))
    .split("\n")
    .filter((line) => line.trim() !== "").length;
}

/** How many lines the call of `createTokenBackend` has for a manner of `wires/manners.ts`: its description, and two or three of the test's. */
function linesDescribed(manner: string): number {
  const source = ts.createSourceFile("manners.ts", read("../wires/manners.ts"), ts.ScriptTarget.Latest, true);
  const properties = new Map<string, ts.PropertyAssignment>();
  function visit(node: ts.Node, isWithin: boolean): void {
    const name = ts.isPropertyAssignment(node) ? node.name.getText(source).replaceAll('"', "") : "";
    if (isWithin && ts.isPropertyAssignment(node)) properties.set(name, node);
    ts.forEachChild(node, (child) => visit(child, isWithin || name === manner));
  }
  visit(source, false);
  const description = properties.get("description");
  const text = description?.getText(source) ?? "";
  // `baseUrl`; the shared lines of `signIn`; and where the refresh token is kept, if it is no cookie.
  const isHeld = !properties.has("refreshCookie");
  return text.split("\n").length + 1 + (/^\s*signIn,$/m.test(text) ? 3 : 0) + (isHeld ? 1 : 0);
}
