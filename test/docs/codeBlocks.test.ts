import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { isInstalled } from "../support/isInstalled.ts";
import { compileBlocks, isCompiled } from "./compileBlocks.ts";
import { type CodeBlock, readCodeBlocks } from "./markdown.ts";

const run = promisify(execFile);
const blocks = readCodeBlocks();
const inLanguage = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const placeOf = ({ document, line }: CodeBlock) => `${document}:${line}`;

const hasPython = await run("python3", ["--version"]).then(
  () => true,
  () => isInstalled("Python 3", false),
);

describe("the code in the README and the documents", () => {
  const typed = blocks.filter(isCompiled);
  const wrong = {
    document: "docs/wrong.md",
    line: 10,
    language: "ts",
    code: 'import { createAuthClient } from "stay-signed-in";\ncreateAuthClient({ guests: "always" });\n',
  };
  let errors: string[];

  beforeAll(() => {
    errors = compileBlocks([...typed, wrong]);
  }, 240_000);

  it("compiles against the package, in a strict project", () => {
    expect(typed.length).toBeGreaterThan(40);
    expect(errors.filter((error) => !error.startsWith(wrong.document))).toEqual([]);
  });

  it("is found wanting when it does not compile", () => {
    expect(errors).toContainEqual(expect.stringMatching(/^docs\/wrong\.md:12: .*"always"/));
  });

  it("parses, where it is JSON", () => {
    expect(inLanguage("json").length).toBeGreaterThan(0);
    for (const block of inLanguage("json")) expect(() => JSON.parse(block.code), placeOf(block)).not.toThrow();
  });

  it("is shell that a shell can read", async () => {
    expect(inLanguage("sh").length).toBeGreaterThan(5);
    for (const block of inLanguage("sh"))
      await expect(run("bash", ["-n", "-c", block.code]), placeOf(block)).resolves.toBeDefined();
  });

  it.skipIf(!hasPython)("is Python that Python can read", async () => {
    expect(inLanguage("python").length).toBeGreaterThan(0);
    for (const { code, ...block } of inLanguage("python")) {
      const compiling = run("python3", ["-c", 'import sys; compile(sys.argv[1], "block", "exec")', code]);
      await expect(compiling, placeOf({ code, ...block })).resolves.toBeDefined();
    }
  });
});
