import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Programs made from TypeScript sources, for real child processes. They lie inside the project, so that imports resolve. */
export interface Programs {
  /** The folder that `remove` removes. */
  folder: string;
  pathOf(name: string): string;
  remove(): Promise<void>;
}

/** Bundles each source (paths from the project's root) to a program of the same name. */
export async function bundlePrograms(sources: string[]): Promise<Programs> {
  const cache = join(root, "node_modules/.cache/stay-signed-in-tests");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "node-"));
  await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      outDir: join(folder, "dist"),
      emptyOutDir: false,
      target: "es2022",
      minify: false,
      lib: {
        entry: Object.fromEntries(sources.map((source) => [basename(source, ".ts"), join(root, source)])),
        formats: ["es"],
      },
      rolldownOptions: { external: [/^node:/, /^[^./]/], output: { entryFileNames: "[name].mjs" } },
    },
  });
  // As in the installed package: the command line reads its version from there.
  await copyFile(join(root, "package.json"), join(folder, "package.json"));
  return {
    folder,
    pathOf: (name) => join(folder, "dist", `${name}.mjs`),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
