// Many tabs wake up at the same moment, each with requests to send and a dead token.
//
//   node tabs.mjs --ours    this package alone, ten rounds
import { bundlePage } from "./support/bundle.mjs";
import { launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { median, withSpread } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";
import { isOursOnly, stormPeers } from "./support/stormPeers.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

const refreshMs = 200;
const requestsOf = ({ tabs }) => (tabs === 8 ? 20 : 5);
const strict = [8, 40].flatMap((tabs) => ["h1", "h2"].map((protocol) => ({ tabs, protocol, graceMs: 0 })));
// What @supabase/auth-js leaves to its own server, which gives the same successor again for ten seconds.
const lenient = { tabs: 8, protocol: "h2", graceMs: 10_000 };
const places = [...strict, lenient];
const nameOf = ({ tabs, protocol, graceMs }) =>
  `${tabs}, ${protocol === "h1" ? "HTTP/1.1" : "HTTP/2"}${graceMs > 0 ? `, ${graceMs / 1_000} s of grace` : ""}`;
const peersIn = ({ graceMs }) => stormPeers.filter(({ file }) => graceMs === 0 || !file.includes("Unpaused"));

export async function tabs({ isQuick }) {
  const rounds = isOursOnly ? 10 : isQuick ? 1 : 3;
  const browser = await launchBrowser();
  const raw = [];
  try {
    for (const place of places) {
      for (const { name, file } of peersIn(place)) {
        say(`tabs: ${nameOf(place)}, ${name}`);
        const isOurs = file === "ours.js";
        const script = await bundlePage("storm.js", { peer: file });
        for (const run of await play(browser, script, place, isOurs ? rounds : 1))
          raw.push({ peer: name, ...place, ...run });
      }
    }
  } finally {
    await browser.close();
  }
  const of = (name, place) =>
    raw.filter((run) => run.peer === name && Object.keys(place).every((key) => run[key] === place[key]));
  const rows = places.flatMap((place) =>
    peersIn(place).map(({ name }) => {
      const runs = of(name, place);
      return [
        name,
        nameOf(place),
        ...["expired", "refused"].map((death) => {
          const some = runs.filter((run) => run.death === death);
          return [({ refreshes }) => refreshes, ({ failed }) => failed, ({ alarms }) => alarms]
            .map((pick) => withSpread(some.map(pick)))
            .join(" · ");
        }),
        withSpread(runs.filter(({ death, failed }) => death === "expired" && failed === 0).map(({ ratio }) => ratio)),
      ];
    }),
  );
  const ours = raw.filter(({ peer }) => peer === stormPeers[0].name);
  const wrong = ours.filter(({ refreshes, failed, alarms }) => refreshes !== 1 || failed > 0 || alarms > 0);
  const ratios = strict.map((place) =>
    median(
      of(stormPeers[0].name, place)
        .filter(({ death }) => death === "expired")
        .map(({ ratio }) => ratio),
    ),
  );
  return {
    title: "Refresh storm, many tabs",
    note: `Chromium; all tabs ask at the same moment, 8 of them for 20 things each, 40 of them for 5; refresh takes ${refreshMs} ms; a refresh token used twice revokes the session, but for the last rows. The last column: the slowest tab's time to its last answer, against the refresh and the same requests with a good token (only where nothing failed).`,
    columns: ["refreshes · failed requests · reuse alarms", "tabs", "expired", "refused", "slowest tab"],
    rows,
    aims: [
      {
        aim: "1 refresh, 0 failures, 0 reuse alarms",
        reached: `${ours.length - wrong.length} of ${ours.length} runs`,
        isMet: wrong.length === 0,
      },
      {
        aim: "slowest tab within 1.5 x of refresh latency and one request",
        reached: `${ratios.map((ratio) => ratio.toFixed(2)).join(", ")} (8 tabs h1, h2; 40 tabs h1, h2)`,
        isMet: ratios.every((ratio) => ratio <= 1.5),
      },
    ],
    raw,
  };
}

async function play(browser, script, place, rounds) {
  const { tabs: count, protocol, graceMs } = place;
  const server = await startStrictServer(script, { protocol, refreshMs, graceMs });
  const profile = await openProfile(browser);
  const runs = [];
  try {
    const pages = [await openTab(profile, server)];
    await pages[0].evaluate(() => peer.signIn());
    while (pages.length < count) {
      const left = Math.min(4, count - pages.length);
      pages.push(...(await Promise.all(Array.from({ length: left }, () => openTab(profile, server)))));
    }
    await Promise.all(pages.slice(1).map((page) => page.evaluate(() => peer.restore())));
    const strike = async (sleptMs = 0) => {
      server.resetCounts();
      const at = Date.now() + 200 + count * 20;
      server.advance(sleptMs);
      const told = await Promise.all(
        pages.map((page, tab) =>
          page.evaluate((given) => storm(given), { count: requestsOf(place), spreadMs: 0, at, sleptMs, tab }),
        ),
      );
      return {
        ...server.counts,
        failed: told.reduce((sum, { failed }) => sum + failed, 0),
        why: told.find(({ why }) => why !== null)?.why ?? null,
        slowestMs: Math.max(...told.map(({ tookMs }) => tookMs)),
      };
    };
    const begin = async () => {
      server.forget();
      await pages[0].evaluate(() => peer.signIn());
      await Promise.all(pages.slice(1).map((page) => page.reload().then(() => page.evaluate(() => peer.restore()))));
    };
    await strike();
    for (let round = 0; round < rounds; round += 1) {
      for (const death of ["expired", "refused"]) {
        const live = await strike();
        if (death === "refused") server.killTokens();
        const run = await strike(death === "expired" ? 3_600_000 : 0);
        runs.push({ death, ...run, liveMs: live.slowestMs, ratio: run.slowestMs / (refreshMs + live.slowestMs) });
        const isLast = round === rounds - 1 && death === "refused";
        if (!isLast && (run.failed > 0 || server.isRevoked())) await begin();
      }
    }
  } finally {
    await profile.close();
    await server.close();
  }
  return runs;
}

await runAlone(import.meta.url, tabs);
