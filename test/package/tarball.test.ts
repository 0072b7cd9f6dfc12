import { access, constants, copyFile, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { dictionary } from "@zxcvbn-ts/language-common";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { describeBundlers } from "./bundlers.ts";
import { describeCompilers } from "./compilers.ts";
import { describeJest } from "./jest.ts";
import { describeServerPrograms } from "./serverPrograms.ts";
import {
  dependencies,
  entries,
  installedHere,
  type PackedPackage,
  packPackage,
  peers,
  root,
  run,
} from "./packedPackage.ts";

/** The folders beside `dist` that older tools look for. */
const beside = manifest.files
  .filter((name) => /^[a-z]/.test(name) && name !== "dist")
  .map((name) => `${name}/package.json`);

// What is published, as somebody gets it: built, packed, unpacked into a project of its own.
describe("the packed package", () => {
  let packed: PackedPackage;
  let whole: string;
  let installed: string;

  beforeAll(async () => {
    packed = await packPackage();
    whole = await packed.makeProject("whole", [...dependencies, ...peers]);
    installed = join(whole, "node_modules", manifest.name);
  }, 180_000);

  afterAll(() => packed?.remove());

  it("holds what is built and the documents, and nothing else", async () => {
    const files = await filesIn(installed);
    const notBuilt = files.filter((file) => !file.startsWith("dist/") && !beside.includes(file));
    expect(notBuilt.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    expect(files.filter((file) => file.startsWith("dist/") && !/\.(js|d\.ts)$/.test(file))).toEqual([
      "dist/cjs/package.json",
    ]);
    expect(files.filter((file) => /\.(test|stories)\./.test(file))).toEqual([]);
  });

  it("is downloaded in at most 400 kB", async () => {
    expect((await stat(packed.tarball)).size).toBeLessThanOrEqual(400_000);
  });

  // No source maps: a debugger shows the sources as they were written, without their types.
  it("is readable in a debugger as it is", async () => {
    const code = await readFile(join(installed, "dist", "server.js"), "utf8");
    expect(code).toMatch(/^async function loadCommonPasswords\(\) \{\n\t/m);
  });

  it("knows the common passwords that are long enough to be chosen", async () => {
    const [chunk] = (await filesIn(installed)).filter((file) => file.includes("chunks/language-common"));
    const program = `import { dictionary } from ${JSON.stringify(`./node_modules/${manifest.name}/${chunk}`)};
console.log(JSON.stringify(dictionary["passwords-common"]));`;
    await writeFile(join(whole, "common.js"), program);
    const { stdout } = await run(process.execPath, ["common.js"], { cwd: whole, maxBuffer: 10_000_000 });
    const known = new Set(dictionary["passwords-common"].map(String).filter(({ length }) => length >= 8));
    expect(new Set(JSON.parse(stdout))).toEqual(known);
    expect(known.has("password1")).toBe(true);
  });

  it("has a README whose links work on the package's public page", async () => {
    const links = (text: string): string[] =>
      [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)]+)\)|\bsrc(?:set)?="([^"]+)"/g)]
        .map(([, target, source]) => target ?? source ?? "")
        .filter((link) => !link.startsWith("#"));
    const text = await readFile(join(installed, "README.md"), "utf8");
    expect(links(text).filter((link) => !link.startsWith("https://"))).toEqual([]);
    expect(links(text).length).toBeGreaterThan(5);

    // As it will be: package.json is the one place where the address is set.
    const repository = { type: "git", url: "git+https://github.example/us/it.git" };
    await writeFile(join(whole, "package.json"), JSON.stringify({ repository, homepage: "https://it.example/" }));
    await copyFile(join(root, "README.md"), join(whole, "README.md"));
    await run(process.execPath, [join(root, ".ci", "publicReadme.mjs"), whole]);
    await writeFile(join(whole, "package.json"), '{ "type": "module", "private": true }');
    const led = links(await readFile(join(whole, "README.md"), "utf8"));
    expect(led.filter((link) => !link.startsWith("https://"))).toEqual([]);
    expect(led).toContain("https://it.example/docs/server.html");
    expect(led).toContain("https://github.example/us/it/blob/main/LICENSE");
    expect(led).toContain("https://github.example/us/it/raw/main/docs/pictures/devtools-light.png");
  });

  it("has the files that its exports and its command name", async () => {
    const files = await filesIn(installed);
    const named = entries
      .flatMap(({ files, commonJs }) => [...Object.values(files), ...Object.values(commonJs ?? {})])
      .concat(Object.values(manifest.bin));
    expect(named.map((file) => file.replace("./", "")).filter((file) => !files.includes(file))).toEqual([]);
    expect(named.length).toBeGreaterThan(18);
  });

  // Without `exports`: moduleResolution "node", which create-react-app and older projects have.
  it("names the types of every entry for compilers that do not know `exports`", () => {
    const named = entries
      .filter(({ name }) => name !== manifest.name)
      .map(({ name, files }) => [name.slice(manifest.name.length + 1), [files.types]]);
    expect(manifest.typesVersions).toEqual({ "*": Object.fromEntries(named) });
    const { main, module, types } = manifest;
    expect([main, module, types]).toEqual(["./dist/cjs/index.js", "./dist/index.js", "./dist/index.d.ts"]);
  });

  // Jest up to 27 and webpack 4 look for a folder of the entry's name.
  it("leads tools that do not know `exports` to the files of every entry of a page", async () => {
    const page = entries.filter(({ name, commonJs }) => commonJs !== null && name !== manifest.name);
    const folderOf = (name: string): string => name.slice(manifest.name.length + 1);
    expect(page.map(({ name }) => `${folderOf(name)}/package.json`)).toEqual(beside);
    for (const { name, files, commonJs } of page) {
      const folder = join(installed, folderOf(name));
      const { main, module, types } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const named = [commonJs?.default ?? "", files.default, files.types];
      expect([main, module, types].map((file) => join(folder, file))).toEqual(
        named.map((file) => join(installed, file)),
      );
    }
    // Everybody who knows `exports` gets the one copy, by whichever word: two would be two sessions.
    const { stdout } = await run(process.execPath, ["-p", 'require.resolve("stay-signed-in/client")'], { cwd: whole });
    expect(stdout.trim()).toBe(join(await realpath(installed), "dist", "client.js"));
  });

  it("has declarations that name the files beside them", async () => {
    const unresolved: string[] = [];
    for (const file of (await filesIn(installed)).filter((name) => name.endsWith(".d.ts"))) {
      const text = await readFile(join(installed, file), "utf8");
      for (const [, target = ""] of text.matchAll(/\b(?:from |import\()"(\.[^"]*)"/g)) {
        const declaration = join(installed, dirname(file), target.replace(/\.js$/, ".d.ts"));
        if (!target.endsWith(".js") || !(await exists(declaration))) unresolved.push(`${file}: ${target}`);
      }
    }
    expect(unresolved).toEqual([]);
  });

  it("passes publint in its strict mode", async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  it("has types that resolve wherever an ESM package does", { timeout: 120_000 }, async () => {
    const attw = installedHere("@arethetypeswrong", "cli", "dist", "index.js");
    const { stdout } = await run(process.execPath, [attw, packed.tarball, "--profile", "esm-only", "--format", "json"]);
    const { analysis } = JSON.parse(stdout);
    expect(Object.keys(analysis.entrypoints).length).toBe(Object.keys(manifest.exports).length);
  });

  it("depends on every package that its files import, as dependency or as optional peer", async () => {
    const imported = await packagesImportedBy("dist");
    expect([...imported].filter((name) => ![...dependencies, ...peers].includes(name))).toEqual([]);
    expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(peers.sort());
  });

  it("imports in Node, every entry, without a page", async () => {
    const { stdout, stderr } = await importIn(
      whole,
      entries.map(({ name }) => name),
    );
    expect(stdout).toContain("createAuthServer");
    expect(stderr).toBe("");
  });

  it("lets a program that uses neither React nor a server install no peer at all", async () => {
    const bare = await packed.makeProject("bare", dependencies);
    const { stdout } = await importIn(bare, ["stay-signed-in/client", "stay-signed-in/fetch", "stay-signed-in/node"]);
    expect(stdout).toContain("createAuthClient");
    expect(stdout).toContain("createNodeAuthClient");
  });

  it("lets a page with React install no TanStack Query", async () => {
    const page = await packed.makeProject("page-modules", [
      "react",
      "react-dom",
      "axios",
      "socket.io-client",
      ...dependencies,
    ]);
    const { stdout } = await importIn(
      page,
      ["", "/client", "/axios", "/fetch", "/socket.io", "/devtools", "/testing-react"].map(
        (entry) => `stay-signed-in${entry}`,
      ),
    );
    for (const name of ["AuthProvider", "RequireAuth", "useSession", "AuthDevtools"]) expect(stdout).toContain(name);
    await expect(importIn(page, ["stay-signed-in/query"])).rejects.toThrow("@tanstack/react-query");
  });

  it("starts no timer and says nothing when a bare Node imports the client", async () => {
    // Whatever keeps the process up would show as a time-out; whatever throws, as a failure.
    const { stdout, stderr } = await run(process.execPath, ["-e", 'import("stay-signed-in/client")'], { cwd: whole });
    expect(stdout + stderr).toBe("");
  });

  it("loads no server, no simulation and nothing of Node into a page", async () => {
    const pages = ["index", "client", "query", "axios", "fetch", "bound", "socket.io", "backends", "devtools"].map(
      (name) => `dist/${name}.js`,
    );
    for (const page of pages) {
      const loaded = await loadedBy(page);
      const text = (await Promise.all(loaded.map((file) => readFile(join(installed, file), "utf8")))).join("\n");
      expect(text, page).not.toMatch(/"(node:[a-z]|hono|jose|kysely)/);
      expect(text, page).not.toMatch(/createSimulatedClock|createAuthServer|createFileBackend|vitest/);
    }
  });

  it("brings what its command line needs along: whoever writes a page installs one small package beside it", async () => {
    expect(dependencies).toEqual(["jwt-decode"]);
    const command = await packed.makeProject("command", dependencies);
    const bin = join(command, "node_modules", manifest.name, manifest.bin["stay-signed-in"]);
    expect((await run(process.execPath, [bin, "login", "--help"], { cwd: command })).stdout).toMatch(/--no-browser/);
    // What opens a browser is loaded only then.
    const chunks = (await filesIn(installed)).filter((file) => file.startsWith("dist/chunks/open-"));
    const program = `import open from ${JSON.stringify(`./node_modules/${manifest.name}/${chunks[0]}`)}; console.log(typeof open);`;
    await writeFile(join(command, "program.js"), program);
    expect((await run(process.execPath, ["program.js"], { cwd: command })).stdout).toBe("function\n");
  });

  it("runs its command, which is executable once installed", async () => {
    const command = join(installed, manifest.bin["stay-signed-in"]);
    expect(await readFile(command, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    await access(command, constants.X_OK);
    const { stdout } = await run(command, ["--help"], {
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    });
    expect(stdout).toMatch(/^Usage: stay-signed-in/);
    expect((await run(command, ["--version"])).stdout.trim()).toBe(manifest.version);
  });

  describeCompilers(() => packed);
  describeBundlers(() => packed);
  describeJest(() => packed);
  describeServerPrograms(() => packed);

  async function importIn(project: string, names: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    const program = `const modules = await Promise.all(${JSON.stringify(names)}.map((name) => import(name)));
console.log(modules.flatMap((module) => Object.keys(module)).join(" "));`;
    await writeFile(join(project, "program.js"), program);
    return run(process.execPath, ["program.js"], { cwd: project });
  }

  async function packagesImportedBy(path: string): Promise<Set<string>> {
    const packages = new Set<string>();
    for (const file of (await filesIn(installed)).filter((name) => name.startsWith(path) && name.endsWith(".js"))) {
      for (const target of importsOf(await readFile(join(installed, file), "utf8"))) {
        if (/^(\.|node:)/.test(target)) continue;
        packages.add(
          target
            .split("/")
            .slice(0, target.startsWith("@") ? 2 : 1)
            .join("/"),
        );
      }
    }
    return packages;
  }

  /** The file and every chunk that comes with it. */
  async function loadedBy(file: string, known: string[] = []): Promise<string[]> {
    if (known.includes(file)) return known;
    known.push(file);
    for (const target of importsOf(await readFile(join(installed, file), "utf8"))) {
      if (target.startsWith(".")) await loadedBy(join(dirname(file), target), known);
    }
    return known;
  }
});

function importsOf(code: string): string[] {
  return [...code.matchAll(/^(?:import|export)\b[^"'\n]*"([^"]+)";?$|\bimport\("([^"]+)"\)/gm)].map(
    ([, still, late]) => still ?? late ?? "",
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((file) => file.isFile())
    .map((file) =>
      join(file.parentPath, file.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
