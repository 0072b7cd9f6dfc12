import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readCodeBlocks, repository } from "../docs/markdown.ts";

/** The files of docs/routers.md as they stand there, but for what the test puts in the place of some; where they can be imported. */
export async function writeRecipes(replaced: Readonly<Record<string, string>>) {
  // A folder of its own each time, since a module that was imported once is never read again.
  const folder = await mkdtemp(join(repository, "test", "routers", ".tmp-"));
  const files = new Map<string, string>();
  for (const { document, code } of readCodeBlocks()) {
    const name = document === "docs/routers.md" ? /^\/\/ (\S+)\n/.exec(code)?.[1] : undefined;
    if (name !== undefined) files.set(name, code);
  }
  for (const [name, code] of Object.entries(replaced)) files.set(name, code);
  await Promise.all([...files].map(([name, code]) => writeFile(join(folder, name), toSources(code))));
  return {
    load: (name: string) => import(/* @vite-ignore */ join(folder, name)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function toSources(code: string): string {
  return code.replaceAll(
    /from "stay-signed-in(?:\/([\w.-]+))?"/g,
    (_, entry = "index") => `from "${join(repository, "src", `${entry}.ts`)}"`,
  );
}
