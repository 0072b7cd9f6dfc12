import { chmod } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { esmExternalRequirePlugin, type Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { longCommonPasswords } from "./.ci/longCommonPasswords.ts";
import { WaitingBesideWorking } from "./.ci/waitingBesideWorking.ts";

// One file builds the package and runs its tests. Every entry of package.json's `exports` stands here.
export default defineConfig({
  plugins: [react(), executableCommand(), longCommonPasswords()],
  build: {
    target: "es2022",
    sourcemap: false,
    minify: false,
    copyPublicDir: false,
    lib: {
      entry: {
        index: "src/index.ts",
        client: "src/client.ts",
        query: "src/query.ts",
        axios: "src/axios.ts",
        fetch: "src/fetch.ts",
        bound: "src/bound.ts",
        endings: "src/endings.ts",
        "socket.io": "src/socket.io.ts",
        backends: "src/backends.ts",
        connections: "src/connections.ts",
        native: "src/native.ts",
        node: "src/node.ts",
        bin: "src/node/bin.ts",
        server: "src/server.ts",
        testing: "src/testing.ts",
        "testing-react": "src/testing-react.ts",
        devtools: "src/devtools.ts",
      },
      formats: ["es"],
    },
    rolldownOptions: {
      external: isInstalledByUsers,
      // What is bundled of CommonJS asks for Node's modules by `require`, which a module does not have.
      plugins: [esmExternalRequirePlugin({ external: [/^node:/] })],
      // Not minified, so that a debugger shows what was written; the doc comments are in the declarations, for editors.
      output: {
        chunkFileNames: ({ name }) => `chunks/${name.split("~")[0]}-[hash].js`,
        comments: { jsdoc: false },
        codeSplitting: { groups: ["core", "browser", "devtools", "testing"].map(splitSmall) },
      },
    },
  },
  test: {
    sequence: { sequencer: WaitingBesideWorking },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          environment: "node",
          // Searches and real processes take long on a busy machine; a hang is still told apart.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // No module keeps a state, so the files of one worker can share what they import: half of what their start costs.
          isolate: false,
          include: [
            "test/{core,backends,browser-ports,endings,native,adapters,server,node,testing,package,types,conformance,docs}/**/*.test.ts",
          ],
          setupFiles: ["./test/support/noUnhandled.ts"],
        },
      },
      {
        extends: true,
        test: {
          // happy-dom, not jsdom: the real server runs in the page's process, and jose refuses jsdom's Uint8Array.
          name: "dom",
          testTimeout: 30_000,
          environment: "happy-dom",
          isolate: false,
          include: ["test/{react,query,routers,devtools}/**/*.test.{ts,tsx}", "test/backends/*.test.tsx"],
          setupFiles: ["./test/support/noUnhandled.ts", "./test/support/dom.ts"],
        },
      },
      {
        // The oldest React that is supported; Testing Library and TanStack Query must get the same copy.
        extends: true,
        resolve: {
          alias: [
            { find: /^react(?=\/|$)/, replacement: inRepository("test/react18/node_modules/react") },
            { find: /^react-dom(?=\/|$)/, replacement: inRepository("test/react18/node_modules/react-dom") },
            // Its CommonJS form, which Node would take, asks for React without looking here.
            {
              find: /^@testing-library\/react$/,
              replacement: inRepository("node_modules/@testing-library/react/dist/@testing-library/react.esm.js"),
            },
          ],
        },
        test: {
          name: "react18",
          testTimeout: 30_000,
          environment: "happy-dom",
          isolate: false,
          include: [
            "test/react/{guards,hydration,serverRendering,useAuth,useSession}.test.tsx",
            "test/query/bindQueryClient.test.tsx",
            "test/react18/*.test.tsx",
          ],
          setupFiles: ["./test/support/noUnhandled.ts", "./test/support/dom.ts"],
          server: { deps: { inline: [/@testing-library/, /@tanstack/] } },
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          environment: "node",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "interop",
          environment: "node",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 240_000,
        },
      },
      "./.storybook/vitest.config.ts",
    ],
  },
});

/**
 * What only the command line needs, and a list of common passwords, come along in the build: whoever installs the package for
 * a page is to get neither, nor what they depend on.
 */
function isInstalledByUsers(id: string, importer: string | undefined): boolean {
  const isPackage = /^(?!node:)[^./\0]/.test(id) && !isAbsolute(id);
  const isBundled = ["commander", "open", "@zxcvbn-ts/language-common"].includes(id);
  return isPackage && !isBundled && importer?.includes("node_modules") !== true;
}

function inRepository(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** npm sets the bit when it installs; whoever runs the built or unpacked file by its path needs it before. */
/**
 * Into files that fit twice into the 32 kB that gzip looks back: the CommonJS copy, which lies beside each in the archive, costs a
 * download nothing. An entry still loads what it uses, and no more.
 */
function splitSmall(folder: string) {
  return { name: folder, test: new RegExp(`/src/${folder}/`), maxSize: 26_000, entriesAware: true };
}

function executableCommand(): Plugin {
  return {
    name: "executable-command",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      if (dir !== undefined && "bin.js" in bundle) await chmod(join(dir, "bin.js"), 0o755);
    },
  };
}
