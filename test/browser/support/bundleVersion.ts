import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { bundlePage } from "./bundlePage.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What another version has changed: by source file, what stands there now and what it says instead. */
export type Patch = Readonly<Record<string, ReadonlyArray<readonly [now: string, then: string]>>>;

/**
 * Builds the package as its own configuration says, from a copy of the sources with these changes, and bundles the page on
 * what came out.
 */
export async function bundleVersion(patch: Patch = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-version-"));
  try {
    for (const name of ["src", "package.json", "tsconfig.json"]) {
      await cp(join(root, name), join(folder, name), { recursive: true });
    }
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    for (const [file, changes] of Object.entries(patch)) {
      let source = await readFile(join(folder, "src", file), "utf8");
      for (const [now, then] of changes) {
        if (!source.includes(now)) throw new Error(`${file} no longer says ${now}: change the patch as well.`);
        source = source.replaceAll(now, then);
      }
      await writeFile(join(folder, "src", file), source);
    }
    await build({ root: folder, configFile: join(root, "vite.config.ts"), logLevel: "error" });
    return await bundlePage(undefined, join(folder, "dist"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
