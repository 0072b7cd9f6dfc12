// One tab, many requests at once, and a token that is dead: by the clock, which a client can know, or because the server takes
// it no more, which nobody can know.
//
//   node storm.mjs --ours    this package alone, ten rounds
import { bundlePage } from "./support/bundle.mjs";
import { launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { withSpread } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";
import { isOursOnly, stormPeers } from "./support/stormPeers.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

const refreshMs = 200;
const scenes = [100, 1_000].flatMap((count) =>
  ["expired", "refused"].flatMap((death) => [0, 600].map((spreadMs) => ({ count, death, spreadMs }))),
);

export async function storm({ isQuick }) {
  const rounds = isOursOnly ? 10 : isQuick ? 1 : 3;
  const browser = await launchBrowser();
  const raw = [];
  try {
    const scripts = new Map();
    for (const { file } of stormPeers) scripts.set(file, await bundlePage("storm.js", { peer: file }));
    for (let round = 0; round < rounds; round += 1) {
      for (const scene of scenes) {
        say(
          `storm: round ${round + 1} of ${rounds}, ${scene.count} requests, ${scene.death}, spread ${scene.spreadMs} ms`,
        );
        const isLong = scene.count === 1_000 && round > 0;
        for (const { name, file } of isLong ? stormPeers.slice(0, 1) : stormPeers)
          raw.push({ peer: name, ...scene, ...(await play(browser, scripts.get(file), scene)) });
      }
    }
  } finally {
    await browser.close();
  }
  const isOf = (run, scene) => Object.keys(scene).every((key) => run[key] === scene[key]);
  const cell = (name, scene, pick) => withSpread(raw.filter((run) => run.peer === name && isOf(run, scene)).map(pick));
  const rows = [100, 1_000].flatMap((count) =>
    stormPeers.map(({ name }) => [
      name,
      String(count),
      ...scenes
        .filter((scene) => scene.count === count)
        .map((scene) =>
          [({ refreshes }) => refreshes, ({ failed }) => failed, ({ sends }) => sends]
            .map((pick) => cell(name, scene, pick))
            .concat(raw.some((run) => run.peer === name && run.alarms > 0 && isOf(run, scene)) ? "revoked" : [])
            .join(" · "),
        ),
    ]),
  );
  const ours = raw.filter(({ peer }) => peer === "stay-signed-in");
  const wrong = ours.filter(
    ({ refreshes, failed, sends, death }) => refreshes !== 1 || failed > 0 || sends !== (death === "expired" ? 1 : 2),
  );
  return {
    title: "Refresh storm, one tab",
    note: `Refresh takes ${refreshMs} ms; a refresh token used twice revokes the session; HTTP/2. "Expired": the machine slept for an hour. "Refused": the server takes the token no more, and nobody was told. "Spread": answers over 600 ms. ${rounds} runs each (1 for the others at 1,000).`,
    columns: [
      "refreshes · failed requests · sends a request",
      "requests",
      "expired, at once",
      "expired, spread",
      "refused, at once",
      "refused, spread",
    ],
    rows,
    aims: [
      {
        aim: "1 refresh, 0 failures, 1.0 sends a request when the token is known to be dead, 2.0 when it is not",
        reached: `${ours.length - wrong.length} of ${ours.length} runs`,
        isMet: wrong.length === 0,
      },
    ],
    raw,
  };
}

async function play(browser, script, { count, death, spreadMs }) {
  const server = await startStrictServer(script, { refreshMs });
  const profile = await openProfile(browser);
  try {
    const tab = await openTab(profile, server);
    await tab.evaluate(() => peer.signIn());
    await tab.evaluate(() => peer.api.get("/thing"));
    const sleptMs = death === "expired" ? 3_600_000 : 0;
    server.advance(sleptMs);
    if (death === "refused") server.killTokens();
    server.resetCounts();
    const { failed, why, tookMs } = await tab.evaluate((given) => storm(given), { count, spreadMs, sleptMs, at: 0 });
    const { refreshes, alarms, sends } = server.counts;
    return { refreshes, alarms, failed, why, tookMs, sends: sends / count };
  } finally {
    await profile.close();
    await server.close();
  }
}

await runAlone(import.meta.url, storm);
