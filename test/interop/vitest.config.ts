import { defineConfig } from "vitest/config";

// `npx vitest run --config test/interop/vitest.config.ts`: the package against real servers of others, and the conformance table.
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  test: {
    name: "interop",
    environment: "node",
    include: ["test/{interop,conformance}/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
