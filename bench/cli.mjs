// What `stay-signed-in token` costs with a good token in the session file, against an empty Node program. Needs `npm run build`.
//
//   node bench/cli.mjs            31 rounds
//   node bench/cli.mjs --quick    15 rounds
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, round, withQuartiles } from "./support/numbers.mjs";
import { runAlone } from "./support/report.mjs";

const bin = fileURLToPath(new URL("../dist/bin.js", import.meta.url));
const address = "https://nobody.invalid/v1/auth";
const aim = 1.5;

function writeSession(path) {
  const now = Date.now();
  const session = {
    id: "session",
    number: 1,
    subject: "ada",
    isGuest: false,
    refreshToken: "refresh",
    accessToken: "header.claims.signature",
    accessTokenSentAt: now,
    accessTokenExpiresAt: now + 900_000,
    signedInAt: now,
  };
  const content = { version: 1, servers: { [address]: { session, ended: null, owed: [] } } };
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
}

export async function cli({ isQuick }) {
  const folder = mkdtempSync(join(tmpdir(), "stay-signed-in-bench-"));
  const path = join(folder, "sessions.json");
  const env = { ...process.env, STAY_SIGNED_IN_SESSION_FILE: path, STAY_SIGNED_IN_KEYRING: "" };
  const programs = {
    "node -e 0": ["-e", "0"],
    "stay-signed-in token": [bin, "token"],
    "stay-signed-in status --offline": [bin, "status", "--offline"],
  };
  const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  try {
    writeSession(path);
    // One after the other in each round, so that a machine that gets busy slows all of them.
    for (let index = 0; index < (isQuick ? 15 : 31); index += 1) {
      for (const [name, words] of Object.entries(programs)) {
        const startedAt = performance.now();
        const { status, stderr } = spawnSync(process.execPath, words, { env, encoding: "utf8" });
        times[name].push(performance.now() - startedAt);
        if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const base = times["node -e 0"];
  const ratio = (name) => median(times[name].map((value, index) => value / base[index]));
  const reached = ratio("stay-signed-in token");
  return {
    title: "The command line",
    note: "A good token in the session file; the server's address leads nowhere, so a request would be a failure. Ratios are medians of the rounds.",
    columns: ["", "ms", "against an empty program"],
    rows: Object.keys(programs).map((name) => [name, withQuartiles(times[name]), round(ratio(name))]),
    aims: [
      {
        aim: `a stored token in at most ${aim} times an empty program`,
        reached: reached.toFixed(2),
        isMet: reached <= aim,
      },
    ],
    raw: Object.entries(times).map(([name, values]) => ({ name, values })),
  };
}

await runAlone(import.meta.url, cli);
