import { fileURLToPath } from "node:url";
import { build } from "vite";

/** The page's script, with React's development build: only that one mounts twice under StrictMode. */
export async function bundlePage(entry = fileURLToPath(new URL("pageEntry.tsx", import.meta.url))): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: "error",
    mode: "development",
    oxc: { jsx: { runtime: "automatic", development: false } },
    build: { write: false, minify: false, target: "es2022", lib: { entry, formats: ["iife"], name: "page" } },
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const [bundle] = [output].flat();
  if (bundle === undefined || !("output" in bundle)) throw new Error("The page could not be bundled.");
  return bundle.output[0].code;
}
