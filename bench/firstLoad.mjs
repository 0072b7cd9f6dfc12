// What somebody sees of the example on a slow network and a slow machine: when there is something to read, and when the form is there.
//
//   node bench/firstLoad.mjs            9 visits
//   node bench/firstLoad.mjs --quick    3 visits
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "./support/browser.mjs";
import { withSpread } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";

const example = fileURLToPath(new URL("../examples/app/start.mjs", import.meta.url));
const network = { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 };
const slowdown = 4;

export async function firstLoad({ isQuick }) {
  const data = mkdtempSync(join(tmpdir(), "stay-signed-in-bench-"));
  say("first load: building the example");
  const { address, program } = await startExample(data);
  const browser = await launchBrowser();
  const [seen, form] = [[], []];
  try {
    for (let index = 0; index < (isQuick ? 3 : 9); index += 1) {
      const visit = await measureVisit(browser, address);
      seen.push(visit.seenMs);
      form.push(visit.formMs);
    }
  } finally {
    await browser.close();
    program.kill();
    await once(program, "close");
    rmSync(data, { recursive: true, force: true });
  }
  return {
    title: "First load of the example",
    note: `${network.latency} ms a round trip, ${network.downloadThroughput * 8e-3} kbit/s, a ${slowdown}th of the processor; every visit with an empty cache, of somebody who is not signed in.`,
    columns: ["", "ms"],
    rows: [
      ["something to read (first contentful paint)", withSpread(seen)],
      ["the form", withSpread(form)],
    ],
    aims: [
      {
        aim: "something to read within a second, at every visit",
        reached: withSpread(seen),
        isMet: Math.max(...seen) <= 1_000,
      },
    ],
    raw: [{ seen, form }],
  };
}

async function startExample(data) {
  const program = spawn(process.execPath, [example], { env: { ...process.env, DATA_FOLDER: data, PORT: "3900" } });
  program.stderr.pipe(process.stderr);
  const address = await new Promise((resolve, reject) => {
    let said = "";
    program.stdout.on("data", (piece) => {
      said += piece;
      const found = /http:\/\/\S+/.exec(said);
      if (found !== null) resolve(found[0]);
    });
    program.on("close", () => reject(new Error(`The example ended: ${said}`)));
  });
  return { address, program };
}

async function measureVisit(browser, address) {
  const profile = await browser.newContext();
  try {
    const tab = await profile.newPage();
    const session = await profile.newCDPSession(tab);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", network);
    await session.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    await tab.goto(address, { waitUntil: "commit" });
    const field = tab.locator("input[type=password]");
    await field.waitFor({ timeout: 60_000 });
    return await tab.evaluate(() => ({
      seenMs: performance.getEntriesByName("first-contentful-paint")[0].startTime,
      formMs: performance.now(),
    }));
  } finally {
    await profile.close();
  }
}

await runAlone(import.meta.url, firstLoad);
