#!/usr/bin/env node
// Runs PROTOCOL.md against servers and prints what holds:
//   node test/conformance/conformance.mjs [--grace SECONDS] [NAME=]URL...
// URL is the address of the auth endpoints with the prefix, such as http://localhost:8000/v1/auth.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { grace: { type: "string", default: "30" } } });
if (positionals.length === 0) {
  console.error("usage: node test/conformance/conformance.mjs [--grace SECONDS] [NAME=]URL...");
  process.exit(2);
}
const source = fileURLToPath(new URL("runConformance.ts", import.meta.url));
const { module } = await runnerImport(source, { configFile: false, logLevel: "error" });
const servers = new Map();
for (const argument of positionals) {
  const [, name, url] = /^(?:([^=:/]+)=)?(.*)$/.exec(argument);
  servers.set(name ?? new URL(url).host, await module.runConformance({ baseUrl: url, graceSeconds: Number(values.grace) }));
}
console.log(module.formatConformance(servers));
process.exit([...servers.values()].flat().some(({ verdict }) => verdict === "fails") ? 1 : 0);
