import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "../../node/support/runProgram.ts";
import { packageFolder } from "./pythonEnvironment.ts";

const guidePath = join(packageFolder, "../docs/fastapi-users.md");

export interface ExistingApp {
  /** A copy of the app as it was before the guide. */
  readonly folder: string;
  /** Carries out every diff of the guide; returns how many lines a developer writes for that. */
  applyGuide(): Promise<number>;
  remove(): Promise<void>;
}

/** Copies the app that knows nothing of the package. */
export async function copyExistingApp(): Promise<ExistingApp> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "existing-app-")));
  await cp(join(packageFolder, "tests/existing_app/app"), join(folder, "app"), { recursive: true });
  return {
    folder,
    async applyGuide() {
      const guide = await readFile(guidePath, "utf8");
      const diffs = [...guide.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, diff = ""]) => diff);
      const patch = join(folder, "guide.patch");
      await writeFile(patch, diffs.join(""));
      const { code, output, errors } = await runProgram("git", ["apply", "--verbose", patch], { cwd: folder });
      if (code !== 0) throw new Error(`A step of the guide does not fit the app:\n${output}${errors}`);
      return diffs.join("").match(/^\+(?!\+\+)/gm)?.length ?? 0;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
