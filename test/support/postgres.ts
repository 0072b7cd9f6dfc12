import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isInstalled } from "./isInstalled.ts";

const BINARIES = findBinaries();
const USER = "postgres";
const execute = promisify(execFile);

/** Whether the real PostgreSQL can be started here; without it a suite is skipped under a name that says so. */
export const hasPostgres = isInstalled("PostgreSQL", existsSync(join(BINARIES, "initdb")));

export interface Postgres {
  /** A new, empty database of this server, as a connection string. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts Debian's PostgreSQL on a free port with its data in a temporary folder. */
export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), "stay-signed-in-postgres-"));
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root.
  if (isRoot) execFileSync("chown", [USER, folder]);
  const run = (program: string, ...parameters: string[]) => {
    const command = [join(BINARIES, program), ...parameters];
    const [file = "", ...rest] = isRoot ? ["runuser", "-u", USER, "--", ...command] : command;
    return execute(file, rest, { cwd: folder });
  };
  const data = join(folder, "data");
  const port = await findFreePort();
  await run("initdb", "-D", data, "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8", "--locale=C");
  // fsync only matters for power failures, which no test has.
  const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200`;
  await run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start");
  let databases = 0;

  return {
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      await run("createdb", "-h", "127.0.0.1", "-p", String(port), "-U", USER, name);
      return `postgres://${USER}@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      await run("pg_ctl", "-D", data, "-m", "immediate", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("No free port was found."));
      });
    });
  });
}

/** Of the newest version in Debian's and Ubuntu's place for them. */
function findBinaries(): string {
  const folder = "/usr/lib/postgresql";
  const versions = existsSync(folder) ? readdirSync(folder).map(Number).filter(Number.isFinite) : [];
  return join(folder, String(Math.max(0, ...versions)), "bin");
}
