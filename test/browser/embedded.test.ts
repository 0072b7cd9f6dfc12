import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { getRequestListener } from "@hono/node-server";
import { type Browser, type BrowserContext, chromium, type Frame } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type AuthServer, createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";
import { bundlePage } from "./support/bundlePage.ts";

// C04 https://github.com/oauth2-proxy/oauth2-proxy/pull/3531 · https://github.com/keycloak/keycloak/issues/33926
// The app at https://app.test:PORT, in a frame of pages of two other sites.

let browser: Browser;
let script: string;
let certificate: { readonly key: Buffer; readonly cert: Buffer };

beforeAll(async () => {
  const [executablePath, bundled] = await Promise.all([
    findChromium(),
    bundlePage(fileURLToPath(new URL("support/embeddedPage.ts", import.meta.url))),
  ]);
  script = bundled;
  certificate = await makeCertificate();
  browser = await chromium.launch({
    executablePath,
    args: [...chromiumFlags, "--ignore-certificate-errors", "--host-resolver-rules=MAP *.test 127.0.0.1"],
  });
});
afterAll(() => browser?.close());

async function makeCertificate() {
  const folder = await mkdtemp(join(tmpdir(), "stay-signed-in-certificate-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=app.test"];
    await promisify(execFile)("openssl", [...request, "-keyout", key, "-out", cert]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The page of the app, and for any other host one that shows it in a frame. */
async function startApp(partitioned: boolean) {
  let auth: AuthServer | undefined;
  let appOrigin = "";
  const answer = (request: Request): Response | Promise<Response> => {
    const { pathname, hostname } = new URL(request.url);
    const html = (text: string) => new Response(`<!doctype html>${text}`, { headers: { "content-type": "text/html" } });
    if (hostname !== "app.test") return html(`<iframe src="${appOrigin}/"></iframe>`);
    if (pathname === "/") return html('<link rel="icon" href="data:,"><script src="/page.js"></script>');
    if (pathname === "/page.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
    return auth?.app.fetch(request) ?? new Response(null, { status: 503 });
  };
  const listener = getRequestListener(answer);
  const server: Server = createServer(certificate, (request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  appOrigin = `https://app.test:${port}`;
  auth = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    publicUrl: appOrigin,
    cookie: { partitioned },
  });
  const { close } = auth;
  return {
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
}

async function openEmbedded(context: BrowserContext, host: string, port: number) {
  const page = await context.newPage();
  const warnings: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "warning") warnings.push(message.text());
  });
  await page.goto(`https://${host}:${port}/`);
  await vi.waitFor(() => expect(page.frames()).toHaveLength(2));
  const frame = page.frames()[1] as Frame;
  await frame.waitForFunction("globalThis.embedded !== undefined");
  return { page, frame, warnings };
}

const run = <T>(frame: Frame, work: string): Promise<T> => frame.evaluate<T>(`globalThis.embedded.${work}`);

it("a session in a frame of another site lasts over a reload with a partitioned cookie, one for each embedding site", async () => {
  const app = await startApp(true);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const { page, frame } = await openEmbedded(context, "one.test", app.port);
    expect(await run(frame, "status()")).toBe("unauthenticated");
    const subject = await run<string>(frame, "signInAsGuest()");
    expect(await run(frame, "renew()")).toBe(subject);
    await page.close();
    const again = await openEmbedded(context, "one.test", app.port);
    expect(await run(again.frame, "status()")).toBe("authenticated");
    // Of the storage there it does say that the browser withholds it.
    expect(again.warnings.join()).not.toContain("never kept");
    const elsewhere = await openEmbedded(context, "two.test", app.port);
    expect(await run(elsewhere.frame, "status()")).toBe("unauthenticated");
  } finally {
    await context.close();
    await app.close();
  }
});

it("without it the browser keeps no cookie there, and the console says so at the first renewal", async () => {
  const app = await startApp(false);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const { frame, warnings } = await openEmbedded(context, "one.test", app.port);
    expect(await run(frame, "status()")).toBe("unauthenticated");
    await run(frame, "signInAsGuest()");
    await run(frame, "renew()").catch(() => undefined);
    await vi.waitFor(() => expect(warnings).toContainEqual(expect.stringContaining("the browser never kept it")));
    expect(await context.cookies()).toEqual([]);
  } finally {
    await context.close();
    await app.close();
  }
});
