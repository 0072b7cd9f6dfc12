// Bundles the server with this benchmark, as an application's build would, and runs it in this process.
//
//   node bench/server.mjs                    both databases, up to a million sessions
//   node bench/server.mjs 1000 100000        with these many sessions in the table
//
// It uses what is installed in the folder above.
import { join } from "node:path";
import { build } from "vite";

const root = import.meta.dirname;
await build({
  root,
  configFile: false,
  logLevel: "error",
  build: { ssr: "measureServer.ts", outDir: "dist", target: "node20", emptyOutDir: true },
});
const { measureServer } = await import(join(root, "dist/measureServer.js"));
await measureServer({
  sizes: process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 100_000, 1_000_000],
  loadProgram: join(root, "refreshLoad.mjs"),
});
