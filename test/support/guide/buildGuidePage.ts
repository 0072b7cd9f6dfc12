import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { readCodeBlocks, repository } from "../../docs/markdown.ts";

/** The script of the page that docs/existing-frontend.md shows as "after", built as it stands there. */
export async function buildGuidePage(): Promise<string> {
  const folder = await mkdtemp(join(repository, "test", "browser", ".tmp-"));
  try {
    for (const { document, code } of readCodeBlocks()) {
      const name = document === "docs/existing-frontend.md" && /^\/\/ ([\w.]+)\n/.exec(code)?.[1];
      if (name) await writeFile(join(folder, name), code);
    }
    const { outputFiles } = await build({
      entryPoints: [join(folder, "main.tsx")],
      bundle: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      alias: Object.fromEntries(
        ["", "/axios", "/socket.io"].map((entry) => [
          `stay-signed-in${entry}`,
          join(repository, "src", `${entry.slice(1) || "index"}.ts`),
        ]),
      ),
      define: { "process.env.NODE_ENV": '"production"' },
    });
    return outputFiles[0]?.text ?? "";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
