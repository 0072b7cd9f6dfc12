import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import webpack from "webpack";
import { type PackedPackage, run } from "./packedPackage.ts";

/** What every server imports when it is loaded. */
const always = ["hono", "jose", "kysely", "zod"];

const program = (
  options: string,
): string => `import { createAuthServer, memoryStore, sqliteStore } from "stay-signed-in/server";
const auth = createAuthServer({ accessTokenSecret: "for tests only, and 32 bytes long", ${options} });
await auth.ready();
console.log("started");
const form = new URLSearchParams({ username: "a@example.org", password: "a password" });
const answer = await auth.app.fetch(new Request("http://localhost/v1/auth/jwt/login", { method: "POST", body: form }));
console.log(answer.status);
const body = JSON.stringify({ email: "a@example.org", password: "password" });
const registered = await auth.app.fetch(new Request("http://localhost/v1/auth/register", { method: "POST", body }));
console.log((await registered.json()).detail.reason);
await auth.close();
`;

const output = /^started\n400\nPassword is one of the most common ones/;

const options = 'store: sqliteStore({ path: ":memory:" })';

/** The packed package as a server, in projects that have all of its peers, or not. */
export function describeServerPrograms(packed: () => PackedPackage): void {
  describe("in a server", () => {
    // N02
    it.each(["libsql", "@node-rs/argon2", "rate-limiter-flexible"])(
      "does not start without %s, and says what to install",
      { timeout: 60_000 },
      async (missing) => {
        const peers = ["libsql", "@node-rs/argon2", "rate-limiter-flexible"].filter((name) => name !== missing);
        const project = await packed().makeProject(`without-${missing.replaceAll(/\W/g, "-")}`, [...always, ...peers]);
        await writeFile(join(project, "program.js"), program(options));
        const { code, stdout, stderr } = await run(process.execPath, ["program.js"], { cwd: project }).then(
          (output) => ({ ...output, code: 0 }),
          (failure: { code: number; stdout: string; stderr: string }) => failure,
        );
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(stderr).toContain(`OptionsError: \`${missing}\` is not installed`);
        expect(stderr).toContain(`npm install ${missing}`);
      },
    );

    it("starts without the peers of what it does not use", { timeout: 60_000 }, async () => {
      const project = await packed().makeProject("without-peers", always);
      const hasher = "{ hash: async () => '', verify: async () => false, needsRehash: () => false }";
      const chosen = `store: memoryStore(), rateLimits: false, passwordHasher: ${hasher}`;
      await writeFile(join(project, "program.js"), program(chosen));
      expect((await run(process.execPath, ["program.js"], { cwd: project })).stdout).toMatch(output);
    });

    // N03
    it("finds its peers when webpack has bundled it, as in a route handler of Next", { timeout: 120_000 }, async () => {
      const peers = ["libsql", "@node-rs/argon2", "rate-limiter-flexible"];
      const project = await packed().makeProject("server-by-webpack", [...always, ...peers]);
      await writeFile(join(project, "program.js"), program(options));
      await bundleForNode(project);
      expect((await run(process.execPath, ["built/program.mjs"], { cwd: project })).stdout).toMatch(output);
    });
  });
}

async function bundleForNode(folder: string): Promise<void> {
  const compiler = webpack({
    mode: "production",
    target: "node20",
    context: folder,
    entry: "./program.js",
    experiments: { outputModule: true },
    output: { path: join(folder, "built"), filename: "program.mjs", module: true, chunkFormat: "module" },
    optimization: { minimize: false },
  });
  await new Promise<void>((resolve, reject) => {
    compiler?.run((error, stats) => {
      const { errors = [] } = stats?.toJson({ all: false, errors: true }) ?? {};
      if (error !== null || errors.length > 0) reject(error ?? new Error(errors[0]?.message));
      else compiler.close(() => resolve());
    });
  });
}
