// What a page costs that nobody uses: timers that are armed, and how often they fire; what renewals leave in memory.
import { bundlePage } from "./support/bundle.mjs";
import { launchBackgroundBrowser, launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { usedHeap } from "./support/mainThread.mjs";
import { round } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";
import { stormPeers } from "./support/stormPeers.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

export async function idle({ isQuick }) {
  const spanMs = isQuick ? 20_000 : 60_000;
  const browser = await launchBrowser();
  const background = await launchBackgroundBrowser();
  try {
    const places = [];
    for (const { name, file } of stormPeers) {
      const script = await bundlePage("storm.js", { peer: file });
      // The visible ones each in a profile of its own; the hidden ones share one, apart by their origins.
      for (const kind of ["visible", "hidden"]) {
        const server = await startStrictServer(script);
        const profile = kind === "visible" ? await openProfile(browser) : background.profile;
        await profile.addInitScript(countTimers);
        const tab = await openTab(profile, server);
        await tab.evaluate(() => peer.signIn());
        await tab.evaluate(() => peer.api.get("/thing"));
        places.push({ name, kind, tab, server });
      }
    }
    // In front of the hidden ones.
    const front = await background.profile.newPage();
    await front.bringToFront();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const raw = [];
    for (const { tab } of places) await tab.evaluate(() => timers.reset());
    say(`idle: ${spanMs / 1_000} s of nothing`);
    await new Promise((resolve) => setTimeout(resolve, spanMs));
    for (const { name, kind, tab } of places) {
      const { armed, fired, visibility } = await tab.evaluate(() => ({
        ...timers.read(),
        visibility: document.visibilityState,
      }));
      raw.push({ peer: name, kind, armed, perMinute: (fired * 60_000) / spanMs, visibility });
    }
    for (const { server } of places) await server.close();
    const heap = await measureHeap(browser, isQuick ? 4_000 : 10_000);
    const of = (name, kind) => raw.find((run) => run.peer === name && run.kind === kind);
    const isHonest = raw.every(({ kind, visibility }) => kind === visibility);
    const ours = ["visible", "hidden"].map((kind) => of(stormPeers[0].name, kind));
    return {
      title: "Idle",
      note: `Signed in, nothing to do, ${spanMs / 1_000} s${isHonest ? "" : "; THE HIDDEN TABS WERE NOT HIDDEN"}.`,
      columns: ["", "timers armed, visible", "hidden", "wake-ups a minute, visible", "hidden"],
      rows: stormPeers.map(({ name }) => [
        name,
        ...["visible", "hidden"].map((kind) => String(of(name, kind).armed)),
        ...["visible", "hidden"].map((kind) => round(of(name, kind).perMinute)),
      ]),
      aims: [
        {
          aim: "at most one timer armed, no polling",
          reached: ours
            .map(({ kind, armed, perMinute }) => `${kind}: ${armed} armed, ${round(perMinute)} wake-ups a minute`)
            .join("; "),
          isMet: isHonest && ours.every(({ armed, perMinute }) => armed <= 1 && perMinute === 0),
        },
        {
          aim: `heap flat after ${heap.renewals} renewals`,
          reached: `${heap.atFirst} bytes after 2,000, ${heap.atLast} after all: ${round(heap.perRenewal)} a renewal`,
          isMet: Math.abs(heap.perRenewal) < 5,
        },
      ],
      raw: [...raw, { heap }],
    };
  } finally {
    await background.close();
    await browser.close();
  }
}

async function measureHeap(browser, renewals) {
  const server = await startStrictServer(await bundlePage("renewals.js"), { refreshMs: 0 });
  const profile = await openProfile(browser);
  try {
    const tab = await openTab(profile, server);
    const session = await profile.newCDPSession(tab);
    await tab.evaluate(() => begin());
    // Until the engine has compiled what it will compile.
    const first = await tab.evaluate((count) => renew(count), 2_000);
    const atFirst = await usedHeap(session);
    const rest = await tab.evaluate((count) => renew(count), renewals - 2_000);
    const atLast = await usedHeap(session);
    return { renewals: first + rest, atFirst, atLast, perRenewal: (atLast - atFirst) / rest };
  } finally {
    await profile.close();
    await server.close();
  }
}

/** In the page: which timers wait, and how many have fired. */
function countTimers() {
  const armed = new Set();
  let fired = 0;
  const { setTimeout, setInterval, clearTimeout } = globalThis;
  globalThis.setTimeout = (callback, delayMs, ...given) => {
    const id = setTimeout(() => {
      armed.delete(id);
      fired += 1;
      callback(...given);
    }, delayMs);
    armed.add(id);
    return id;
  };
  globalThis.setInterval = (callback, delayMs, ...given) => {
    const id = setInterval(() => {
      fired += 1;
      callback(...given);
    }, delayMs);
    armed.add(id);
    return id;
  };
  globalThis.clearTimeout = globalThis.clearInterval = (id) => {
    armed.delete(id);
    clearTimeout(id);
  };
  globalThis.timers = {
    reset() {
      fired = 0;
    },
    read: () => ({ armed: armed.size, fired }),
  };
}

await runAlone(import.meta.url, idle);
