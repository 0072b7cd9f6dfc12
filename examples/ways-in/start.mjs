// Builds the page and the server, then runs the server in this process.
import { join } from "node:path";
import { build } from "vite";

const root = import.meta.dirname;
const shared = { root, configFile: join(root, "vite.config.ts"), logLevel: "error" };

await build(shared);
await build({ ...shared, build: { ssr: "server.ts", outDir: "dist/server" } });
await import("./dist/server/server.js");
