import { fork } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, loadavg } from "node:os";
import { getRequestListener } from "@hono/node-server";
import { createAuthServer } from "../src/server/createAuthServer.ts";
import { pbkdf2PasswordHasher } from "../src/server/pbkdf2PasswordHasher.ts";
import { fillSessions } from "../test/server/support/fillSessions.ts";
import { register, signIn } from "../test/server/support/testServer.ts";
import { startProgram } from "../test/server/support/page.ts";
import { type Engine, openPostgres, openSqlite } from "./engines.ts";

export interface MeasureOptions {
  /** How many sessions are in the table, ascending. */
  readonly sizes: readonly number[];
  /** The program of the process that sends the requests. */
  readonly loadProgram: string;
}

interface Measured {
  readonly spansMs: number[];
  readonly measuredMs: number;
}

const CONNECTIONS = [1, 8, 64];
const SESSIONS = 128;
const WARM_UP_MS = 500;
const MEASURE_MS = 2_500;
const MAX_FILL_MS = 180_000;

/** Prints one table: whole refreshes over HTTP beside the bare conditional update, by database, size and connections. */
export async function measureServer({ sizes, loadProgram }: MeasureOptions): Promise<void> {
  const rows: string[][] = [];
  for (const open of [openSqlite, openPostgres]) {
    const engine = await open();
    if (engine === null) continue;
    try {
      rows.push(...(await measureEngine(engine, sizes, loadProgram)));
    } finally {
      await engine.close();
    }
  }
  console.log(`\n${cpus().length} cores, Node ${process.version}\n`);
  const whole = ["refreshes a second", "p50", "p99", "server's CPU each"];
  const head = ["store", "sessions", "connections", ...whole, "bare updates a second", "p50", "p99", "load"];
  for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
}

async function measureEngine(engine: Engine, sizes: readonly number[], loadProgram: string): Promise<string[][]> {
  const auth = createAuthServer({
    store: engine.store,
    accessTokenSecret: "a secret of at least thirty-two bytes",
    // As in production, for which the bundle is built.
    publicUrl: "http://localhost",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    rateLimits: false,
    // Every refresh rotates, and is an update.
    refreshGraceSeconds: 0.001,
  });
  const listener = getRequestListener(auth.app.fetch);
  const http = createServer((request, response) => void listener(request, response));
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  const { port } = http.address() as AddressInfo;

  const program = startProgram(auth);
  await register(program);
  let tokens: string[] = [];
  const bare: { id: string; counter: number }[] = [];
  for (let index = 0; index < SESSIONS; index += 1) {
    tokens.push((await signIn(program)).refresh_token ?? "");
    bare.push({ id: (await signIn(program)).session.id, counter: 1 });
  }

  const rows: string[][] = [];
  let [filled, msPerSession] = [0, 0];
  for (const size of sizes) {
    if (msPerSession * (size - filled) > MAX_FILL_MS) {
      console.error(`${engine.name}: ${size} sessions left out, filling the table would take over 3 minutes`);
      break;
    }
    const startedAt = performance.now();
    await engine.fill(fillSessions(filled + 1, size));
    msPerSession = (performance.now() - startedAt) / (size - filled);
    filled = size;
    for (const connections of CONNECTIONS) {
      const whole = await putUnderLoad(loadProgram, { port, connections, tokens });
      tokens = whole.tokens;
      const update = await measureUpdates(engine, connections, bare);
      const cpu = `${whole.cpuMsEach.toFixed(2)} ms`;
      const load = (loadavg()[0] ?? 0).toFixed(1);
      const place = [engine.name, size.toLocaleString("en"), String(connections)];
      rows.push([...place, ...figures(whole), cpu, ...figures(update), load]);
      console.error(rows.at(-1)?.join("  "));
    }
  }
  http.closeAllConnections();
  await new Promise((done) => http.close(done));
  await auth.close();
  return rows;
}

/** Has another process send the requests, and measures besides how much processor time this one, the server, spends. */
function putUnderLoad(
  loadProgram: string,
  work: { readonly port: number; readonly connections: number; readonly tokens: string[] },
): Promise<Measured & { readonly tokens: string[]; readonly cpuMsEach: number }> {
  return new Promise((resolve, reject) => {
    const child = fork(loadProgram);
    let spent = process.cpuUsage();
    child.on("message", (message: "begins" | { spansMs: number[]; answered: number; tokens: string[] }) => {
      if (message === "begins") {
        spent = process.cpuUsage();
        return;
      }
      const { user, system } = process.cpuUsage(spent);
      resolve({ ...message, measuredMs: MEASURE_MS, cpuMsEach: (user + system) / 1000 / message.answered });
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`The load ended with ${code}.`)));
    child.send({ ...work, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS });
  });
}

/** The same update with nothing around it: `connections` loops, each with sessions of its own. */
async function measureUpdates(
  { openUpdates }: Engine,
  connections: number,
  sessions: { id: string; counter: number }[],
): Promise<Measured> {
  const updates = await openUpdates(connections);
  const spansMs: number[] = [];
  const startedAt = performance.now() + WARM_UP_MS;
  const endsAt = startedAt + MEASURE_MS;
  const keepUpdating = async (connection: number) => {
    const own = sessions.filter((_, index) => index % connections === connection);
    for (let turn = 0; performance.now() < endsAt; turn += 1) {
      const session = own[turn % own.length];
      if (session === undefined) return;
      const sentAt = performance.now();
      if ((await updates.rotate(session.id, session.counter)) !== 1) throw new Error("An update changed no row.");
      const answeredAt = performance.now();
      session.counter += 1;
      if (answeredAt >= startedAt && answeredAt <= endsAt) spansMs.push(answeredAt - sentAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, connection) => keepUpdating(connection)));
  await updates.close();
  return { spansMs, measuredMs: MEASURE_MS };
}

function figures({ spansMs, measuredMs }: Measured): string[] {
  const sorted = spansMs.toSorted((one, other) => one - other);
  const at = (share: number) => {
    const spanMs = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return `${spanMs < 10 ? spanMs.toFixed(2) : spanMs.toFixed(0)} ms`;
  };
  return [Math.round((sorted.length / measuredMs) * 1000).toLocaleString("en"), at(0.5), at(0.99)];
}
