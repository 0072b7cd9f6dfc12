import { execFile } from "node:child_process";
import { mkdtemp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = (...path: string[]) => join(root, "node_modules", ...path);
const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");

// What is published, as somebody gets it: built, packed, unpacked into a project of its own.
describe("the packed package", () => {
  let folder: string;
  let tarball: string;
  let installed: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "stay-signed-in-packed-"));
    await Promise.all([
      run(process.execPath, [bin("vite", "bin", "vite.js"), "build", "--logLevel", "warn"], { cwd: root }),
      run(process.execPath, [bin("typescript", "bin", "tsc"), "-p", "tsconfig.build.json"], { cwd: root }),
    ]);
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
    tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`);
    installed = join(folder, "project", "node_modules", manifest.name);
    await mkdir(installed, { recursive: true });
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("holds what is built, the licence and the documents, and neither sources nor tests", async () => {
    const files = await readdir(installed, { recursive: true });
    expect(
      files.filter((file) => /(^|\/)(test|stories|examples|src)(\/|$)|\.(test|stories)\.|tsbuildinfo/.test(file)),
    ).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(["package.json", "README.md", "CHANGELOG.md", "LICENSE", "dist/index.js"]),
    );
  });

  it("passes publint in its strict mode", async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  it("has types that resolve wherever the package does", { timeout: 60_000 }, async () => {
    const attw = bin("@arethetypeswrong", "cli", "dist", "index.js");
    const { stdout } = await run(process.execPath, [attw, tarball, "--profile", "esm-only", "--format", "json"]);
    expect(JSON.parse(stdout).analysis.entrypoints).toHaveProperty(["./server"]);
  });

  it("depends on every package that its files import, as dependency or as optional peer", async () => {
    const declared = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]);
    const imported = new Set<string>();
    for (const file of await readdir(join(installed, "dist"), { recursive: true })) {
      if (!file.endsWith(".js")) continue;
      const text = await readFile(join(installed, "dist", file), "utf8");
      for (const [, name] of text.matchAll(/(?:^|\s)(?:import|from)\s*\(?\s*"([^".][^"]*)"/gm)) {
        if (name?.startsWith("node:") === false)
          imported.add(
            name
              .split("/")
              .slice(0, name.startsWith("@") ? 2 : 1)
              .join("/"),
          );
      }
    }
    expect([...imported].filter((name) => !declared.has(name))).toEqual([]);
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(Object.keys(manifest.peerDependencies).sort());
  });

  it("lets a page that uses neither React nor a server install nothing but jwt-decode", async () => {
    const project = await makeProject("bare", ["jwt-decode"]);
    const { stdout } = await importIn(project, ["stay-signed-in/client", "stay-signed-in/fetch"]);
    expect(stdout).toContain("createAuthClient");
  });

  it("imports in Node, every entry, without a page", async () => {
    const project = await makeProject("whole", [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
    ]);
    const names = entries.map((entry) => entry.replace(/^\./, manifest.name));
    const { stdout, stderr } = await importIn(project, names);
    expect(stdout).toContain("createAuthServer");
    expect(stderr).toBe("");
  });

  it("runs its command", async () => {
    const { stdout } = await run(process.execPath, [join(root, manifest.bin["stay-signed-in"]), "--help"]);
    expect(stdout).toMatch(/^Usage: stay-signed-in/);
  });

  /** A project with the packed package and those of the repository's packages that are named. */
  async function makeProject(name: string, packages: readonly string[]): Promise<string> {
    const project = join(folder, name);
    await mkdir(join(project, "node_modules", "@tanstack"), { recursive: true });
    await mkdir(join(project, "node_modules", "@node-rs"), { recursive: true });
    const own = join(project, "node_modules", manifest.name);
    await mkdir(own);
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", own]);
    for (const dependency of packages) await symlink(bin(dependency), join(project, "node_modules", dependency));
    return project;
  }

  async function importIn(project: string, names: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    const program = `${names.map((name, index) => `import * as m${index} from ${JSON.stringify(name)};`).join("\n")}
console.log([${names.map((_, index) => `m${index}`).join(", ")}].flatMap((module) => Object.keys(module)).join(" "));`;
    await writeFile(join(project, "program.mjs"), program);
    return run(process.execPath, ["program.mjs"], { cwd: project });
  }
});
