import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { sqliteStore } from "../../src/server/sqliteStore.ts";
import { createTestServer, openSignedInPage } from "./support/testServer.ts";

// X09
describe.skipIf(process.platform === "win32")("the SQLite file, which holds everybody's sessions", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stay-signed-in-mode-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

  async function useStore(path: string): Promise<void> {
    const server = createTestServer({ store: sqliteStore({ path }) });
    await openSignedInPage(server);
    const file = path.replace("file:", "");
    for (const each of [file, `${file}-wal`, `${file}-shm`]) expect(modeOf(each), each).toBe(modeOf(file));
    await server.close();
  }

  it("is readable by its owner alone, whatever the umask, with the files beside it", async () => {
    const before = process.umask(0);
    try {
      for (const path of [join(folder, "auth.db"), `file:${join(folder, "uri.db")}`]) {
        await useStore(path);
        expect(modeOf(path.replace("file:", ""))).toBe("600");
      }
    } finally {
      process.umask(before);
    }
  });

  it("is closed to all others when it is open already, and stays open to a group that was let in", async () => {
    const path = join(folder, "auth.db");
    writeFileSync(path, "");
    chmodSync(path, 0o664);
    await useStore(path);
    expect(modeOf(path)).toBe("660");
  });

  it("fails in the database's own words where there is no folder for it", async () => {
    const store = sqliteStore({ path: join(folder, "nowhere", "auth.db") });
    const failure: unknown = await store.ready().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String((failure as Error).cause ?? failure)).toMatch(/open/i);
  });
});

// X09
describe("guests", () => {
  it("are removed a week after their last session ended, and told of", async () => {
    let now = Date.parse("2026-11-25T12:00:00Z");
    const store = memoryStore({ now: () => now });
    const server = createTestServer({ store });
    const guest = (
      await server.app.request("/v1/auth/guest", { method: "POST", headers: { "auth-transport": "body" } })
    ).json();
    const { subject } = (await guest) as { subject: string };
    now += 10 * 86_400_000;
    await server.sweep();
    expect(await server.subjects.find(subject)).not.toBeNull();
    now += 10 * 86_400_000;
    await server.sweep();
    expect(await server.subjects.find(subject)).toBeNull();
    expect(server.events).toContainEqual(expect.objectContaining({ type: "guestRemoved", subject }));
  });
});
