import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createSimpleJwtBackend } from "./backends/simpleJwtBackend.ts";
import { createPagePlatform } from "./support/createPagePlatform.ts";
import { findPython } from "./support/findPython.ts";
import { preparePythonEnvironment } from "./support/pythonEnvironment.ts";
import { type RunningProcess, startProcess } from "./support/startProcess.ts";

const python = await findPython();
const folder = fileURLToPath(new URL("backends/django", import.meta.url));
const ada = { username: "ada", password: "correct horse battery" };

describe.skipIf(python === null)("a backend for djangorestframework-simplejwt (needs Python 3.11)", () => {
  let server: RunningProcess;
  let database: string;
  const clients: AuthClient[] = [];

  beforeAll(async () => {
    database = await mkdtemp(join(tmpdir(), "simplejwt-"));
    const command = await preparePythonEnvironment(python ?? "", folder);
    const parameters = ["server.py", join(database, "db.sqlite"), "0"];
    server = await startProcess({ command, arguments: parameters, folder, ready: /running on (\d+)/ });
  });

  afterAll(async () => {
    for (const client of clients) client.dispose();
    await server?.kill();
    if (database) await rm(database, { recursive: true });
  });

  function openClient(kept: { token: string | null }): AuthClient {
    const origin = `http://localhost:${server.port}`;
    const backend = createSimpleJwtBackend({
      baseUrl: `${origin}/api/token`,
      userUrl: `${origin}/api/me/`,
      refreshToken: { read: () => kept.token, write: (token) => void (kept.token = token) },
    });
    const client = createAuthClient({ backend, platform: createPagePlatform(origin) });
    clients.push(client);
    client.start();
    return client;
  }

  it("signs in, refuses a wrong password, and tells the user", async () => {
    const client = openClient({ token: null });
    await expect(client.signIn({ ...ada, password: "wrong" })).rejects.toMatchObject({ code: "credentialsRejected" });
    await client.signIn(ada);
    expect(await client.fetchUser()).toMatchObject({ email: "ada@example.org" });
  });

  it("goes on at a later start, and with another refresh token after each refresh", async () => {
    const kept: { token: string | null } = { token: null };
    const first = openClient(kept);
    const { subject } = await first.signIn(ada);
    const refreshToken = kept.token;
    first.dispose();
    const second = openClient(kept);
    expect(await second.ready()).toMatchObject({ status: "authenticated", identity: { subject } });
    expect(kept.token).not.toBe(refreshToken);
  });

  it("signs out: the refresh token is forgotten here and worthless there", async () => {
    const kept: { token: string | null } = { token: null };
    const client = openClient(kept);
    await client.signIn(ada);
    const { token } = kept;
    await client.signOut();
    expect(kept.token).toBeNull();
    expect(await openClient({ token }).ready()).toMatchObject({ status: "unauthenticated" });
  });
});
