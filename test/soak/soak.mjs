#!/usr/bin/env node
// Several tabs, sockets and a steady stream of requests on access tokens of a few seconds, in real Chromium:
//   node test/soak/soak.mjs [MINUTES] [--lifetime SECONDS]        default: 10 minutes, 2 seconds
// Ends with 1 when a request failed, a socket dropped, the heap grew or there were too many refreshes.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { lifetime: { type: "string" } } });
const minutes = Number(positionals[0] ?? 10);
const lifetimeSeconds = Number(values.lifetime ?? 2);
if (!(minutes > 0) || !(lifetimeSeconds >= 1)) {
  console.error("usage: node test/soak/soak.mjs [MINUTES] [--lifetime SECONDS]");
  process.exit(2);
}

const source = fileURLToPath(new URL("runSoak.ts", import.meta.url));
const { runSoak } = (await runnerImport(source, { configFile: false, logLevel: "error" })).module;
const holds = await runSoak({ minutes, lifetimeSeconds, print: (line) => console.log(line) });
process.exit(holds ? 0 : 1);
