import { storybookTest } from "@storybook/addon-vitest/vitest-plugin";
import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

// Every story is a test: its play function runs in Chromium, and an accessibility violation fails it; in both colour schemes.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  plugins: [react(), storybookTest({ configDir: new URL(".", import.meta.url).pathname })],
  optimizeDeps: {
    include: [
      "react",
      "react-dom",
      "react-dom/client",
      "react/jsx-dev-runtime",
      "@tanstack/react-query",
      "hono",
      "socket.io-client",
    ],
  },
  test: {
    name: "storybook",
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: chromium("light"),
      instances: [
        { browser: "chromium", name: "storybook light" },
        { browser: "chromium", name: "storybook dark", provider: chromium("dark") },
      ],
    },
  },
});

function chromium(colorScheme: "light" | "dark") {
  return playwright({
    contextOptions: { colorScheme },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    },
  });
}
