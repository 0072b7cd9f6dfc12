import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { dependencies, entries, installedHere, type PackedPackage, peers, root, run } from "./packedPackage.ts";

// Each expectation fails where the types are missing or `any`.
const program = `${entries.map(({ name }, index) => `import * as entry${index} from "${name}";`).join("\n")}
import { type AuthState, createAuthClient, useAuth } from "stay-signed-in";
import { authorizeFetch } from "stay-signed-in/fetch";

export const all = [${entries.map((_, index) => `entry${index}`).join(", ")}];
export const authorized: typeof fetch = authorizeFetch(createAuthClient());
export const nameOf = (state: AuthState): string | null =>
  state.status === "authenticated" ? state.identity.subject : null;
// @ts-expect-error -- nobody may be signed in
export const careless = (state: AuthState) => state.identity;
// @ts-expect-error -- not one of the words
createAuthClient({ guests: "always" });
// @ts-expect-error -- a boolean is no text
export const isOut = (): string => useAuth(({ status }) => status === "unauthenticated");
`;

const current = installedHere("typescript", "bin", "tsc");
const oldest = join(root, "test/types/oldest/node_modules/typescript/bin/tsc");
const newest = join(root, "test/types/newest/node_modules/typescript/bin/tsc");
const bundler = ["--module", "esnext", "--moduleResolution", "bundler"];

/** What an app's own compiler makes of the packed declarations. */
export function describeCompilers(packed: () => PackedPackage): void {
  describe("types", () => {
    let project: string;
    let projectWithReact18: string;

    beforeAll(async () => {
      project = await makeTypedProject("typed", installedHere("@types", "react"));
      projectWithReact18 = await makeTypedProject("typed18", join(root, "test/react18/node_modules/@types/react"));
    });

    it("compile in a strict project that checks the declarations too", () => compile(current, project));
    it("compile with the newest TypeScript, as bundlers resolve them", () => compile(newest, project, bundler));
    it("compile with the types of React 18", () => compile(newest, projectWithReact18));
    // Peers' own declarations need newer compilers, so nobody checks them with this one.
    it("compile with TypeScript 5.0", () => compile(oldest, project, [...bundler, "--skipLibCheck"]));

    // The manner of create-react-app and of every project from before TypeScript 4.7.
    it('compile with `moduleResolution: "node"`', () =>
      compile(oldest, project, ["--module", "esnext", "--moduleResolution", "node", "--skipLibCheck"]));

    async function makeTypedProject(name: string, reactTypes: string): Promise<string> {
      const folder = await packed().makeProject(name, [...dependencies, ...peers]);
      const types = join(folder, "node_modules", "@types");
      await mkdir(types);
      for (const target of [installedHere("@types", "node"), installedHere("@types", "pg"), reactTypes])
        await symlink(target, join(types, target.slice(dirname(target).length + 1)));
      await writeFile(join(folder, "program.ts"), program);
      return folder;
    }
  });
}

async function compile(tsc: string, folder: string, options: readonly string[] = ["--module", "nodenext"]) {
  const strict = "--noEmit --strict --target es2022 --lib es2022,dom,dom.iterable --types node --skipLibCheck false";
  await run(process.execPath, [tsc, ...strict.split(" "), ...options, "program.ts"], { cwd: folder }).catch(
    (error: { stdout: string }) => expect.fail(error.stdout),
  );
}
