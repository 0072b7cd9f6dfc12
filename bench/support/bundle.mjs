import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const folder = fileURLToPath(new URL("../", import.meta.url));
const sources = join(folder, "../src");

/** This package is taken from its sources, as an app's build would take it from the registry. */
const thisPackage = {
  name: "this-package",
  setup(builder) {
    builder.onResolve({ filter: /^stay-signed-in(\/|$)/ }, ({ path }) => {
      const entry = path.split("/").slice(1).join("/") || "index";
      return { path: join(sources, `${entry}.ts`) };
    });
  },
};

// The sources lie outside this folder, where another copy of React and axios may be installed; a page has one.
const single = ["react", "react-dom", "axios"].filter((name) => existsSync(join(folder, "node_modules", name)));
const singleCopy = {
  name: "single-copy",
  setup(builder) {
    builder.onResolve({ filter: new RegExp(`^(${single.join("|")})(/|$)`) }, ({ path, kind, pluginData }) =>
      pluginData?.isOurs
        ? undefined
        : builder.resolve(path, { kind, resolveDir: folder, pluginData: { isOurs: true } }),
    );
  },
};

/** Bundles for a page, as a production build does. `peer` is the file in `peers` that the page imports as `the-peer`. */
export async function bundlePage(page, { peer, minify = true } = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(folder, "pages", page)],
    bundle: true,
    write: false,
    minify,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"', "process.env": "{}", global: "globalThis" },
    alias: peer === undefined ? {} : { "the-peer": join(folder, "peers", peer) },
    plugins: [thisPackage, singleCopy],
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** The bytes of `contents` as an app would have them, without what is `external` and what is loaded only when it is needed. */
export async function bundleText(contents, external) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: "js" },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    external,
    splitting: true,
    outdir: "out",
    plugins: [thisPackage],
    logLevel: "error",
  });
  return outputFiles.find(({ path }) => path.endsWith("stdin.js")).contents;
}
