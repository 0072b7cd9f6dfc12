import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const sourceFolder = fileURLToPath(new URL("../../src/", import.meta.url));

export interface ModuleImport {
  /** A bare name (`hono/cors`), or the path inside `src` of a module of this package (`core/claims.ts`). */
  readonly target: string;
  readonly isOwn: boolean;
  /** Gone after compilation. */
  readonly isTypeOnly: boolean;
  /** Loaded by `import()`, when it is first needed. */
  readonly isDynamic: boolean;
}

export interface SourceModule {
  /** Inside `src`, with slashes. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ModuleImport[];
  readonly source: ts.SourceFile;
}

/** Every module of `src`, with what it imports: statements, re-exports, dynamic imports and import types. */
export function readModules(): SourceModule[] {
  return readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => {
      const text = readFileSync(join(sourceFolder, path), "utf8");
      const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      return {
        path: path.replaceAll("\\", "/"),
        lines: text.split("\n").length - 1,
        imports: importsOf(source),
        source,
      };
    });
}

/** Calls `visit` for every node below `node`. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  ts.forEachChild(node, (child) => {
    visit(child);
    walk(child, visit);
  });
}

function importsOf(source: ts.SourceFile): ModuleImport[] {
  const imports: ModuleImport[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean, isDynamic = false) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const isOwn = specifier.text.startsWith(".");
    const target = isOwn
      ? relative(sourceFolder, join(sourceFolder, dirname(source.fileName), specifier.text)).replaceAll("\\", "/")
      : specifier.text;
    imports.push({ target, isOwn, isTypeOnly, isDynamic });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node))
      add(node.moduleSpecifier, node.isTypeOnly || hasOnlyTypes(node.exportClause));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false, true);
  });
  return imports;
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return clause.name === undefined && hasOnlyTypes(clause.namedBindings);
}

function hasOnlyTypes(bindings: ts.Node | undefined): boolean {
  if (bindings === undefined || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return false;
  return bindings.elements.length > 0 && bindings.elements.every(({ isTypeOnly }) => isTypeOnly);
}
