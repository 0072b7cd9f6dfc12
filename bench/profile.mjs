// Where the time of one authorized request goes: what Chromium's sampling profiler sees over many of them.
//
//   node profile.mjs [ours|plainPair|blogInterceptor|…] [requests]
import { bundlePage } from "./support/bundle.mjs";
import { launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

const [name = "ours", count = "20000"] = process.argv.slice(2);
const browser = await launchBrowser();
const server = await startStrictServer(await bundlePage("overhead.js", { minify: false }), { refreshMs: 0 });
const profile = await openProfile(browser);
const tab = await openTab(profile, server);
await tab.evaluate(() => begin());
await tab.evaluate((given) => batch(given), { name, count: 2_000 });
const session = await profile.newCDPSession(tab);
await session.send("Profiler.enable");
await session.send("Profiler.setSamplingInterval", { interval: 200 });
await session.send("Profiler.start");
await tab.evaluate((given) => batch(given), { name, count: Number(count) });
const { profile: seen } = await session.send("Profiler.stop");
await browser.close();
await server.close();

const byId = new Map(seen.nodes.map((node) => [node.id, node]));
const parents = new Map(seen.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
const own = new Map();
const inclusive = new Map();
let total = 0;
seen.samples.forEach((id, index) => {
  const span = seen.timeDeltas[index];
  const label = ({ callFrame }) => `${callFrame.functionName || "(anonymous)"}:${callFrame.lineNumber + 1}`;
  const leaf = label(byId.get(id));
  if (leaf.startsWith("(idle)") || leaf.startsWith("(program)")) return;
  total += span;
  own.set(leaf, (own.get(leaf) ?? 0) + span);
  const onStack = new Set();
  for (let at = id; at !== undefined; at = parents.get(at)) onStack.add(label(byId.get(at)));
  for (const each of onStack) inclusive.set(each, (inclusive.get(each) ?? 0) + span);
});
const print = (title, spans) => {
  console.log(title);
  for (const [label, span] of [...spans].sort((a, b) => b[1] - a[1]).slice(0, 28))
    console.log(`  ${((span / total) * 100).toFixed(1).padStart(5)} %  ${label}`);
};
console.log(`${name}: ${(total / Number(count)).toFixed(1)} µs of wall time a request (sampled)`);
print("itself:", own);
print("with what it calls:", inclusive);
