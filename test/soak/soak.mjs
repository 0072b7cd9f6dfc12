#!/usr/bin/env node
// Several tabs, sockets and a steady stream of requests on access tokens of a few seconds, in real Chromium:
//   node test/soak/soak.mjs [MINUTES] [--lifetime SECONDS]        default: 10 minutes, 2 seconds
// Ends with 1 when a request failed, a socket dropped, the heap grew or there were too many refreshes.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openModules } from "../support/openModules.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { lifetime: { type: "string" } } });
const minutes = Number(positionals[0] ?? 10);
const lifetimeSeconds = Number(values.lifetime ?? 2);
if (!(minutes > 0) || !(lifetimeSeconds >= 1)) {
  console.error("usage: node test/soak/soak.mjs [MINUTES] [--lifetime SECONDS]");
  process.exit(2);
}

const modules = await openModules();
const { runSoak } = await modules.load(fileURLToPath(new URL("runSoak.ts", import.meta.url)));
const holds = await runSoak({ minutes, lifetimeSeconds, print: (line) => console.log(line) });
await modules.close();
process.exit(holds ? 0 : 1);
