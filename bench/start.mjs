// How long a reloaded page takes to its first authenticated request, and what one tab learns to reach forty.
import { bundlePage } from "./support/bundle.mjs";
import { launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { traceMainThread } from "./support/mainThread.mjs";
import { interleave, median, quantile, round, withQuartiles, withSpread } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

const refreshMs = 200;
const tabs = 40;
const starters = [
  { name: "stay-signed-in", file: "ours.js" },
  { name: "flag and queue (hand-written), token in localStorage", file: "blogInterceptor.js" },
  { name: "@supabase/auth-js 2.109.0, token in localStorage", file: "supabaseAuth.js" },
  { name: "oidc-client-ts 3.5.0, token in localStorage", file: "oidcClientTs.js" },
];
const floorNames = {
  floor: "a bare BroadcastChannel message",
  busyFloor: "a bare message that keeps each tab busy for 0.4 ms",
};
const tellers = starters.filter(({ file }) => ["ours.js", "supabaseAuth.js"].includes(file));

export async function start({ isQuick }) {
  const browser = await launchBrowser();
  try {
    const starts = await measureStarts(browser, isQuick ? 3 : 9);
    const spans = {};
    for (const { name, file } of tellers) {
      say(`start: telling ${tabs} tabs, ${name}`);
      spans[name] = await measureTelling(browser, file, isQuick ? 2 : 10);
    }
    const [ours, plain] = starters;
    const of = (name, kind) => starts.filter((run) => run.name === name && run.kind === kind);
    const baseline = of(plain.name, "alone").map(({ workMs }) => workMs);
    const extra = (name, kind) => of(name, kind).map(({ workMs }, index) => workMs - baseline[index]);
    const rows = starters.map(({ name }) => [
      name,
      ...["alone", "sibling"].map((kind) => withSpread(of(name, kind).map(({ roundTrips }) => roundTrips))),
      ...["alone", "sibling"].map((kind) => withQuartiles(of(name, kind).map(({ tookMs }) => tookMs))),
      withQuartiles(of(name, "alone").map(({ workMs }) => workMs)),
    ]);
    const told = Object.entries(spans).flatMap(([name, byKind]) =>
      Object.entries(byKind).map(([kind, values]) => [
        kind in floorNames
          ? floorNames[kind]
          : `${name.split(",")[0]}: ${kind === "token" ? "a new token" : "a sign-out"}`,
        "",
        "",
        round(median(values.flat())),
        `${round(usualLast(values))} (${round(quantile(values.flat(), 1))})`,
        "",
      ]),
    );
    const { token, signOut, floor, busyFloor } = spans[ours.name];
    const trips = (kind) => of(ours.name, kind).map(({ roundTrips }) => roundTrips);
    const work = median(extra(ours.name, "alone"));
    const shown = (values) =>
      `${round(median(values.flat()))} / ${round(quantile(values.flat(), 1))} ms, the last tab of a usual round ${round(usualLast(values))} ms`;
    return {
      title: "Start and what tabs tell each other",
      note: `From the page's script to its first authenticated answer; refresh takes ${refreshMs} ms. Work: the main thread's processor time from the reload to that answer, the loading of the page included. Last rows: from one tab to the ${tabs} - 1 others: the median, the last tab of a usual round and, in brackets, of the worst.`,
      columns: [
        "",
        "round trips before, alone",
        "with a sibling",
        "ms, alone (or median to the tabs)",
        "ms, sibling (or the last tab)",
        "ms of work",
      ],
      rows: [...rows, ...told.filter(([name], index) => told.findIndex(([other]) => other === name) === index)],
      aims: [
        {
          aim: "1 round trip alone",
          reached: withSpread(trips("alone")),
          isMet: trips("alone").every((count) => count === 1),
        },
        {
          aim: "0 with a sibling tab",
          reached: withSpread(trips("sibling")),
          isMet: trips("sibling").every((count) => count === 0),
        },
        {
          aim: "at most 10 ms of main-thread work",
          reached: `${round(work)} ms more than the hand-written one`,
          isMet: work <= 10,
        },
        ...[
          ["a new token", token],
          ["a sign-out", signOut],
        ].map(([what, values]) => ({
          aim: `${what} reaches 40 tabs: median at most 10 ms, maximum at most 50 ms`,
          reached: `${shown(values)} (a bare message: ${shown(floor)}; with 0.4 ms of work in each tab: ${shown(busyFloor)})`,
          isMet: median(values.flat()) <= 10 && quantile(values.flat(), 1) <= 50,
        })),
      ],
      raw: [...starts, { spans }],
    };
  } finally {
    await browser.close();
  }
}

/** The worst of all tells of whatever else the machine did in that moment; what a round comes to, its median does. */
const usualLast = (rounds) => median(rounds.map((round) => quantile(round, 1)));

async function measureStarts(browser, rounds) {
  const places = [];
  for (const starter of starters) {
    say(`start: ${starter.name}`);
    const server = await startStrictServer(await bundlePage("start.js", { peer: starter.file }), { refreshMs });
    const profile = await openProfile(browser);
    const tab = await openTab(profile, server);
    await tab.evaluate(() => begin());
    places.push({ ...starter, server, profile, tab });
  }
  const runs = [];
  const reload = async ({ name, server, tab }, kind) => {
    server.resetCounts();
    const traced = await traceMainThread(browser, tab, async () => {
      await tab.reload();
      return tab.evaluate(() => first);
    });
    runs.push({
      name,
      kind,
      tookMs: traced.result,
      workMs: traced.totalMs,
      roundTrips: server.counts.authCalls + server.counts.sends - 1,
    });
  };
  for (const kind of ["alone", "sibling"]) {
    if (kind === "sibling") {
      for (const place of places) {
        const sibling = await openTab(place.profile, place.server);
        await sibling.evaluate(() => first);
        await place.tab.bringToFront();
      }
    }
    // The first one warms what the browser keeps of a script.
    for (const place of places) await reload(place, "warm-up");
    await interleave(places, rounds, (place) => reload(place, kind));
  }
  for (const { profile, server } of places) {
    await profile.close();
    await server.close();
  }
  return runs.filter(({ kind }) => kind !== "warm-up");
}

async function measureTelling(browser, file, rounds) {
  const server = await startStrictServer(await bundlePage("start.js", { peer: file }), { refreshMs: 0 });
  const profile = await openProfile(browser);
  const spans = { token: [], signOut: [], floor: [], busyFloor: [] };
  try {
    const pages = [await openTab(profile, server)];
    await pages[0].evaluate(() => begin());
    while (pages.length < tabs) pages.push(...(await Promise.all([1, 2, 3].map(() => openTab(profile, server)))));
    await Promise.all(pages.slice(1).map((page) => page.evaluate(() => first)));
    await Promise.all(pages.map((page) => page.evaluate(() => listen())));
    const tell = async (name) => {
      await Promise.all(pages.map((page) => page.evaluate(() => forget())));
      // Until forty tabs have dealt with what was asked of them just now.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const at = await pages[0].evaluate((given) => act(given), name);
      for (let tries = 0; tries < 100; tries += 1) {
        const heard = await Promise.all(pages.slice(1).map((page) => page.evaluate(() => heard())));
        if (heard.every((each) => each[name] !== undefined)) {
          spans[name].push(heard.map((each) => Math.max(0, each[name] - at)));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      say(`start: ${file}: not every tab heard of ${name}`);
      spans[name].push([Number.POSITIVE_INFINITY]);
    };
    for (let index = 0; index < rounds; index += 1) {
      await tell("floor");
      await tell("busyFloor");
      server.advance(3_600_000);
      await Promise.all(pages.map((page) => page.evaluate(() => advance(3_600_000))));
      await tell("token");
    }
    for (let index = 0; index < Math.ceil(rounds / 3); index += 1) {
      await tell("signOut");
      server.forget();
      await pages[0].evaluate(() => begin());
      // A tab that has not made sure yet who has signed in has nobody to sign out.
      await Promise.all(
        pages.map((page) =>
          page.evaluate(async () => {
            const isSignedIn = () => peer.api.get("/thing").then(Boolean, () => false);
            while (!(await isSignedIn())) await new Promise((resolve) => setTimeout(resolve, 50));
          }),
        ),
      );
    }
  } finally {
    await profile.close();
    await server.close();
  }
  return spans;
}

await runAlone(import.meta.url, start);
