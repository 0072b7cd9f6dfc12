import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import manifest from "../../package.json" with { type: "json" };

export const run = promisify(execFile);
export const root = fileURLToPath(new URL("../../", import.meta.url));
export const installedHere = (...path: string[]): string => join(root, "node_modules", ...path);

/** What can be imported, by its public name: its files, and those for tools that read CommonJS alone. */
export const entries = Object.entries(manifest.exports).flatMap(([name, files]) => {
  if (typeof files === "string") return [];
  const isTwofold = "require" in files;
  return [
    {
      name: name.replace(/^\./, manifest.name),
      files: isTwofold ? files.default : files,
      commonJs: isTwofold ? files.require : null,
    },
  ];
});
export const dependencies = Object.keys(manifest.dependencies);
export const peers = Object.keys(manifest.peerDependencies);

export interface PackedPackage {
  /** The path of what `npm publish` would send. */
  readonly tarball: string;
  /** A new project with the package, and links to those of the repository's packages that are named; returns its folder. */
  makeProject(name: string, packages: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Builds and packs the package beside whatever `dist` there is. */
export async function packPackage(): Promise<PackedPackage> {
  const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-packed-"));
  const published = join(folder, "published");
  const dist = join(published, "dist");
  await mkdir(published);
  const vite = [installedHere("vite", "bin", "vite.js"), "build", "--logLevel", "error"];
  // As in `npm run build`: the test runner's own NODE_ENV would make React's development calls of the JSX.
  const { NODE_ENV: _, ...env } = process.env;
  await Promise.all([
    run(process.execPath, [...vite, "--outDir", dist, "--emptyOutDir", "false"], { cwd: root, env }),
    run(process.execPath, [".ci/declarations.mjs", dist], { cwd: root }),
    ...["package.json", "README.md", "CHANGELOG.md", "LICENSE"].map((file) =>
      copyFile(join(root, file), join(published, file)),
    ),
  ]);
  await run(process.execPath, [".ci/commonjs.mjs", published], { cwd: root });
  await run(process.execPath, [".ci/publicReadme.mjs", published], { cwd: root });
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: published });
  const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`);
  return {
    tarball,
    async makeProject(name, packages) {
      const modules = join(folder, name, "node_modules");
      const own = join(modules, manifest.name);
      await mkdir(own, { recursive: true });
      await writeFile(join(folder, name, "package.json"), '{ "type": "module", "private": true }');
      await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", own]);
      for (const target of packages) {
        await mkdir(dirname(join(modules, target)), { recursive: true });
        await symlink(installedHere(target), join(modules, target));
      }
      return join(folder, name);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
