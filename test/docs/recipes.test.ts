import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { readCodeBlocks, repository } from "./markdown.ts";

const run = promisify(execFile);

// The recipes of docs/testing.md are run as they stand there, by the runner that they are written for.
it("the Vitest recipes of the testing guide pass", async () => {
  const recipes = readCodeBlocks().filter(
    ({ document, code }) => document === "docs/testing.md" && code.includes('from "vitest"'),
  );
  expect(recipes).toHaveLength(3);
  // Inside the repository, where its packages resolve.
  const folder = join(repository, "test", "docs", `.tmp-${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    await Promise.all(
      recipes.map(({ line, language, code }) => writeFile(join(folder, `line${line}.test.${language}`), code)),
    );
    const alias = ["testing-react", "testing", "fetch", ""].map((entry) => ({
      find: `stay-signed-in${entry && `/${entry}`}`,
      replacement: join(repository, "src", `${entry || "index"}.ts`),
    }));
    await writeFile(
      join(folder, "vitest.config.mjs"),
      `export default ${JSON.stringify({ root: folder, resolve: { alias }, test: { environment: "happy-dom" } })};`,
    );
    const vitest = join(repository, "node_modules", "vitest", "vitest.mjs");
    const { stdout } = await run(process.execPath, [
      vitest,
      "run",
      "--reporter=json",
      "--config",
      join(folder, "vitest.config.mjs"),
    ]);
    expect(JSON.parse(stdout.slice(stdout.indexOf("{")))).toMatchObject({ numPassedTests: 3, numTotalTests: 3 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
