import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { serve } from "@hono/node-server";
import { transform } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createAuthServer } from "../../src/server/createAuthServer.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../../src/server/pbkdf2PasswordHasher.ts";
import { readCodeBlocks } from "../docs/markdown.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";
import { isInstalled } from "../support/isInstalled.ts";
import { type PackedPackage, packPackage, root, run } from "./packedPackage.ts";

const folder = join(root, "test", "next");
const next = join(folder, "node_modules", "next", "dist", "bin", "next");
const peekKey = "a-key-that-renders-pages-and-no-more";

/** The files that docs/ssr.md and docs/routers.md show, as they stand there. */
const shown = [
  "authServer.ts",
  "app/v1/auth/[...path]/route.ts",
  "app/api/notes/route.ts",
  "auth.ts",
  "app/notes/page.tsx",
  "session.ts",
  "app/account/page.tsx",
  "proxy.ts",
];

const files: Record<string, string> = {
  // The one set-up in which Next refuses whatever is random, or asks a clock, while it renders ahead.
  "next.config.mjs": `export default {
  cacheComponents: true,
  partialPrefetching: true,
  distDir: process.env.DIST,
  turbopack: { root: ${JSON.stringify(root.replace(/\/$/, ""))} },
  rewrites: async () => [{ source: "/v2/auth/:path*", destination: process.env.AUTH_ORIGIN + "/v2/auth/:path*" }],
};
`,
  "jsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
  "app/layout.jsx": `import { Providers } from "./providers";
export default function Layout({ children }) {
  return <html lang="en"><body><Providers>{children}</Providers></body></html>;
}
`,
  "app/providers.jsx": `"use client";
import { AuthProvider } from "stay-signed-in";
import { auth } from "@/auth";
export function Providers({ children }) {
  return <AuthProvider client={auth}>{children}</AuthProvider>;
}
`,
  "app/page.jsx": `"use client";
import { useState } from "react";
import { createAuthClient, useSession, RequireAuth } from "stay-signed-in";
const Name = () => <p>{useSession().user?.email ?? "guest"}</p>;
export default function Page() {
  useState(() => createAuthClient({ namespace: "other" }));
  return <RequireAuth loading={<p>One moment…</p>} fallback={<p>Please sign in</p>}><Name /></RequireAuth>;
}
`,
  // Else each page asks for one in vain, and the browser says so.
  "app/icon.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" />\n',
  "app/sign-in/page.jsx": `"use client";
import { auth } from "@/auth";
export default function Page() {
  const register = () => auth.register({ email: "ada@example.org", password: "correct horse battery" });
  return <button onClick={register}>Register</button>;
}
`,
  "app/elsewhere/page.jsx": `import { headers } from "next/headers";
import { connection } from "next/server";
import { Suspense } from "react";
import { getServerSession } from "stay-signed-in/server";
async function Greeting() {
  await connection();
  const from = { url: process.env.AUTH_ORIGIN + "/v2/auth", key: process.env.PEEK_KEY };
  const session = await getServerSession({ headers: await headers() }, from);
  return <p>{session === null ? "Who are you?" : session.isGuest ? "Hello, guest" : "Hello, somebody"}</p>;
}
export default function Page() {
  return <Suspense fallback={<p>One moment…</p>}><Greeting /></Suspense>;
}
`,
};

let packed: PackedPackage | undefined;
beforeAll(async () => {
  if (!existsSync(next)) return;
  packed = await packPackage();
  const own = join(folder, "node_modules", "stay-signed-in");
  await rm(own, { recursive: true, force: true });
  await mkdir(own, { recursive: true });
  await run("tar", ["-xzf", packed.tarball, "--strip-components=1", "-C", own]);
}, 300_000);
afterAll(() => packed?.remove());

// 340 MB that most who work here need not have: .ci/run installs them, and `npm ci --prefix test/next`.
describe
  .skipIf(!isInstalled("Next.js (npm ci --prefix test/next)", existsSync(next)))
  .sequential.each(["turbopack", "webpack"])("an app of Next.js, built by %s", (bundler) => {
  let data: string;
  let server: ChildProcess;
  let elsewhere: ReturnType<typeof serve>;
  let browser: Browser;
  let origin: string;
  const dist = `.next-${bundler}`;
  const written = [...new Set([...shown, ...Object.keys(files)].map((name) => name.split("/")[0] ?? ""))]
    .map((name) => name.replace(/\.tsx?$/, ".js"))
    .concat(dist);

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), "stay-signed-in-next-"));
    const ports = await Promise.all([findPort(), findPort()]);
    origin = `http://localhost:${ports[0]}`;
    elsewhere = serve({ fetch: authServerElsewhere(origin).app.fetch, port: ports[1] });
    for (const [name, code] of Object.entries({ ...files, ...(await shownFiles()) })) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), code);
    }
    const env = {
      ...process.env,
      NODE_ENV: "production" as const,
      NEXT_TELEMETRY_DISABLED: "1",
      DIST: dist,
      AUTH_ORIGIN: `http://localhost:${ports[1]}`,
    };
    await run(process.execPath, [next, "build", `--${bundler}`], { cwd: folder, env });
    server = spawn(process.execPath, [next, "start", "-p", String(ports[0])], {
      cwd: folder,
      env: {
        ...env,
        AUTH_SECRET: "0123456789abcdef-0123456789abcdef",
        AUTH_DATABASE: join(data, "auth.db"),
        PUBLIC_URL: origin,
        PEEK_KEY: peekKey,
      },
      stdio: ["ignore", "ignore", "inherit"],
    });
    await vi.waitFor(async () => expect((await fetch(origin)).ok).toBe(true), { timeout: 120_000, interval: 200 });
    browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
  }, 600_000);

  afterAll(async () => {
    await browser?.close();
    server?.kill();
    elsewhere?.close();
    await Promise.all(
      [...written.map((name) => join(folder, name)), data].map((path) => rm(path, { recursive: true, force: true })),
    );
  });

  const visit = (headers: Record<string, string>) => fetch(`${origin}/notes?x=1`, { headers, redirect: "manual" });

  it("builds with everything rendered ahead, as loading", async () => {
    expect(await (await fetch(origin)).text()).toContain("One moment…");
  });

  it("spares a visitor who certainly has no session the page, by the proxy of docs/routers.md", async () => {
    const answer = await visit({ "sec-fetch-site": "none" });
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")).toMatch(/\/sign-in\?to=%2Fnotes%3Fx%3D1$/);
    expect((await visit({ "sec-fetch-site": "none", cookie: "__Host-Http-refresh_token.a=1" })).status).toBe(200);
    expect((await visit({ "sec-fetch-site": "cross-site" })).status).toBe(200);
  });

  // N03, C06 https://github.com/vercel/next.js/issues/54266
  it("signs in at its own route handler, sends by axios, knows the visitor on the server; no word on the console", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => said.push(String(error)));
    await page.goto(`${origin}/account`);
    await page.getByText("Who are you?").waitFor();
    await page.goto(`${origin}/sign-in`);
    await page.getByText("Register").click();
    await vi.waitFor(async () => expect(await context.cookies()).toHaveLength(1), { timeout: 20_000 });
    await page.goto(`${origin}/notes`);
    const note = (await page.getByText(/^A note of /).textContent()) ?? "";
    const [before] = await context.cookies();
    await page.goto(`${origin}/account`);
    await page.getByText(`Hello, ${note.replace("A note of ", "")}`).waitFor();
    await page.goto(`${origin}/`);
    await page.getByText("ada@example.org").waitFor();
    expect((await context.cookies()).map(({ name, path }) => [name, path])).toEqual([[before?.name, "/"]]);
    // Nobody is signed in at first, and a browser prints what was answered 401.
    expect(said.filter((line) => !line.includes("401"))).toEqual([]);
    await context.close();
  });

  it("reaches an auth server elsewhere by a rewrite, and asks it who the visitor is with the server's own key", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${origin}/elsewhere`);
    await page.getByText("Who are you?").waitFor();
    expect(await page.evaluate(async () => (await fetch("/v2/auth/guest", { method: "POST" })).status)).toBe(200);
    await page.reload();
    await page.getByText("Hello, guest").waitFor();
    await context.close();
  });
});

function authServerElsewhere(publicUrl: string) {
  return createAuthServer({
    store: memoryStore(),
    accessTokenSecret: "a secret of at least thirty-two bytes",
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1 }),
    prefix: "/v2/auth",
    publicUrl,
    peekKey,
    cookie: { path: "/" },
  });
}

/** As JavaScript, since Next would want TypeScript and its types. */
async function shownFiles(): Promise<Record<string, string>> {
  const blocks = readCodeBlocks();
  const made = shown.map(async (name) => {
    const document = name === "proxy.ts" ? "docs/routers.md" : "docs/ssr.md";
    const block = blocks.find((each) => each.document === document && each.code.startsWith(`// ${name}\n`));
    if (block === undefined) throw new Error(`The documents show no ${name} any more.`);
    const { code } = await transform(block.code, { loader: "tsx", jsx: "preserve" });
    return [name.replace(/\.tsx?$/, block.language === "tsx" ? ".jsx" : ".js"), code] as const;
  });
  return Object.fromEntries(await Promise.all(made));
}

function findPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
