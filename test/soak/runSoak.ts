import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type CDPSession, chromium, type Page } from "playwright-core";
import { Server } from "socket.io";
import { refreshAheadOf } from "../../src/core/lifetime.ts";
import { authorizeSocketServer } from "../../src/server/authorizeSocketServer.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { bundlePage } from "../browser/support/bundlePage.ts";
import { type App, startApp } from "../browser/support/startApp.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";
import type { SoakPage, TabReport } from "./soakPage.ts";

declare global {
  var soak: SoakPage;
}

export interface SoakOptions {
  readonly minutes: number;
  readonly lifetimeSeconds: number;
  readonly print: (line: string) => void;
}

const socketsOfTabs = [2, 2, 1];
const requestsPerSecond = 20;
const account = { username: "ada@example.org", password: "correct horse battery" };
const mostGrowth = 1.1;

/** Runs the soak and prints what came of it. @returns whether all of it held. */
export async function runSoak({ minutes, lifetimeSeconds, print }: SoakOptions): Promise<boolean> {
  const script = [await bundlePage(), await bundlePage(fileURLToPath(new URL("soakPage.ts", import.meta.url)))].join(
    "\n",
  );
  const passwordHasher = pbkdf2PasswordHasher({ iterations: 1 });
  // All that guards a session is on: whatever it costs, it costs here.
  const guards = { sessionBinding: "required", rateLimits: {} } as const;
  const app = await startApp(script, {
    isBound: true,
    server: { accessTokenLifetimeSeconds: lifetimeSeconds, passwordHasher, ...guards },
  });
  const sockets = await startSockets(app);
  const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
  try {
    const profile = await browser.newContext();
    const tabs: Page[] = [];
    for (const _ of socketsOfTabs) {
      const tab = await profile.newPage();
      await tab.goto(`${app.origin}/`);
      tabs.push(tab);
    }
    await signIn(app, tabs);
    const heaps = await Promise.all(tabs.map((tab) => profile.newCDPSession(tab)));
    const durationMs = minutes * 60_000;
    const everyMs = (socketsOfTabs.length * 1000) / requestsPerSecond;
    const refreshesBefore = app.counts.refresh;
    const beganAt = Date.now();
    for (const [index, tab] of tabs.entries()) {
      await tab.evaluate(([address, count, span]) => soak.begin(address, count, span), [
        sockets.address,
        socketsOfTabs[index] ?? 1,
        everyMs,
      ] as const);
    }

    // A sixth of the time to warm up: caches fill, code is compiled.
    await pause(durationMs / 6);
    const heapBefore = await heapOf(heaps);
    const steps = 5;
    for (let step = 1; step <= steps; step += 1) {
      await pause(beganAt + durationMs / 6 + ((durationMs * 5) / 6) * (step / steps) - Date.now());
      const so = await reportOf(tabs);
      const heap = step < steps ? await heapOf(heaps) : null;
      print(
        `  ${seconds(Date.now() - beganAt)} s: ${so.requests} requests, ${so.failures.length} failed, ` +
          `${so.drops.length} socket events, ${app.counts.refresh - refreshesBefore} refreshes${heap === null ? "" : `, heap ${megabytes(heap)}`}`,
      );
    }
    const spanMs = Date.now() - beganAt;
    const refreshes = app.counts.refresh - refreshesBefore;
    await Promise.all(tabs.map((tab) => tab.evaluate(() => soak.stopSending())));
    await pause(1_000);
    const end = await reportOf(tabs);
    const heapAfter = await heapOf(heaps);

    const lifetimeMs = lifetimeSeconds * 1000;
    const minimum = spanMs / lifetimeMs;
    // Renewing ahead of the end shortens the use that is made of a token; each tab's jitter by a tenth of a lifetime at most.
    const planned = spanMs / (lifetimeMs - refreshAheadOf(lifetimeMs) - lifetimeMs / 10);
    const socketCount = socketsOfTabs.reduce((sum, count) => sum + count);
    const lines: [string, boolean, string][] = [
      [
        "requests",
        end.requests > 0,
        `${end.requests} in ${seconds(spanMs)} s (${((end.requests * 1000) / spanMs).toFixed(1)} a second)`,
      ],
      ["failed requests", end.failures.length === 0, String(end.failures.length)],
      ["401 seen by the API", true, String(app.apiStatuses.filter((status) => status === 401).length)],
      [
        "refreshes",
        refreshes <= planned * 1.1,
        `${refreshes}; one a lifetime: ${minimum.toFixed(0)} (${percent(refreshes / minimum)}); ` +
          `one a lifetime less the margin: ${planned.toFixed(0)} (${percent(refreshes / planned)})`,
      ],
      [
        "socket drops",
        end.drops.length === 0 && end.connects === socketCount,
        `${end.drops.length}; ${end.connects} connects for ${socketCount} sockets, ${end.openSockets} open at the end`,
      ],
      [
        "heap of the tabs",
        heapAfter <= heapBefore * mostGrowth,
        `${megabytes(heapBefore)} after warm-up, ${megabytes(heapAfter)} at the end (${percent(heapAfter / heapBefore)})`,
      ],
    ];
    print(
      `soak: ${minutes} minutes, tokens of ${lifetimeSeconds} s, ${tabs.length} tabs, ${socketCount} sockets, ${requestsPerSecond} requests a second`,
    );
    for (const [name, holds, found] of lines) print(`${holds ? "holds" : "FAILS"}  ${name.padEnd(20)} ${found}`);
    tally("failure", end.failures, beganAt, print);
    tally("socket", end.drops, beganAt, print);
    return lines.every(([, holds]) => holds);
  } finally {
    await browser.close();
    await sockets.close();
    await app.close();
  }
}

async function startSockets(app: App): Promise<{ address: string; close(): Promise<void> }> {
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  authorizeSocketServer(io, app.auth);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, close: () => io.close() };
}

async function signIn(app: App, tabs: readonly Page[]): Promise<void> {
  await fetch(`http://127.0.0.1:${app.port}/v1/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: account.username, password: account.password }),
  });
  await tabs[0]?.evaluate((given) => auth.signIn(given), account);
  for (const tab of tabs) await tab.waitForFunction(() => auth.getState().status === "authenticated");
}

async function reportOf(tabs: readonly Page[]): Promise<TabReport> {
  const reports = await Promise.all(tabs.map((tab) => tab.evaluate(() => soak.report())));
  const sum = (pick: (report: TabReport) => number) => reports.reduce((total, report) => total + pick(report), 0);
  return {
    requests: sum(({ requests }) => requests),
    failures: reports.flatMap(({ failures }) => failures),
    connects: sum(({ connects }) => connects),
    drops: reports.flatMap(({ drops }) => drops),
    openSockets: sum(({ openSockets }) => openSockets),
  };
}

/** What the tabs' scripts hold, after what nobody holds was collected. */
async function heapOf(sessions: readonly CDPSession[]): Promise<number> {
  let bytes = 0;
  for (const session of sessions) {
    await session.send("HeapProfiler.enable");
    await session.send("HeapProfiler.collectGarbage");
    await session.send("HeapProfiler.disable");
    bytes += (await session.send("Runtime.getHeapUsage")).usedSize;
  }
  return bytes;
}

function tally(kind: string, found: TabReport["failures"], beganAt: number, print: (line: string) => void): void {
  for (const what of new Set(found.map((failure) => failure.what))) {
    const those = found.filter((failure) => failure.what === what);
    const moments = those.slice(0, 5).map(({ at }) => `${seconds(at - beganAt)} s`);
    print(`  ${kind}: ${those.length} x ${what} (first at ${moments.join(", ")})`);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
const seconds = (ms: number) => (ms / 1000).toFixed(0);
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(2)} MB`;
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
