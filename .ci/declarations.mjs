// Emits the declarations of the package (`dist/**/*.d.ts`, or into the folder that is named). TypeScript leaves the `.ts` of the
// sources' imports in declarations, even where it rewrites it in JavaScript; here they name the files that stand beside them.
import ts from "typescript";

const outDir = process.argv[2] ?? "dist";
const config = ts.getParsedCommandLineOfConfigFile(
  "tsconfig.build.json",
  { outDir },
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report },
);
const host = ts.createCompilerHost(config.options);
const program = ts.createProgram(config.fileNames, config.options, host);
const { diagnostics } = program.emit(undefined, (path, text, ...rest) =>
  host.writeFile(path, text.replaceAll(/(\bfrom |\bimport\(|\bimport )"(\.[^"]+)\.tsx?"/g, '$1"$2.js"'), ...rest),
);
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
