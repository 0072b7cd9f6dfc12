import { join } from "node:path";
import { serve } from "@hono/node-server";
import { build } from "esbuild";
import { type Context, Hono } from "hono";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { requireUser } from "../../src/server/requireUser.ts";
import { readCodeBlocks, repository } from "../docs/markdown.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";

// What docs/recipes.md says of uploads in pieces and of images, as it stands there, in Chromium against the real server.

const megabytes = Number(process.env["UPLOAD_MB"] ?? 24);
const pixel = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

interface UploadPage {
  auth: { register(account: object): Promise<unknown>; signOut(): Promise<void> };
  uploadInPieces(file: File, show: (share: number) => void): Promise<void>;
}

let auth: AuthServer;
let listening: ReturnType<typeof serve>;
let browser: Browser;
let page: Page;
let origin: string;
/** Of one upload: what has arrived, and the tokens that brought it. */
let arrived = 0;
let refusals = 0;
let died: string | undefined;
const tokens = new Set<string>();
const imageRequests: (string | undefined)[] = [];

beforeAll(async () => {
  const [script, worker] = await Promise.all([bundle("uploadInPieces.ts"), bundle("imageWorker.js")]);
  auth = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
  });
  const app = new Hono();
  const javaScript = { "content-type": "text/javascript" };
  app.get("/", (context) => context.html('<!doctype html><script type="module" src="/page.js"></script>'));
  app.get("/page.js", (context) => context.body(script, 200, javaScript));
  app.get("/imageWorker.js", (context) => context.body(worker, 200, javaScript));
  app.get(
    "/api/images/:name",
    async (context, next) => {
      imageRequests.push(context.req.header("authorization"));
      await next();
    },
    // Whatever the worker has heard by then: an ended session's token is worth nothing here.
    requireUser(auth, { checkSession: true }),
    (context) => context.body(pixel, 200, { "content-type": "image/png", "cache-control": "no-store" }),
  );
  app.use("/files/*", requireUser(auth));
  app.post("/files", requireUser(auth), (context) => context.body(null, 201, { location: "/files/1" }));
  app.on("HEAD", "/files/1", (context) => context.body(null, 200, offset()));
  app.patch("/files/1", receivePiece);
  app.route("/", auth.app);
  origin = await new Promise((resolve) => {
    listening = serve({ fetch: app.fetch, port: 0 }, ({ port }) => resolve(`http://localhost:${port}`));
  });
  browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
  page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction("globalThis.uploadInPieces !== undefined");
  await page.evaluate(() =>
    (globalThis as unknown as UploadPage).auth.register({
      email: "ada@example.org",
      password: "correct horse battery",
    }),
  );
});
afterAll(async () => {
  await browser?.close();
  if (listening !== undefined && "closeAllConnections" in listening) listening.closeAllConnections();
  listening?.close();
  await auth?.close();
});

async function bundle(name: string): Promise<string> {
  const block = readCodeBlocks().find(({ code }) => code.startsWith(`// ${name}\n`));
  if (block === undefined) throw new Error(`docs/recipes.md shows no ${name} any more.`);
  const own = name.endsWith(".ts") ? "Object.assign(globalThis, { auth, uploadInPieces }); auth.start();" : "";
  const { outputFiles } = await build({
    stdin: { contents: `${block.code}\n${own}`, resolveDir: repository, loader: "ts" },
    alias: {
      "stay-signed-in/client": join(repository, "src/client.ts"),
      "stay-signed-in/fetch": join(repository, "src/fetch.ts"),
    },
    bundle: true,
    write: false,
    format: "esm",
  });
  return outputFiles[0]?.text ?? "";
}

const offset = () => ({
  "upload-offset": String(arrived),
  "upload-length": String(megabytes * 1024 * 1024),
  "tus-resumable": "1.0.0",
  "cache-control": "no-store",
});

/** The token of the first half dies in the middle: a piece of the second that comes with it is thrown away after its first bytes. */
async function receivePiece(context: Context): Promise<Response> {
  const token = context.req.header("authorization") ?? "";
  const isPastHalf = arrived >= (megabytes * 1024 * 1024) / 2;
  if (isPastHalf) died ??= token;
  let length = 0;
  for await (const part of context.req.raw.body as unknown as AsyncIterable<Uint8Array>) length += part.length;
  if (token === died) {
    refusals += 1;
    return context.body(null, 401);
  }
  arrived += length;
  tokens.add(token);
  return context.body(null, 204, offset());
}

it(`an upload of ${megabytes} MB in pieces goes on where it was when its token dies, with progress`, async () => {
  const startedAt = performance.now();
  const shares = await page.evaluate(async (size) => {
    const told: number[] = [];
    const file = new File([new Uint8Array(size * 1024 * 1024)], "film.mp4");
    await (globalThis as unknown as UploadPage).uploadInPieces(file, (share) => told.push(share));
    return told;
  }, megabytes);
  console.log(`${megabytes} MB in ${Math.round(performance.now() - startedAt)} ms, ${shares.length} progress events`);
  expect(arrived).toBe(megabytes * 1024 * 1024);
  expect([refusals, tokens.size]).toEqual([1, 2]);
  expect(shares.at(-1)).toBe(1);
  expect(shares.length).toBeGreaterThan(megabytes / 8);
}, 240_000);

it("an image has its token from a service worker, after a reload as well, and none after the sign-out", async () => {
  const show = (name: string) =>
    page.evaluate(
      (source) =>
        new Promise<string>((resolve) => {
          const image = new Image();
          image.onload = () => resolve(`shown, ${image.naturalWidth} wide`);
          image.onerror = () => resolve("not shown");
          image.src = source;
        }),
      `/api/images/${name}`,
    );
  expect(await show("before.png")).toBe("not shown");
  await page.evaluate(async () => {
    const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
    await navigator.serviceWorker.register("/imageWorker.js", { type: "module" });
    await controlled;
  });
  expect(await show("one.png")).toBe("shown, 1 wide");
  await page.reload();
  await page.waitForFunction("globalThis.uploadInPieces !== undefined");
  expect(await show("two.png")).toBe("shown, 1 wide");
  expect(imageRequests.map((header) => header?.slice(0, 7))).toEqual([undefined, "Bearer ", "Bearer "]);
  await page.evaluate(() => (globalThis as unknown as UploadPage).auth.signOut());
  expect(await show("three.png")).toBe("not shown");
});
