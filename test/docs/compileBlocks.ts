import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import ts from "typescript";
import { type CodeBlock, repository } from "./markdown.ts";

const compiled = /^(ts|tsx|js|jsx)$/;
const given = join(repository, "test/docs/given");

export function isCompiled({ language }: CodeBlock): boolean {
  return compiled.test(language);
}

/**
 * Type-checks the blocks in one program, with the settings of this repository, against the sources by the package's public names.
 * A block is a module. One that begins with a comment that names a file (`// auth.ts`) can be imported by that name from the other
 * blocks of its document; `// before/auth.ts` stands in a folder of its own. What a fragment neither declares nor imports comes
 * from `given/DOCUMENT.ts`, if it is exported there.
 * Returns the errors, each with its place in the document.
 */
export function compileBlocks(blocks: readonly CodeBlock[]): string[] {
  // What registers types of its own does so for all of its program.
  const registers = ({ code }: CodeBlock) => code.includes("declare module");
  const others = blocks.filter((block) => !registers(block));
  return [others, ...blocks.filter(registers).map((block) => [block])].flatMap(compileProgram);
}

function compileProgram(blocks: readonly CodeBlock[]): string[] {
  const modules = new Map<string, { readonly block: CodeBlock; readonly text: string }>();
  for (const block of blocks) modules.set(pathOf(block), { block, text: moduleOf(block) });
  const program = createProgram(new Map([...modules].map(([path, { text }]) => [path, text])));
  return [...modules].flatMap(([path, { block }]) => {
    const source = program.getSourceFile(path);
    if (source === undefined) return [`${block.document}:${block.line}: was not compiled`];
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((diagnostic) => {
      const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
      const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
      return `${block.document}:${block.line + line + 1}: ${message}`;
    });
  });
}

/** Beside the documents, so that packages and relative imports resolve as for anything else in the repository. */
function pathOf({ document, line, language, code }: CodeBlock): string {
  const named = /^\/\/ (?:[\w/]+\/)??((?:before\/)?\w[\w.-]*\.(?:tsx?|jsx?))$/m.exec(code.split("\n")[0] ?? "")?.[1];
  return join(repository, `${document}.blocks`, named ?? `line${line}.${language}`);
}

/** The imports of what is given come last, where they move no line. */
function moduleOf(block: CodeBlock): string {
  const path = join(given, `${basename(block.document, ".md")}.ts`);
  if (!existsSync(path)) return `${block.code}export {};\n`;
  const known = namesOf(block);
  const missing = exportsOf(path).filter(({ name }) => !known.declared.has(name) && known.used.has(name));
  const names = missing.map(({ name, isType }) => (isType ? `type ${name}` : name));
  const from = relative(dirname(pathOf(block)), path);
  return `${block.code}import { ${names.join(", ")} } from ${JSON.stringify(from)};\nexport {};\n`;
}

function namesOf({ code }: CodeBlock): { declared: Set<string>; used: Set<string> } {
  const source = ts.createSourceFile("block.tsx", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { declared: declaredIn(source), used };
}

function exportsOf(path: string): { name: string; isType: boolean }[] {
  const source = ts.createSourceFile(path, ts.sys.readFile(path) ?? "", ts.ScriptTarget.Latest, true);
  const types = declaredIn(source, (statement) => ts.isInterfaceDeclaration(statement));
  const names = declaredIn(source, (statement) => ts.isExportDeclaration(statement) || isExported(statement));
  return [...names].map((name) => ({ name, isType: types.has(name) }));
}

function isExported(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

/** The names that stand at the top of a module. */
function declaredIn(source: ts.SourceFile, counts: (statement: ts.Statement) => boolean = () => true): Set<string> {
  const names = new Set<string>();
  const add = (name: ts.Node | undefined): void => {
    if (name === undefined) return;
    if (ts.isIdentifier(name)) names.add(name.text);
    else ts.forEachChild(name, (element) => add(ts.isBindingElement(element) ? element.name : undefined));
  };
  for (const statement of source.statements.filter(counts)) {
    if (ts.isExportDeclaration(statement)) {
      if (statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause))
        for (const { name } of statement.exportClause.elements) add(name);
    } else if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) add(name);
    else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      add(name);
      if (namedBindings === undefined) continue;
      if (ts.isNamespaceImport(namedBindings)) add(namedBindings.name);
      else for (const element of namedBindings.elements) add(element.name);
    } else if ("name" in statement) add(statement.name as ts.Node | undefined);
  }
  return names;
}

function createProgram(files: ReadonlyMap<string, string>): ts.Program {
  const { config } = ts.readConfigFile(join(repository, "tsconfig.json"), ts.sys.readFile);
  const { options: own } = ts.parseJsonConfigFileContent(config, ts.sys, repository);
  // Too large to be installed for their types, or of use on a telephone alone.
  const paths = {
    ...own.paths,
    "@/*": ["./docs/ssr.md.blocks/*"],
    "next/*": ["./test/docs/given/next/*.ts"],
    "react-native": ["./test/docs/given/native/react-native.ts"],
    "expo-secure-store": ["./test/docs/given/native/expo-secure-store.ts"],
    "@aparajita/capacitor-secure-storage": ["./test/docs/given/native/capacitor-secure-storage.ts"],
  };
  const options = { ...own, paths };
  const host = ts.createCompilerHost({ ...options, allowJs: true });
  const folders = new Set([...files.keys()].map((path) => dirname(path)));
  const { fileExists, readFile, directoryExists, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.directoryExists = (path) => folders.has(path) || (directoryExists?.(path) ?? true);
  host.getSourceFile = (path, settings, ...rest) => {
    const text = files.get(path);
    return text === undefined ? getSourceFile(path, settings, ...rest) : ts.createSourceFile(path, text, settings);
  };
  return ts.createProgram([...files.keys()], { ...options, allowJs: true, checkJs: true }, host);
}
