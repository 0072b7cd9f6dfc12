import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../", import.meta.url));
const peers = Object.keys(manifest.peerDependencies);

/** What somebody imports, by entry. */
type Imports = Partial<
  Record<
    "index" | "client" | "query" | "axios" | "fetch" | "bound" | "endings" | "native" | "socket.io" | "devtools",
    string
  >
>;

const client: Imports = { client: "createAuthClient" };
const react: Imports = { index: "createAuthClient, AuthProvider, useAuth" };

// The size of the day it was set, plus 1 %, or 100 bytes where that is more: compression makes small parts waver. A budget is
// raised by hand, in a commit that says for what; docs/architecture.md shows the table.
const parts: { name: string; imports: Imports; onTopOf?: Imports; budget: number }[] = [
  {
    name: "client + AuthProvider + useAuth + authorizeAxios",
    imports: { ...react, axios: "authorizeAxios" },
    budget: 25_400,
  },
  { name: "client + authorizeFetch", imports: { ...client, fetch: "authorizeFetch" }, budget: 23_500 },
  { name: "client alone", imports: client, budget: 20_770 },
  { name: "createNativeAuthClient alone", imports: { native: "createNativeAuthClient" }, budget: 22_830 },
  { name: "useSession", imports: { index: `${react.index}, useSession` }, onTopOf: react, budget: 710 },
  { name: "bindQueryClient", imports: { ...react, query: "bindQueryClient" }, onTopOf: react, budget: 1_790 },
  { name: "authorizeAxios", imports: { ...client, axios: "authorizeAxios" }, onTopOf: client, budget: 3_710 },
  { name: "authorizeFetch", imports: { ...client, fetch: "authorizeFetch" }, onTopOf: client, budget: 2_810 },
  { name: "authorizeSocket", imports: { ...client, "socket.io": "authorizeSocket" }, onTopOf: client, budget: 2_600 },
  { name: "AuthDevtools", imports: { ...react, devtools: "AuthDevtools" }, onTopOf: react, budget: 13_070 },
  { name: "bindSession", imports: { ...client, bound: "bindSession" }, onTopOf: client, budget: 1_140 },
  {
    name: "foreseeSessionEnd, signOutWhenIdle",
    imports: { ...client, endings: "foreseeSessionEnd, signOutWhenIdle" },
    onTopOf: client,
    budget: 1_560,
  },
];

/** What README.md says, by the part of {@link parts} that it speaks of. */
const stated: Record<string, string> = {
  "client, `AuthProvider`, `useAuth`, `authorizeAxios`": "client + AuthProvider + useAuth + authorizeAxios",
  "client, `authorizeFetch`, without React": "client + authorizeFetch",
  "`useSession` on top": "useSession",
  "`bindQueryClient` on top": "bindQueryClient",
  "`authorizeSocket` on top": "authorizeSocket",
  "`AuthDevtools` on top": "AuthDevtools",
};

describe("what an app downloads, minified and compressed, without its peers", () => {
  it.each(parts)("$name: at most $budget bytes", async ({ name, imports, onTopOf, budget }) => {
    const bytes = (await sizeOf(imports)) - (onTopOf === undefined ? 0 : await sizeOf(onTopOf));
    // Seen with `npx vitest run --project unit test/package/size --reporter=verbose`.
    console.log(`${onTopOf === undefined ? "" : "+ "}${name}: ${(bytes / 1000).toFixed(2)} kB`);
    expect(bytes).toBeLessThanOrEqual(budget);
  });
});

describe("the README", () => {
  const readme = readFileSync(`${root}README.md`, "utf8");

  it.each(Object.entries(stated))("says how large %s is, within 3 %%, or 100 bytes", async (row, name) => {
    const said = readme
      .split("\n")
      .find((line) => line.startsWith(`| ${row} |`))
      ?.split("|")[2];
    const part = parts.find((candidate) => candidate.name === name) ?? expect.fail(name);
    const bytes = (await sizeOf(part.imports)) - (part.onTopOf === undefined ? 0 : await sizeOf(part.onTopOf));
    expect(Math.abs(Number(said) * 1000 - bytes)).toBeLessThanOrEqual(Math.max(100, 0.03 * bytes));
  });

  it("opens with one sentence and a whole example of at most twenty lines", () => {
    const [, sentence, example] = /^# .+\n\n(.+)\n\n```tsx\n([\s\S]*?)```\n/.exec(readme) ?? [];
    expect(sentence).toMatch(/^[^.]+\.$/);
    expect(example?.trimEnd().split("\n").length).toBeLessThanOrEqual(20);
  });
});

it("leaves what helps a developer alone out of a production build, and out of no other", async () => {
  const help = ["Did you mean", "Call `signIn`, or show your sign-in page."];
  const [production, development] = [await bundle(client), await bundle(client, "development")];
  for (const sentence of help) {
    expect(production).not.toContain(sentence);
    expect(development).toContain(sentence);
  }
});

const sizeOf = async (imports: Imports): Promise<number> => gzipSync(await bundle(imports), { level: 9 }).length;

/** The page's own file, as text. */
async function bundle(imports: Imports, mode = "production"): Promise<string> {
  const contents = Object.entries(imports).map(([entry, names]) => `export { ${names} } from "./src/${entry}.ts";`);
  const { outputFiles } = await build({
    stdin: { contents: contents.join("\n"), resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": JSON.stringify(mode) },
    external: peers,
    // What is loaded only when it is needed (the lock of pages without Web Locks) is a file of its own, and no part of the page.
    splitting: true,
    outdir: "out",
  });
  return outputFiles.find(({ path }) => path.endsWith("stdin.js"))?.text ?? "";
}
