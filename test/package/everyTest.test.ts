import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isInstalled } from "../support/isInstalled.ts";
import { root } from "./packedPackage.ts";

const run = promisify(execFile);

/** Where it is decided whether PostgreSQL, Firefox, the secret service, Python and the tools of another age are here. */
const askers = [
  "test/browser/support/useFirefox.ts",
  "test/docs/codeBlocks.test.ts",
  "test/interop/support/findPython.ts",
  "test/node/support/secretService.ts",
  "test/package/jest.ts",
  "test/package/next.test.ts",
  "test/support/postgres.ts",
];

afterEach(() => vi.unstubAllEnvs());

describe("a test whose program is missing", () => {
  it("is skipped at somebody's desk", () => {
    vi.stubEnv("EVERY_TEST", "");
    expect([isInstalled("Firefox", false), isInstalled("Firefox", true)]).toEqual([false, true]);
  });

  it("is a failure where every test has to run", () => {
    vi.stubEnv("EVERY_TEST", "yes");
    expect(isInstalled("Firefox", true)).toBe(true);
    expect(() => isInstalled("Firefox", false)).toThrow("Firefox is not installed");
  });

  it("is none in continuous integration: its script sets the switch, and every such skip asks it", async () => {
    const script = await readFile(join(root, ".ci", "run"), "utf8");
    expect(script.indexOf("export EVERY_TEST=yes")).toBeGreaterThan(script.indexOf("npm ci --prefix test/next"));
    const { stdout } = await run("git", ["grep", "-l", "isInstalled.ts", "test"], { cwd: root });
    expect(stdout.trim().split("\n")).toEqual(expect.arrayContaining(askers));
  });
});
