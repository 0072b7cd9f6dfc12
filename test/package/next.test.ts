import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readCodeBlocks } from "../docs/markdown.ts";
import { type PackedPackage, packPackage, root, run } from "./packedPackage.ts";

const folder = join(root, "test", "next");
const next = join(folder, "node_modules", "next", "dist", "bin", "next");

const page = `"use client";
import { RequireAuth, useSession } from "stay-signed-in";
const Name = () => <p>{useSession().user?.email ?? "guest"}</p>;
export default function Page() {
  return <RequireAuth loading={<p>One moment…</p>} fallback={<p>Please sign in</p>}><Name /></RequireAuth>;
}
`;
const files: Record<string, string> = {
  // The one set-up in which Next refuses whatever is random, or asks a clock, while it renders ahead.
  "next.config.mjs": "export default { cacheComponents: true, partialPrefetching: true };\n",
  "app/layout.jsx": `import { Providers } from "./providers";
export default function Layout({ children }) {
  return <html lang="en"><body><Providers>{children}</Providers></body></html>;
}
`,
  // As docs/ssr.md has it, without TanStack Query.
  "app/providers.jsx": `"use client";
import { useState } from "react";
import { AuthProvider, createAuthClient } from "stay-signed-in";
export function Providers({ children }) {
  const [auth] = useState(() => createAuthClient());
  return <AuthProvider client={auth}>{children}</AuthProvider>;
}
`,
  "app/page.jsx": page,
  "app/notes/page.jsx": page,
  "app/sign-in/page.jsx": "export default function Page() { return <p>The form</p>; }\n",
};

// 340 MB that most who work here need not have: `npm install --prefix test/next`.
describe.skipIf(!existsSync(next))("an app of Next.js, without TanStack Query", () => {
  const written = [...new Set([...Object.keys(files).map((name) => name.split("/")[0] ?? ""), "proxy.js", ".next"])];
  let packed: PackedPackage;
  let server: ChildProcess;
  let origin: string;

  beforeAll(async () => {
    packed = await packPackage();
    const own = join(folder, "node_modules", "stay-signed-in");
    await rm(own, { recursive: true, force: true });
    await mkdir(own, { recursive: true });
    await run("tar", ["-xzf", packed.tarball, "--strip-components=1", "-C", own]);
    const recipe = readCodeBlocks().find(({ code }) => code.startsWith("// proxy.ts"))?.code ?? "";
    const all = { ...files, "proxy.js": (await transform(recipe, { loader: "ts" })).code };
    for (const [name, code] of Object.entries(all)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), code);
    }
    const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
    await run(process.execPath, [next, "build"], { cwd: folder, env });
    const port = await findPort();
    origin = `http://localhost:${port}`;
    server = spawn(process.execPath, [next, "start", "-p", String(port)], { cwd: folder, env, stdio: "ignore" });
    await vi.waitFor(async () => expect((await fetch(origin)).ok).toBe(true), { timeout: 60_000, interval: 200 });
  }, 300_000);

  afterAll(async () => {
    server?.kill();
    await packed?.remove();
    await Promise.all(written.map((name) => rm(join(folder, name), { recursive: true, force: true })));
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
});

function findPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
