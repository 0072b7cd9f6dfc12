import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const pageEntry = fileURLToPath(new URL("pageEntry.tsx", import.meta.url));

/** Where a built package has what the page imports from the sources. */
const builtEntries: Readonly<Record<string, string>> = {
  "adapters/authorizeAxios.ts": "axios.js",
  "adapters/authorizeFetch.ts": "fetch.js",
  "bound/bindSession.ts": "bound.js",
  "browser/createAuthClient.ts": "index.js",
  "core/createHttpBackend.ts": "client.js",
  "endings/signOutWhenIdle.ts": "endings.js",
  "react/AuthProvider.tsx": "index.js",
  "react/useAuth.ts": "index.js",
};

/**
 * The page's script, with React's development build: only that one mounts twice under StrictMode.
 *
 * @param dist a folder with a built package to use instead of the sources.
 */
export async function bundlePage(entry = pageEntry, dist?: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: "error",
    mode: "development",
    plugins: dist === undefined ? [] : [takeFrom(dist)],
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: { write: false, minify: false, target: "es2022", lib: { entry, formats: ["iife"], name: "page" } },
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const [bundle] = [output].flat();
  if (bundle === undefined || !("output" in bundle)) throw new Error("The page could not be bundled.");
  return bundle.output[0].code;
}

function takeFrom(dist: string): Plugin {
  return {
    name: "take-from-build",
    enforce: "pre",
    resolveId(source) {
      const path = /^(?:\.\.\/)+src\/(.+)$/.exec(source)?.[1];
      if (path === undefined) return null;
      const entry = builtEntries[path];
      if (entry === undefined) throw new Error(`No entry of the built package is known to have ${path}.`);
      return join(dist, entry);
    },
  };
}
