import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const source = fileURLToPath(new URL("../../src", import.meta.url));

/** A style sheet that has to be fetched would hold back what index.html shows first. */
const styleInPage: Plugin = {
  name: "style-in-page",
  apply: "build",
  enforce: "post",
  generateBundle(_options, bundle) {
    const page = bundle["index.html"];
    if (page?.type !== "asset") return;
    for (const [name, file] of Object.entries(bundle)) {
      if (file.type !== "asset" || !name.endsWith(".css")) continue;
      page.source = String(page.source).replace(
        new RegExp(`<link rel="stylesheet"[^>]*${name}">`),
        () => `<style>${String(file.source).trim()}</style>`,
      );
      delete bundle[name];
    }
  },
};

export default defineConfig({
  plugins: [react(), styleInPage],
  resolve: {
    // Inside this repository the package is its own source. In a copy of this folder, leave `resolve` out.
    alias: [
      { find: /^stay-signed-in$/, replacement: `${source}/index.ts` },
      { find: /^stay-signed-in\/(.+)$/, replacement: `${source}/$1.ts` },
    ],
  },
  build: { outDir: "dist/page", target: "es2022" },
});
