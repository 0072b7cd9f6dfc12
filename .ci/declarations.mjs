// Emits the declarations that the package's entries lead to (`dist/**/*.d.ts`, or into the folder that is named). TypeScript leaves
// the `.ts` of the sources' imports in declarations, even where it rewrites it in JavaScript; here they name the files beside them.
import { dirname, resolve } from "node:path";
import ts from "typescript";
import manifest from "../package.json" with { type: "json" };

const outDir = process.argv[2] ?? "dist";
const config = ts.getParsedCommandLineOfConfigFile(
  "tsconfig.build.json",
  { outDir },
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report },
);
const host = ts.createCompilerHost(config.options);
const program = ts.createProgram(config.fileNames, config.options, host);
const declarations = new Map();
const { diagnostics } = program.emit(undefined, (path, text) =>
  declarations.set(resolve(path), text.replaceAll(/(\bfrom |\bimport\(|\bimport )"(\.[^"]+)\.tsx?"/g, '$1"$2.js"')),
);
// Nobody can name what no entry leads to.
const reached = new Set();
function reach(path) {
  if (reached.has(path) || !declarations.has(path)) return;
  reached.add(path);
  for (const [, target] of declarations.get(path).matchAll(/(?:\bfrom |\bimport\(|\bimport )"(\.[^"]+)\.js"/g))
    reach(resolve(dirname(path), `${target}.d.ts`));
}
for (const entry of Object.values(manifest.exports)) {
  const types = entry.types ?? entry.default?.types;
  if (types !== undefined) reach(resolve(outDir, types.replace("./dist/", "")));
}
for (const path of reached) host.writeFile(path, declarations.get(path), false);
for (const diagnostic of ts.sortAndDeduplicateDiagnostics([...ts.getPreEmitDiagnostics(program), ...diagnostics]))
  report(diagnostic);

function report(diagnostic) {
  console.error(
    ts.formatDiagnostic(diagnostic, {
      ...ts.sys,
      getCurrentDirectory: () => process.cwd(),
      getNewLine: () => "\n",
      getCanonicalFileName: (name) => name,
    }),
  );
  process.exitCode = 1;
}
