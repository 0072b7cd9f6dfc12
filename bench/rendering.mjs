// A thousand components that show who is signed in, and what a renewed token costs them.
import { bundlePage } from "./support/bundle.mjs";
import { launchBrowser, openProfile, openTab } from "./support/browser.mjs";
import { round } from "./support/numbers.mjs";
import { runAlone, say } from "./support/report.mjs";
import { startStrictServer } from "./support/strictServer.mjs";

const peers = [
  { name: "stay-signed-in: useAuth()", file: "ours.jsx" },
  { name: "user and token in a context (hand-written)", file: "tokenInContext.jsx" },
  { name: "react-oidc-context 3.3.1: useAuth()", file: "reactOidcContext.jsx" },
  { name: "@supabase/auth-js 2.109.0: onAuthStateChange in a provider", file: "supabaseAuth.jsx" },
  { name: "next-auth 4.24.15: useSession()", file: "nextAuth.jsx" },
  { name: "better-auth 1.7.25: useSession()", file: "betterAuth.jsx" },
  {
    name: "react-auth-kit 3.1.3: useAuthUser(), which nothing renders anew (at sign-in neither)",
    file: "reactAuthKit.jsx",
    isStale: true,
  },
];

export async function rendering({ isQuick }) {
  // A renewal costs the others what it costs, the first as the last: a tenth of them tells as much.
  const renewalsOf = ({ file }) => (file === "ours.jsx" ? (isQuick ? 200 : 1_000) : isQuick ? 20 : 100);
  const browser = await launchBrowser();
  const raw = [];
  try {
    for (const peer of peers) {
      say(`rendering: ${peer.name}`);
      raw.push({ peer: peer.name, renewals: renewalsOf(peer), ...(await play(browser, peer, renewalsOf(peer))) });
    }
  } finally {
    await browser.close();
  }
  const [ours] = raw;
  return {
    title: "Rendering",
    note: "1,000 components that show who is signed in; how often each of them renders.",
    columns: ["", "renewals", "renders a renewal", "renders at sign-out"],
    rows: raw.map((run) => [run.peer, String(run.renewals), round(run.renders / run.renewals), round(run.atSignOut)]),
    aims: [
      {
        aim: "1,000 renewals: 0 renders",
        reached: `${ours.renders * 1_000} renders in ${ours.renewals} renewals`,
        isMet: ours.renders === 0,
      },
      { aim: "sign-out: 1 render each", reached: round(ours.atSignOut), isMet: ours.atSignOut === 1 },
    ],
    raw,
  };
}

async function play(browser, { file, isStale }, renewals) {
  const server = await startStrictServer(
    await bundlePage("rendering/page.jsx", { peer: `../pages/rendering/${file}` }),
    { refreshMs: 0 },
  );
  const profile = await openProfile(browser);
  try {
    await profile.exposeFunction("passServerHour", () => server.advance(3_600_000));
    const tab = await openTab(profile, server);
    await tab.evaluate(() => {
      globalThis.passHour = async () => {
        await passServerHour();
        advance(3_600_000);
      };
    });
    // Ours renews no token twice within seconds, so an hour passes before each; others would renew once more for that alone.
    if (file !== "ours.jsx") await tab.evaluate(() => Object.assign(globalThis, { passHour: async () => {} }));
    const shown = await tab.evaluate(() => begin());
    if (!isStale && (shown === "undefined" || shown === "null")) throw new Error(`${file} shows nobody`);
    const renders = await tab.evaluate((count) => globalThis.renewals(count), renewals);
    const { refreshes, authCalls } = server.counts;
    const { count: atSignOut, shown: shownAfter } = await tab.evaluate(() => leave());
    return { renders, atSignOut, shown, shownAfter, refreshes, authCalls };
  } finally {
    await profile.close();
    await server.close();
  }
}

await runAlone(import.meta.url, rendering);
