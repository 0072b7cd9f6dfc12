import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type ModuleImport, readModules, type SourceModule, walk } from "./moduleImports.ts";

const modules = readModules();
const byPath = new Map(modules.map((module) => [module.path, module]));
const isEntry = (path: string) => !path.includes("/");
const layerOf = (path: string) => path.split("/")[0] ?? "";
const packageOf = (name: string) =>
  name.startsWith("node:")
    ? "node:"
    : name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/");

interface Layer {
  readonly layers: readonly string[];
  readonly packages: readonly string[];
  readonly typesOfLayers?: readonly string[];
  readonly typesOfPackages?: readonly string[];
  /** Optional at run time: by `import()` or as a type, so that the entry loads without them. */
  readonly packagesOnDemand?: readonly string[];
}

/** The table of docs/architecture.md, "Layers". */
const rules: Record<string, Layer> = {
  core: { layers: ["core"], packages: ["jwt-decode"] },
  browser: { layers: ["browser", "core"], packages: [] },
  backends: { layers: ["backends", "browser", "core"], packages: [] },
  bound: { layers: ["bound", "core"], packages: [] },
  endings: { layers: ["endings", "core"], packages: [] },
  native: { layers: ["native", "browser", "core"], packages: [] },
  node: { layers: ["node", "bound", "core"], packages: ["node:", "commander", "@napi-rs/keyring", "open"] },
  react: { layers: ["react", "core"], packages: ["react"] },
  query: { layers: ["query", "core"], packages: ["@tanstack/react-query"] },
  adapters: { layers: ["adapters", "core"], packages: ["axios", "socket.io-client"] },
  server: {
    layers: ["server"],
    typesOfLayers: ["core"],
    packages: ["hono", "jose", "kysely", "zod"],
    packagesOnDemand: ["libsql", "pg", "@node-rs/argon2", "rate-limiter-flexible", "@zxcvbn-ts/language-common"],
    // Of Node only what is loaded by its name at run time: the server runs in pages, too.
    typesOfPackages: ["socket.io", "node:"],
  },
  testing: { layers: ["testing", "react", "core"], packages: ["react"], typesOfPackages: ["hono"] },
  devtools: { layers: ["devtools", "react", "core"], packages: ["react", "react-dom"] },
};

function isAllowed({ target, isOwn, isTypeOnly, isDynamic }: ModuleImport, layer: Layer): boolean {
  const name = isOwn ? layerOf(target) : packageOf(target);
  if (!isOwn && (isDynamic || isTypeOnly) && layer.packagesOnDemand?.includes(name)) return true;
  const [always, asType] = isOwn
    ? [layer.layers, layer.typesOfLayers ?? []]
    : [layer.packages, layer.typesOfPackages ?? []];
  return always.includes(name) || (isTypeOnly && asType.includes(name));
}

/** Every module that is there at run time once `path` is loaded, and every package. */
function reachableFrom(path: string): { own: Set<string>; packages: Set<string> } {
  const own = new Set<string>();
  const packages = new Set<string>();
  const visit = (next: string) => {
    if (own.has(next)) return;
    own.add(next);
    for (const { target, isOwn, isTypeOnly } of byPath.get(next)?.imports ?? []) {
      if (isTypeOnly) continue;
      if (isOwn) visit(target);
      else packages.add(packageOf(target));
    }
  };
  visit(path);
  return { own, packages };
}

describe("who may import whom", () => {
  it("reads a tree that has every layer", () => {
    expect(new Set(modules.filter(({ path }) => !isEntry(path)).map(({ path }) => layerOf(path)))).toEqual(
      new Set(Object.keys(rules)),
    );
  });

  it("keeps every module to the layers and packages that its own layer may use", () => {
    const offences = modules
      .filter(({ path }) => !isEntry(path))
      .flatMap(({ path, imports }) => {
        const layer = rules[layerOf(path)];
        return imports
          .filter((found) => layer === undefined || !isAllowed(found, layer))
          .map(({ target }) => `${path} imports ${target}`);
      });
    expect(offences).toEqual([]);
  });

  it("finds every module that is imported, by its name with the extension", () => {
    const missing = modules.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, isOwn }) => isOwn && !byPath.has(target))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it("lets nothing import an entry", () => {
    const offences = modules.flatMap(({ path, imports }) =>
      imports.filter(({ target, isOwn }) => isOwn && isEntry(target)).map(({ target }) => `${path} imports ${target}`),
    );
    expect(offences).toEqual([]);
  });

  it("has each adapter depend on no more than its one peer", () => {
    const peersOf = (name: string) => [...reachableFrom(`${name}.ts`).packages].filter((peer) => peer !== "jwt-decode");
    expect(peersOf("axios").filter((peer) => peer !== "axios")).toEqual([]);
    expect(peersOf("fetch")).toEqual([]);
    expect(peersOf("socket.io").filter((peer) => peer !== "socket.io-client")).toEqual([]);
  });

  it("leaves TanStack Query to who imports it by name", () => {
    const users = modules
      .filter(({ path }) => isEntry(path))
      .filter(({ path }) => reachableFrom(path).packages.has("@tanstack/react-query"));
    expect(users.map(({ path }) => path)).toEqual(["query.ts"]);
  });

  it("keeps server and Node code out of what a page loads, and React out of the client", () => {
    for (const entry of [
      "index.ts",
      "client.ts",
      "query.ts",
      "axios.ts",
      "fetch.ts",
      "bound.ts",
      "endings.ts",
      "socket.io.ts",
      "native.ts",
      "backends.ts",
      "devtools.ts",
    ]) {
      const { own, packages } = reachableFrom(entry);
      expect(
        [...own].filter((path) => /^(server|node|testing)\//.test(path)),
        entry,
      ).toEqual([]);
      expect(
        [...packages].filter((name) => name === "node:" || name === "hono"),
        entry,
      ).toEqual([]);
    }
    expect([...reachableFrom("client.ts").packages]).toEqual(["jwt-decode"]);
    expect([...reachableFrom("testing.ts").packages]).toEqual(["jwt-decode"]);
    expect([...reachableFrom("index.ts").own].filter((path) => path.startsWith("devtools/"))).toEqual([]);
  });

  it("has no cycles at run time", () => {
    expect(findCycles()).toEqual([]);
  });
});

describe("the core", () => {
  it("has no cycles, not even of types: each file can be read with what it imports", () => {
    const core = modules.filter(({ path }) => layerOf(path) === "core");
    expect(findCycles(core, () => true)).toEqual([]);
  });

  it("has no function of more than 120 lines", () => {
    const tooLong = modules
      .filter(({ path }) => layerOf(path) === "core")
      .flatMap(({ path, source }) =>
        functionsIn(source)
          .map(({ name, lines }) => ({ name: `${path}: ${name}`, lines }))
          .filter(({ lines }) => lines > 120),
      );
    expect(tooLong).toEqual([]);
  });

  const globals = new Set(
    "window document navigator localStorage sessionStorage indexedDB BroadcastChannel fetch crypto performance process setTimeout clearTimeout setInterval clearInterval location".split(
      " ",
    ),
  );

  it("touches no global: time, network, storage and chance come through its ports", () => {
    const touched = modules
      .filter(({ path }) => layerOf(path) === "core")
      .flatMap(({ path, source }) => globalsIn(source).map((name) => `${path} uses ${name}`));
    expect(touched).toEqual([]);
  });

  function globalsIn(source: ts.SourceFile): string[] {
    const found: string[] = [];
    walk(source, (node) => {
      // The default of an option is a port that the caller may replace.
      const isDefault = ts.isBindingElement(node.parent) && node.parent.initializer === node;
      if (
        ts.isPropertyAccessExpression(node) &&
        /^(Date\.now|Math\.random)$/.test(node.getText(source)) &&
        !isDefault
      ) {
        found.push(node.getText(source));
      }
      if (ts.isNewExpression(node) && node.getText(source) === "new Date()") found.push("new Date()");
      if (!ts.isIdentifier(node) || !globals.has(node.text) || !isReadAsValue(node)) return;
      // No global by the time that it runs: bundlers write there what they build for.
      if (node.parent.parent.getText(source) === "process.env.NODE_ENV") return;
      if (!declares(source, node.text)) found.push(node.text);
    });
    return found;
  }
});

describe("files", () => {
  it("have at most 400 lines", () => {
    const tooLong = modules.filter(({ lines }) => lines > 400).map(({ path }) => path);
    expect(tooLong).toEqual([]);
  });

  it("are named after something: no utils, helpers, common or types dump", () => {
    const names = modules.map(({ path }) => path.split("/").at(-1) ?? "");
    expect(names.filter((name) => /^(utils?|helpers?|common|misc|types|constants)\.tsx?$/i.test(name))).toEqual([]);
  });
});

function isReadAsValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isTypeNode(parent) || ts.isTypeQueryNode(parent) || ts.isQualifiedName(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isBindingElement(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent)) return false;
  return !(ts.isPropertyAssignment(parent) && parent.name === node);
}

/** Whether the module has a binding of that name of its own, a parameter or a destructured port. */
function declares(source: ts.SourceFile, name: string): boolean {
  let isDeclared = false;
  walk(source, (node) => {
    if (!ts.isIdentifier(node) || node.text !== name) return;
    const { parent } = node;
    const isBinding =
      ts.isParameter(parent) ||
      ts.isVariableDeclaration(parent) ||
      ts.isBindingElement(parent) ||
      ts.isFunctionDeclaration(parent);
    if (isBinding && parent.name === node) isDeclared = true;
  });
  return isDeclared;
}

function functionsIn(source: ts.SourceFile): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  walk(source, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
    const name = node.name?.getText(source) ?? "a function";
    found.push({ name, lines: lineOf(node.getEnd()) - lineOf(node.getStart(source)) + 1 });
  });
  return found;
}

function findCycles(
  among: readonly SourceModule[] = modules,
  counts: (found: ModuleImport) => boolean = ({ isTypeOnly }) => !isTypeOnly,
): string[] {
  const cycles: string[] = [];
  const finished = new Set<string>();
  const visit = (module: SourceModule, trail: readonly string[]) => {
    if (trail.includes(module.path)) {
      cycles.push([...trail.slice(trail.indexOf(module.path)), module.path].join(" -> "));
      return;
    }
    if (finished.has(module.path)) return;
    for (const found of module.imports) {
      const next = found.isOwn && counts(found) ? byPath.get(found.target) : undefined;
      if (next !== undefined) visit(next, [...trail, module.path]);
    }
    finished.add(module.path);
  };
  for (const module of among) visit(module, []);
  return cycles;
}
