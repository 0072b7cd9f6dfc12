import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { readModules, type SourceModule, walk } from "./moduleImports.ts";

const document = readFileSync(new URL("../../docs/architecture.md", import.meta.url), "utf8");
const modules = new Map(readModules().map((module) => [module.path, module]));

interface Step {
  readonly path: string;
  readonly name: string;
}

/** The numbered list below the heading: each step names its file and its function first. */
function readSteps(): Step[] {
  const [, section = ""] = document.split("## The way of a token\n");
  const [list = ""] = section.split("\n## ");
  return [...list.matchAll(/^\d+\. `src\/([\w/.]+)`, `(\w+)`:/gm)].map(([, path = "", name = ""]) => ({ path, name }));
}

const steps = readSteps();

function declares({ source }: SourceModule, name: string): boolean {
  let isDeclared = false;
  walk(source, (node) => {
    const isFunction =
      ts.isFunctionDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ((ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) &&
        node.initializer !== undefined &&
        ts.isFunctionLike(node.initializer));
    if (isFunction && node.name?.getText(source) === name) isDeclared = true;
  });
  return isDeclared;
}

const imports = (from: string, to: string): boolean =>
  modules.get(from)?.imports.some(({ target, isOwn, isTypeOnly }) => isOwn && !isTypeOnly && target === to) === true;

/** What `createAuthClient` puts into `parts`: the name of each part, and the function that makes it. */
function readParts(): Map<string, string> {
  const text = modules.get("core/createAuthClient.ts")?.source.text ?? "";
  const made = text.matchAll(/parts\.(\w+) = (create\w+)\(parts\)|\b(backend):\s*options\.backend \?\? (create\w+)\(/g);
  return new Map([...made].map(([, part, maker, other, itsMaker]) => [part ?? other ?? "", maker ?? itsMaker ?? ""]));
}

const parts = readParts();

/** By the name of a part that `to` makes. */
function callsThroughParts(from: string, to: string): boolean {
  const [caller, called] = [modules.get(from), modules.get(to)];
  if (caller === undefined || called === undefined) return false;
  if (!caller.imports.some(({ target }) => target === "core/parts.ts")) return false;
  return [...parts].some(
    ([part, maker]) => declares(called, maker) && new RegExp(`\\b${part}\\b`).test(caller.source.text),
  );
}

const calls = (from: string, to: string): boolean => imports(from, to) || callsThroughParts(from, to);

/** A component learns of a value by watching it, once the value has told who watches. */
const watches = (before: readonly Step[], to: string): boolean =>
  before.some(({ path }) => path === "core/readable.ts") &&
  /\buseSyncExternalStore\(/.test(modules.get(to)?.source.text ?? "");

describe("the way of a token in docs/architecture.md", () => {
  it("has at most fourteen steps, from the timer to a hook", () => {
    expect(steps.length).toBeGreaterThan(9);
    expect(steps.length).toBeLessThanOrEqual(14);
    const numbered = document.split("## The way of a token\n")[1]?.split("\n## ")[0] ?? "";
    expect([...numbered.matchAll(/^\d+\. /gm)]).toHaveLength(steps.length);
    expect(steps[0]?.path).toBe("core/schedule.ts");
    expect(steps.at(-1)?.path).toMatch(/^react\/use/);
  });

  it("names files that are there, and functions that stand in them", () => {
    const missing = steps.filter(({ path, name }) => {
      const module = modules.get(path);
      return module === undefined || !declares(module, name);
    });
    expect(missing).toEqual([]);
  });

  it("goes from each file to the next by a call, an answer, or somebody who watches", () => {
    const gaps = steps.slice(1).flatMap(({ path: to }, index) => {
      const from = steps[index]?.path ?? "";
      const before = steps.slice(0, index + 1);
      // An answer goes back to a file that has called, itself or by one between them.
      const isAnswer = before.some(({ path }) => path === to) && before.some(({ path }) => calls(path, from));
      return from === to || calls(from, to) || isAnswer || watches(before, to) ? [] : [`${from} -> ${to}`];
    });
    expect(gaps).toEqual([]);
  });
});

describe("the table of the core's files in docs/architecture.md", () => {
  it("names every file of src/core once", () => {
    const [, section = ""] = document.split("## The core\n");
    const named = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `([\w.]+\.ts)` \| ./gm)].map(([, name]) => name);
    const there = [...modules.keys()]
      .filter((path) => /^core\/[^/]+$/.test(path))
      .map((path) => path.slice("core/".length));
    expect(new Set(named)).toEqual(new Set(there));
    expect(named).toHaveLength(there.length);
  });
});
