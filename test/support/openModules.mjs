import { createServer } from "vite";

/**
 * Loads TypeScript modules for a script of Node that goes on running them. (Vite's `runnerImport` closes behind the first import,
 * and whatever a module imports later, as the server does its list of common passwords, then fails.)
 */
export async function openModules() {
  const server = await createServer({
    configFile: false,
    logLevel: "error",
    appType: "custom",
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, ws: false, watch: null, hmr: false },
  });
  return {
    load: (path) => server.ssrLoadModule(path),
    close: () => server.close(),
  };
}
