import { join } from "node:path";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authorizeSocket } from "../../src/adapters/authorizeSocket.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { NotOffered } from "../../src/node/conformance/conformanceCheck.ts";
import { conformanceChecks } from "../../src/node/conformance/conformanceChecks.ts";
import { type ConformanceContext, createConformanceContext } from "../../src/node/conformance/conformanceContext.ts";
import { runProgram } from "../node/support/runProgram.ts";
import { copyExistingApp, type ExistingApp } from "./support/applyGuide.ts";
import { createPagePlatform } from "./support/createPagePlatform.ts";
import { findPython } from "./support/findPython.ts";
import { type InteropBrowser, openBrowser, openTab, startClient } from "./support/openBrowser.ts";
import { preparePythonPackage } from "./support/pythonEnvironment.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type RunningProcess, startProcess } from "./support/startProcess.ts";
import { unchallenged } from "../support/unchallenged.ts";

const python = await findPython();

describe.skipIf(python === null)("an app that existed before, after the guide's steps (needs Python 3.11)", () => {
  let app: ExistingApp;
  let command: string;
  let running: RunningProcess;
  let origin: string;
  let baseUrl: string;
  let context: ConformanceContext;
  let browser: InteropBrowser;
  let written: number;
  const before: { account?: Awaited<ReturnType<typeof registerAccount>>; guestToken?: string } = {};
  const said: string[] = [];

  const start = async (port = 0) => {
    running = await startProcess({
      command,
      arguments: ["-m", "uvicorn", "app.app:asgi", "--host", "localhost", "--port", String(port), "--no-use-colors"],
      folder: app.folder,
      environment: {
        SECRET: "the secret of the app that existed before",
        // So long does one wait for the others' writes: twenty at once take more than the usual 5 s on a busy machine.
        DATABASE_URL: `sqlite+aiosqlite:///${join(app.folder, "app.db")}?timeout=30`,
      },
      ready: /Uvicorn running on http:\/\/\S+?:(\d+)/,
      onLine: (line) => void said.push(line),
    });
    origin = `http://localhost:${running.port}`;
    baseUrl = `${origin}/auth`;
  };

  beforeAll(async () => {
    command = await preparePythonPackage(python ?? "");
    app = await copyExistingApp();
    await start();
    before.account = await registerAccount(baseUrl);
    before.guestToken = (
      (await (await fetch(`${baseUrl}/guest`, { method: "POST" })).json()) as { access_token: string }
    ).access_token;
    await running.kill();
    written = await app.applyGuide();
    // The sqlite3 of the guide, in its library's form.
    const words = ["-m", "stay_signed_in.fastapi", "sql", "sqlite", "--old-guests", "%@guests.example.org"];
    const sql = (await runProgram(command, words)).output;
    const run = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
    const migrated = await runProgram(command, ["-c", run, join(app.folder, "app.db")], { input: sql });
    expect(migrated).toMatchObject({ code: 0 });
    await start(running.port);
    context = createConformanceContext({ baseUrl, graceSeconds: 30 });
    browser = await openBrowser();
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await running?.kill();
    await app?.remove();
  });

  it("takes at most forty lines of its developer, and nothing is warned of at its start", () => {
    expect(written).toBeLessThanOrEqual(40);
    expect(said.filter((line) => /Warning|Error/.test(line))).toEqual([]);
  });

  const titled = conformanceChecks.map((check) => [`${check.id} ${check.sentence}`, check] as const);
  it.concurrent.for(titled)("%s", { timeout: 180_000 }, async ([, check], { skip }) => {
    try {
      await check.run(context);
    } catch (error) {
      if (error instanceof NotOffered) skip(`${check.id} ${error.message}`);
      throw error;
    }
  });

  it("knows its users by their passwords, and its guests of before as guests", async () => {
    const client = createAuthClient({ baseUrl, platform: createPagePlatform(origin) });
    client.start();
    const identity = unchallenged(await client.signIn(before.account ?? { username: "", password: "" }));
    expect(await client.fetchUser()).toMatchObject({ email: before.account?.username, is_guest: false });
    expect(identity.isGuest).toBe(false);
    client.dispose();
    const count =
      "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select email, is_guest from user').fetchall())";
    const { output } = await runProgram(command, ["-c", count, join(app.folder, "app.db")]);
    expect(output).toMatch(/@guests\.example\.org', 1\)/);
    expect(output).toContain(`('${before.account?.username}', 0)`);
  });

  it("takes the tokens of before no more, and none that a worker did not ask for", async () => {
    const ask = async (token: string) =>
      (await fetch(`${origin}/v1/notes`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await ask(before.guestToken ?? "")).toBe(401);
    const { access_token } = await context.signIn(context.openPage(), await context.makeAccount());
    expect(await ask(access_token)).toBe(200);
    const refused = await fetch(`${origin}/workers/token`, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(refused.status).toBe(403);
  });

  it("guards its own users/me as well", async () => {
    const { access_token } = await context.signIn(context.openPage(), await context.makeAccount());
    const answer = await fetch(`${origin}/users/me`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify({ password: "battery staple" }),
    });
    expect(answer.status).toBe(403);
  });

  it("keeps a page in Chromium signed in over a reload, as a user and as a guest", async () => {
    for (const isGuest of [false, true]) {
      const profile = await browser.openProfile(origin);
      const page = await openTab(profile, origin, "/auth");
      const account = await registerAccount(baseUrl);
      const { subject } = isGuest
        ? await page.evaluate(() => auth.signInAsGuest())
        : unchallenged(await page.evaluate((credentials) => auth.signIn(credentials), account));
      await page.reload();
      await startClient(page, "/auth");
      expect(await page.evaluate(() => auth.getState())).toMatchObject({ identity: { subject, isGuest } });
      await profile.close();
    }
  });

  it("lets sockets in as whoever is signed in, and ends them with the session", async () => {
    const auth = createAuthClient({ baseUrl, platform: createPagePlatform(origin) });
    auth.start();
    const { subject } = unchallenged(await auth.signIn(await registerAccount(baseUrl)));
    const socket = io(origin, { autoConnect: false, forceNew: true });
    authorizeSocket(socket, auth);
    const connected = new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.connect();
    await connected;
    expect(await socket.emitWithAck("whoami")).toEqual({ subject });
    const disconnected = new Promise((resolve) => socket.once("disconnect", resolve));
    await auth.signOut();
    await disconnected;
    socket.disconnect();
    auth.dispose();
  });
});
