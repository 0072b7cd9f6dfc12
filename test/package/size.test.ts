import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../", import.meta.url));
const peers = Object.keys(manifest.peerDependencies);

/** What somebody imports, by entry. */
type Imports = Partial<Record<"index" | "client" | "axios" | "fetch" | "socket.io" | "devtools", string>>;

const client: Imports = { client: "createAuthClient" };
const react: Imports = { index: "createAuthClient, AuthProvider, useAuth" };

// The size of the day it was set, plus 3 %, or 100 bytes where that is more: compression makes small parts waver. A budget is
// raised by hand, in a commit that says for what; docs/architecture.md shows the table.
const parts: { name: string; imports: Imports; onTopOf?: Imports; budget: number }[] = [
  {
    name: "client + AuthProvider + useAuth + authorizeAxios",
    imports: { ...react, axios: "authorizeAxios" },
    budget: 20_660,
  },
  { name: "client + authorizeFetch", imports: { ...client, fetch: "authorizeFetch" }, budget: 17_450 },
  { name: "client alone", imports: client, budget: 16_410 },
  { name: "useSession", imports: { index: `${react.index}, useSession` }, onTopOf: react, budget: 290 },
  { name: "authorizeAxios", imports: { ...client, axios: "authorizeAxios" }, onTopOf: client, budget: 1_680 },
  { name: "authorizeFetch", imports: { ...client, fetch: "authorizeFetch" }, onTopOf: client, budget: 1_110 },
  { name: "authorizeSocket", imports: { ...client, "socket.io": "authorizeSocket" }, onTopOf: client, budget: 1_650 },
  { name: "AuthDevtools", imports: { ...react, devtools: "AuthDevtools" }, onTopOf: react, budget: 5_460 },
];

describe("what an app downloads, minified and compressed, without its peers", () => {
  it.each(parts)("$name: at most $budget bytes", async ({ name, imports, onTopOf, budget }) => {
    const bytes = (await sizeOf(imports)) - (onTopOf === undefined ? 0 : await sizeOf(onTopOf));
    // Seen with `npx vitest run --project unit test/package/size --reporter=verbose`.
    console.log(`${onTopOf === undefined ? "" : "+ "}${name}: ${(bytes / 1000).toFixed(2)} kB`);
    expect(bytes).toBeLessThanOrEqual(budget);
  });
});

async function sizeOf(imports: Imports): Promise<number> {
  const contents = Object.entries(imports).map(([entry, names]) => `export { ${names} } from "./src/${entry}.ts";`);
  const { outputFiles } = await build({
    stdin: { contents: contents.join("\n"), resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    external: peers,
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}
