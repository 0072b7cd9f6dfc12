import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/server/sqliteStore.ts";
import { detailOf, type Sender, type TokenFields } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, type TestServer } from "./support/testServer.ts";

// A sign-in that races against a password change can leave a session that the change did not see. The version of the
// credentials, compared in every statement that makes or renews a session, is what ends it all the same.
describe("a session whose row survived a password change", () => {
  let folder: string;
  let server: TestServer;
  let page: Sender;
  let token: TokenFields;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "stay-signed-in-version-"));
    const path = join(folder, "auth.db");
    server = createTestServer({ store: sqliteStore({ path }) });
    ({ page, token } = await openSignedInPage(server));
    const database = new Database(path);
    database.exec("update auth_subjects set credential_version = credential_version + 1");
    database.close();
  });

  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is neither refreshed nor served, and raises no alarm", async () => {
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REVOKED");
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(401);
    expect(server.events.map(({ type }) => type)).not.toContain("reuseDetected");
  });

  it("is not rotated by the statement itself either, should the change come between reading and rotating", async () => {
    const store = sqliteStore({ path: join(folder, "auth.db") });
    const step = {
      sessionId: token.session.id,
      counter: 1,
      previous: 0,
      nextCounter: 2,
      nextPrevious: 1,
      rotatedBy: "",
    };
    expect(await store.rotateSession({ ...step, graceMs: 30_000, idleMs: 60_000 })).toBeNull();
    await store.close();
  });
});
