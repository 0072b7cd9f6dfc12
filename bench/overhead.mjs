//   node overhead.mjs --ours    without the peers
//
// What authorizing costs a request that needs nothing, a request that waits, and ten thousand that are let go at once.
import { bundlePage } from "./support/bundle.mjs";
import { launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { threadTime, traceMainThread, usedHeap } from "./support/mainThread.mjs";
import { interleave, median, round, withQuartiles, withSpread } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

const waitingRequests = 10_000;
const isOursAlone = process.argv.includes("--ours");
const variants = [
  { name: "axios alone", key: "bareAxios" },
  { name: "a request and a response interceptor", key: "plainPair" },
  { name: "stay-signed-in", key: "ours", file: "ours.js" },
  { name: "flag and queue (hand-written)", key: "blogInterceptor", file: "blogInterceptor.js" },
  { name: "axios-auth-refresh 5.0.2", key: "axiosAuthRefresh" },
  { name: "axios-jwt 4.0.3", key: "axiosJwt", file: "axiosJwt.js" },
  { name: "oidc-client-ts 3.5.0", key: "oidcClientTs" },
  { name: "@supabase/auth-js 2.109.0", key: "supabaseAuth", file: "supabaseAuth.js" },
  { name: "an interceptor that waits for a promise", file: "gate.js" },
  { name: "stay-signed-in: getAccessToken() alone", file: "ours.js", isTokenOnly: true },
].filter(
  ({ name }) => !isOursAlone || /^(axios alone|a request and|stay-signed-in|an interceptor that waits)/.test(name),
);
// By fetch requests are real: one that answers at once costs next to nothing to compare with.
const fetches = ["bareFetch", "oursFetch"];

export async function overhead({ isQuick }) {
  const rounds = isQuick ? 8 : 40;
  const releases = isQuick ? 1 : 3;
  const browser = await launchBrowser();
  try {
    say("overhead: requests that need nothing");
    const times = await measureTimes(browser, { rounds, count: isQuick ? 1_000 : 3_000 });
    const waits = [];
    const waiting = variants.filter(({ file }) => file !== undefined);
    for (let index = 0; index < releases; index += 1) {
      for (const variant of waiting) {
        say(`overhead: ${waitingRequests} waiting, ${variant.name}`);
        let measured = null;
        for (let tries = 0; measured === null && tries < 4; tries += 1)
          measured = await measureWaiting(browser, variant);
        if (measured === null) throw new Error(`No whole trace of ${variant.name}.`);
        waits.push({ name: variant.name, ...measured });
      }
    }
    const shareOf = (key, of) => times[key].map((time, index) => times[of][index] / time);
    const of = (name, pick) => waits.filter((wait) => wait.name === name).map(pick);
    const rows = variants.map(({ name, key, file }) => [
      name,
      ...(key ? [withQuartiles(shareOf(key, "bareAxios")), withQuartiles(shareOf(key, "plainPair"))] : ["", ""]),
      ...(file
        ? [
            withSpread(of(name, ({ bytes }) => Math.round(bytes))),
            withSpread(of(name, ({ totalMs }) => totalMs)),
            withSpread(of(name, ({ longestMs }) => longestMs)),
          ]
        : ["", "", ""]),
    ]);
    const ours = variants[2];
    const best = variants.filter(({ key }) => key && !["bareAxios", "plainPair", "ours"].includes(key));
    const share = (key) => median(shareOf(key, "plainPair"));
    const [work, longest] = [
      median(of(ours.name, ({ totalMs }) => totalMs)),
      median(of(ours.name, ({ longestMs }) => longestMs)),
    ];
    const gate = median(of("an interceptor that waits for a promise", ({ totalMs }) => totalMs));
    return {
      title: "Overhead a request",
      note: `An axios adapter that answers at once, a good token, one request after another in Chromium, by the main thread's processor time; ${rounds} rounds in turn: how many requests get through in the time that axios alone (or one plain pair of interceptors) takes for one; quartiles in brackets. Then ${waitingRequests} that wait for one refresh: bytes of heap each, and the work of the main thread from the answer to the last of them, in its own processor time.`,
      columns: [
        "",
        "of axios alone",
        "of the plain pair",
        "bytes a waiting request",
        "ms to release all",
        "longest task, ms",
      ],
      rows,
      aims: [
        {
          aim: "no worse than one plain pair of interceptors, at least 0.95",
          reached: round(share("ours")),
          isMet: share("ours") >= 0.95,
        },
        {
          aim: "not behind any peer",
          reached: best.map(({ name, key }) => `${name} ${round(share(key))}`).join(", "),
          isMet: best.every(({ key }) => share("ours") >= share(key)),
        },
        {
          aim: "10,000 waiting requests released in at most 100 ms of main-thread work",
          reached: `${round(work)} ms (axios and a promise alone: ${round(gate)} ms)`,
          isMet: work <= 100,
        },
        {
          aim: "fetch no worse than a bare wrapper around it, at least 0.95",
          reached: withQuartiles(shareOf("oursFetch", "bareFetch")),
          isMet: median(shareOf("oursFetch", "bareFetch")) >= 0.95,
        },
        { aim: "no task above 50 ms", reached: `${round(longest)} ms`, isMet: longest <= 50 },
      ],
      raw: [{ microseconds: times }, ...waits],
    };
  } finally {
    await browser.close();
  }
}

async function measureTimes(browser, { rounds, count }) {
  const server = await startStrictServer(await bundlePage("overhead.js"), { refreshMs: 0 });
  const profile = await openProfile(browser);
  try {
    const tab = await openTab(profile, server);
    await tab.evaluate(() => begin());
    const names = [...variants.filter(({ key }) => key !== undefined).map(({ key }) => key), ...fetches];
    const session = await profile.newCDPSession(tab);
    const run = async (name, _round, size = fetches.includes(name) ? Math.round(count / 10) : count) =>
      ((await threadTime(session, () => tab.evaluate((given) => batch(given), { name, count: size }))) * 1_000) / size;
    for (let round = 0; round < 3; round += 1) for (const name of names) await run(name, round, 500);
    return Object.fromEntries(await interleave(names, rounds, run));
  } finally {
    await profile.close();
    await server.close();
  }
}

async function measureWaiting(browser, { file, isTokenOnly = false }) {
  const server = await startStrictServer(await bundlePage("waiting.js", { peer: file }), { refreshMs: 0 });
  const profile = await openProfile(browser);
  try {
    const tab = await openTab(profile, server);
    await tab.evaluate(() => begin());
    const session = await profile.newCDPSession(tab);
    server.advance(3_600_000);
    await tab.evaluate(() => advance(3_600_000));
    server.resetCounts();
    const release = server.holdRefreshes();
    const before = await usedHeap(session);
    const waiting = await tab.evaluate((given) => wait(given), { count: waitingRequests, isTokenOnly });
    const bytes = ((await usedHeap(session)) - before) / waitingRequests;
    let traced;
    const totalMs = await threadTime(session, async () => {
      traced = await traceMainThread(browser, tab, async () => {
        release();
        await tab.evaluate(() => peer.release?.());
        return tab.evaluate(() => released());
      });
    });
    const { longestMs, tasks, result: failed } = traced;
    // A trace that has lost a part shows less than the thread's own clock.
    if (traced.totalMs < totalMs * 0.6) return null;
    if (waiting !== waitingRequests || failed > 0)
      say(`overhead: INVALID, ${file}: ${waiting} were waiting, ${failed} failed`);
    return { bytes, totalMs, longestMs, tasks, waiting, failed, refreshes: server.counts.refreshes };
  } finally {
    await profile.close();
    await server.close();
  }
}

await runAlone(import.meta.url, overhead);
