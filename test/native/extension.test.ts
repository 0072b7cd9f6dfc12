import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page, type Worker } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { readCodeBlocks, repository } from "../docs/markdown.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";

// The recipe of docs/native.md as it stands there, in Chromium: an unpacked extension with a worker and a popup.

const account = { email: "ada@example.org", password: "correct horse battery" };
let folder: string;
let server: AuthServer;
let listening: ReturnType<typeof serve>;
let refreshes = 0;
let context: BrowserContext;
let worker: Worker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stay-signed-in-extension-"));
  const address = await listen();
  const blocks = readCodeBlocks().filter(({ document }) => document === "docs/native.md");
  const recipe = blocks.find(({ code }) => code.startsWith("// extension/auth.js"))?.code ?? "";
  const manifest = blocks.find(({ language }) => language === "json")?.code ?? "";
  const extension = join(folder, "extension");
  await mkdir(extension);
  await writeFile(join(extension, "manifest.json"), manifest.replace("https://api.example/*", "http://localhost/*"));
  await writeFile(join(extension, "popup.html"), '<script type="module" src="popup.js"></script>');
  const program = `${recipe.replace("https://api.example/v1/auth", address)}\nglobalThis.auth = auth;`;
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: repository, loader: "js" },
    alias: { "stay-signed-in/native": join(repository, "src/native.ts") },
    bundle: true,
    write: false,
    format: "esm",
  });
  for (const name of ["background.js", "popup.js"])
    await writeFile(join(extension, name), outputFiles[0]?.contents ?? "");
  context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: await findChromium(),
    headless: false,
    args: [
      "--headless=new",
      ...chromiumFlags,
      `--disable-extensions-except=${extension}`,
      `--load-extension=${extension}`,
    ],
  });
  worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  makeServer(worker.url().replace("/background.js", ""), address);
});
afterAll(async () => {
  await context?.close();
  listening?.close();
  if (listening !== undefined && "closeAllConnections" in listening) listening.closeAllConnections();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The extension's id, and so its origin, is known once it is loaded: the server is made then. */
function listen(): Promise<string> {
  return new Promise((resolve) => {
    listening = serve(
      { port: 0, fetch: (request) => server?.app.fetch(request) ?? new Response(null, { status: 503 }) },
      ({ port }) => resolve(`http://localhost:${port}/v1/auth`),
    );
  });
}

function makeServer(nativeOrigin: string, address: string): void {
  server = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    publicUrl: new URL(address).origin,
    nativeOrigins: [nativeOrigin],
    onAuditEvent: ({ type }) => void (refreshes += Number(type === "refreshed" || type === "graceRepeat")),
  });
}

type Place = Pick<Page, "evaluate"> | Worker;
const withAuth = <T>(place: Place, work: string): Promise<T> =>
  (place as Page).evaluate<T>(`(async (auth) => ${work})(globalThis.auth)`);
const stateOf = (place: Place) => withAuth<ReturnType<AuthClient["getState"]>>(place, "auth.getState()");

async function openPopup(): Promise<Page> {
  const popup = await context.newPage();
  await popup.goto(worker.url().replace("background.js", "popup.html"));
  await popup.waitForFunction("globalThis.auth !== undefined");
  return popup;
}

it("the worker and the popup of an extension share one session", async () => {
  const popup = await openPopup();
  await withAuth(popup, `auth.register(${JSON.stringify(account)})`);
  await vi.waitFor(async () => expect((await stateOf(worker)).status).toBe("authenticated"), 10_000);
  const sessions = await Promise.all(
    [popup, worker].map(async (place) =>
      server.verifyAccessToken(await withAuth<string>(place, "auth.getAccessToken()")),
    ),
  );
  expect(sessions[0]?.sessionId).toBe(sessions[1]?.sessionId);

  // Both want a new token at once, and the session goes on for both.
  const before = refreshes;
  const renew = "auth.getAccessToken({ rejectedToken: auth.accessToken.getState() })";
  const renewed = await Promise.all([popup, worker].map((place) => withAuth<string>(place, renew)));
  expect(renewed[0]).toBe(renewed[1]);
  expect(refreshes).toBe(before + 1);

  // A popup that is opened again is signed in without asking the server, since the worker is there.
  await popup.close();
  const again = await openPopup();
  expect(await withAuth(again, "auth.ready()")).toMatchObject({ status: "authenticated" });
  expect(await withAuth(again, "auth.getAccessToken()")).toBe(renewed[1]);
  expect(refreshes).toBe(before + 1);

  await withAuth(worker, "auth.signOut()");
  await vi.waitFor(
    async () => expect(await stateOf(again)).toMatchObject({ status: "unauthenticated", reason: "signedOut" }),
    10_000,
  );
  expect(await worker.evaluate("chrome.storage.local.get(null)")).toEqual({});
});
