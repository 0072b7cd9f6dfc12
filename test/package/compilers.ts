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

// An app that has React, and neither TanStack Query nor a server.
const page = `import { AuthProvider, createAuthClient, RequireAuth, useSession } from "stay-signed-in";
import { authorizeAxios } from "stay-signed-in/axios";
import { authorizeFetch } from "stay-signed-in/fetch";
import { AuthDevtools } from "stay-signed-in/devtools";

export const all = [AuthProvider, createAuthClient, RequireAuth, authorizeAxios, authorizeFetch, AuthDevtools];
export const emailOf = (): string | null | undefined => useSession().user?.email;
// @ts-expect-error -- nobody may be signed in, or the answer not there yet
export const careless = () => useSession().user.email;
`;

// What an app has made its own by `Register`, and what stays an error then.
const registered = `import { type Auth, type Identity, RequireAuth, useAuth, useSession } from "stay-signed-in";
import type { RegisteredClaims, RegisteredUser } from "stay-signed-in/client";

interface Member { id: string; plan: "free" | "pro" }
declare module "stay-signed-in" {
  interface Register {
    user: Member;
    claims: { roles: string[] };
    credentials: { phone: string; pin: string };
  }
}

export const planOf = (): "free" | "pro" | undefined => useSession().user?.plan;
export const user: Member = {} as RegisteredUser;
export const roles: readonly string[] = ({} as RegisteredClaims).roles;
export const enter = (auth: Auth) => auth.signIn({ phone: "+1", pin: "1234" });
export const enterBySelection = () => useAuth((auth) => auth.signIn)({ phone: "+1", pin: "1234" });
export const guard = RequireAuth({ children: null, when: (identity: Identity, { plan }) => plan === "pro" });
// @ts-expect-error -- not of this app's users
export const email = () => useSession().user?.email;
// @ts-expect-error -- not of this app's users either
export const guardByEmail = RequireAuth({ children: null, when: (_, { email }) => email !== null });
// @ts-expect-error -- nobody signs in by a user name here
export const enterByName = (auth: Auth) => auth.signIn({ username: "ada", password: "secret" });
// @ts-expect-error -- no such claim
export const tenant = ({} as RegisteredClaims).tenant;
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

    it("compile for a page that has no TanStack Query", async () => {
      const folder = await makeTypedProject("typed-page", installedHere("@types", "react"), page, ["react", "axios"]);
      await compile(current, folder);
    });
    it("know what an app has registered, in every compiler", async () => {
      const folder = await makeTypedProject("registered", installedHere("@types", "react"), registered);
      await Promise.all([
        compile(current, folder),
        compile(newest, folder, bundler),
        compile(oldest, folder, [...bundler, "--skipLibCheck"]),
      ]);
    });
    it("compile in a strict project that checks the declarations too", () => compile(current, project));
    it("compile with the newest TypeScript, as bundlers resolve them", () => compile(newest, project, bundler));
    it("compile with the types of React 18", () => compile(newest, projectWithReact18));
    // Peers' own declarations need newer compilers, so nobody checks them with this one.
    it("compile with TypeScript 5.0", () => compile(oldest, project, [...bundler, "--skipLibCheck"]));

    // The manner of create-react-app and of every project from before TypeScript 4.7.
    it('compile with `moduleResolution: "node"`', () =>
      compile(oldest, project, ["--module", "esnext", "--moduleResolution", "node", "--skipLibCheck"]));

    async function makeTypedProject(name: string, reactTypes: string, code = program, packages = peers) {
      const folder = await packed().makeProject(name, [...dependencies, ...packages]);
      const types = join(folder, "node_modules", "@types");
      await mkdir(types);
      for (const target of [installedHere("@types", "node"), installedHere("@types", "pg"), reactTypes])
        await symlink(target, join(types, target.slice(dirname(target).length + 1)));
      await writeFile(join(folder, "program.ts"), code);
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
