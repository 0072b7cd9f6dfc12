#!/usr/bin/env node
// Runs the protocol against several servers and prints them side by side; for one, `stay-signed-in conformance --url URL`:
//   node test/conformance/conformance.mjs [--grace SECONDS] [NAME=]URL...
//   node test/conformance/conformance.mjs --examples        this package's server and the fastapi-users example, side by side
// URL is the address of the auth endpoints with the prefix, such as http://localhost:8000/v1/auth.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openModules } from "../support/openModules.mjs";

const modules = await openModules();
const load = (path) => modules.load(fileURLToPath(new URL(path, import.meta.url)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grace: { type: "string" }, examples: { type: "boolean", default: false } },
});
if (positionals.length === 0 && !values.examples) {
  console.error("usage: node test/conformance/conformance.mjs [--grace SECONDS] [NAME=]URL... | --examples");
  process.exit(2);
}
const graceSeconds = Number(values.grace ?? (values.examples ? 10 : 30));
const baseUrls = new Map();
let examples;
if (values.examples) {
  examples = await (await load("../interop/support/startExamples.ts")).startExamples(graceSeconds);
  for (const [name, url] of examples.baseUrls) baseUrls.set(name, url);
}
for (const argument of positionals) {
  const [, name, url] = /^(?:([^=:/]+)=)?(.*)$/.exec(argument);
  baseUrls.set(name ?? new URL(url).host, url);
}
const { runConformance } = await load("../../src/node/conformance/runConformance.ts");
const { formatTable } = await load("formatTable.ts");
const results = new Map();
for (const [name, baseUrl] of baseUrls) results.set(name, await runConformance({ baseUrl, graceSeconds }));
await examples?.stop();
await modules.close();
console.log(formatTable(results));
// The stock app is there to be seen beside the others; it cannot hold.
const judged = [...results].filter(([name]) => !(values.examples && name === "stock"));
process.exit(judged.some(([, rows]) => rows.some(({ verdict }) => verdict === "fails")) ? 1 : 0);
