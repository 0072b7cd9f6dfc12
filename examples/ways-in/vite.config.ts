import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const source = fileURLToPath(new URL("../../src", import.meta.url));

export default defineConfig({
  resolve: {
    // Inside this repository the package is its own source. In a copy of this folder, leave `resolve` out.
    alias: [{ find: /^stay-signed-in\/(.+)$/, replacement: `${source}/$1.ts` }],
  },
  build: { outDir: "dist/page", target: "es2022" },
});
