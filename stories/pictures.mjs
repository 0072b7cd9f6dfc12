// Takes pictures of the stories. Builds Storybook first, unless STORYBOOK names a built one.
//   node stories/pictures.mjs               those that the README shows, into docs/pictures
//   node stories/pictures.mjs --all FOLDER  every story, light and dark, wide and narrow, to be looked at
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { chromium } from "playwright-core";
import { runnerImport } from "vite";

const shown = [
  { id: "session-expiry-in-place--expired", name: "sign-in-in-place", width: 760 },
  { id: "devtools--corner", name: "devtools", width: 900 },
  { id: "tabs--signed-in-together", name: "two-tabs-1-signed-in", width: 760 },
  { id: "tabs--one-refresh-for-both", name: "two-tabs-2-one-refresh", width: 760 },
  { id: "tabs--signed-out-together", name: "two-tabs-3-signed-out", width: 760 },
];
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

const { module } = await runnerImport("./test/support/chromium.ts", { configFile: false, logLevel: "error" });
const scratch = await mkdtemp(join(tmpdir(), "stories-"));
const built = process.env.STORYBOOK ?? (await build(join(scratch, "storybook")));
const server = await serve(built);
const browser = await chromium.launch({ executablePath: await module.findChromium(), args: flags });
const address = `http://127.0.0.1:${server.address().port}`;
try {
  const [mode, folder] = process.argv.slice(2);
  if (mode === "--all") await takeAll(folder ?? scratch);
  else await takeShown("docs/pictures");
} finally {
  await browser.close();
  server.close();
  await rm(scratch, { recursive: true, force: true });
}

async function takeShown(folder) {
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    for (const { id, name, width } of shown) {
      if (colorScheme === "dark" && name.startsWith("two-tabs")) continue;
      await take(id, join(folder, `${name}-${colorScheme}.png`), { colorScheme, width, deviceScaleFactor: 1.5 });
    }
  }
}

async function takeAll(folder) {
  const { entries } = JSON.parse(await readFile(join(built, "index.json"), "utf8"));
  const only = process.env.ONLY ?? "";
  for (const { id, type } of Object.values(entries)) {
    if (type !== "story" || !id.includes(only)) continue;
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1200, 360]) {
        await mkdir(folder, { recursive: true });
        await take(id, join(folder, `${id}.${colorScheme}.${width}.png`), { colorScheme, width });
      }
    }
  }
}

/** Opens a story, waits for the end of its play function, and takes the page as it is then. */
async function take(id, path, { colorScheme, width, deviceScaleFactor = 1 }) {
  const context = await browser.newContext({ colorScheme, deviceScaleFactor, viewport: { width, height: 240 } });
  const page = await context.newPage();
  try {
    await page.goto(`${address}/iframe.html?id=${id}&viewMode=story`);
    const finished = await page.waitForFunction(
      () => globalThis.__STORYBOOK_ADDONS_CHANNEL__?.last("storyFinished")?.[0],
      undefined,
      { timeout: 60_000 },
    );
    const { status, reporters } = await finished.jsonValue();
    if (status !== "success") throw new Error(`${id} does not play as it should.`);
    const { violations, passes } = reporters.find(({ type }) => type === "a11y")?.result ?? {};
    const found = violations?.map((violation) => violation.id).join(" ") || "none";
    console.log(`${path}: accessibility rules passed ${passes?.length ?? "?"}, violated ${found}`);
    await page.evaluate(() => document.fonts.ready);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (overflow > 0) console.log(`${id} at ${width}: ${overflow} px too wide`);
    // A panel in the corner is not part of the page's height.
    const floats = await page.locator('[data-placement="corner"] .stay-panel').count();
    if (floats > 0) await page.setViewportSize({ width, height: 720 });
    await page.screenshot({ path, fullPage: true, animations: "disabled" });
  } finally {
    await context.close();
  }
}

function build(folder) {
  return new Promise((resolve, reject) => {
    const program = join("node_modules", "storybook", "dist", "bin", "dispatcher.js");
    spawn(process.execPath, [program, "build", "-o", folder, "--quiet"], { stdio: "inherit" }).on("close", (code) =>
      code === 0 ? resolve(folder) : reject(new Error("Storybook was not built.")),
    );
  });
}

function serve(folder) {
  const answer = async (request, response) => {
    const path = join(folder, normalize(new URL(request.url, "http://localhost").pathname));
    try {
      const body = await readFile(path);
      response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  };
  return new Promise((resolve) => {
    const started = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1", () =>
      resolve(started),
    );
  });
}
