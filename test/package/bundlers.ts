import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { build as esbuild } from "esbuild";
import { Hono } from "hono";
import { type Browser, chromium } from "playwright-core";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import webpack from "webpack";
import { createAuthServer, memoryStore, requireUser } from "../../src/server.ts";
import { chromiumFlags, findChromium } from "../support/chromium.ts";
import { hasOlderTools } from "./jest.ts";
import { dependencies, type PackedPackage, root, run } from "./packedPackage.ts";

const app = `import axios from "axios";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider, createAuthClient, RequireAuth, useAuth, useSession } from "stay-signed-in";
import { authorizeAxios } from "stay-signed-in/axios";

const auth = createAuthClient();
const api = axios.create();
authorizeAxios(api, auth);

function Greeter() {
  const { user } = useSession();
  const greet = async () => {
    document.title = (await api.get("/api/hello")).data.hello;
  };
  return user && createElement("button", { onClick: greet }, "Greet");
}
function Entrance() {
  const { signInAsGuest } = useAuth();
  return createElement("button", { onClick: () => signInAsGuest() }, "Continue as guest");
}
const app = createElement(RequireAuth, { allowGuests: true, fallback: createElement(Entrance) }, createElement(Greeter));
createRoot(document.getElementById("root")).render(createElement(AuthProvider, { client: auth }, app));
`;

const bundledPage = '<!doctype html><div id="root"></div><script type="module" src="main.js"></script>';

// What docs/getting-started.md shows, with buttons.
const barePage = `<!doctype html>
<script type="importmap">
  {
    "imports": {
      "stay-signed-in/client": "/node_modules/stay-signed-in/dist/client.js",
      "stay-signed-in/fetch": "/node_modules/stay-signed-in/dist/fetch.js",
      "jwt-decode": "/node_modules/jwt-decode/build/esm/index.js"
    }
  }
</script>
<script type="module">
  import { createAuthClient } from "stay-signed-in/client";
  import { authorizeFetch } from "stay-signed-in/fetch";

  const auth = createAuthClient();
  const api = authorizeFetch(auth);
  auth.start();
  const add = (text, onClick) => Object.assign(document.body.appendChild(document.createElement("button")), { onclick: onClick, textContent: text });
  add("Continue as guest", async () => {
    await auth.signInAsGuest();
    add("Greet", async () => {
      document.title = (await (await api("/api/hello")).json()).hello;
    });
  });
</script>
<body></body>`;

/** The packed package in an app, built by what people build with, run in a real browser against the real server. */
export function describeBundlers(packed: () => PackedPackage): void {
  describe("in a page", () => {
    let project: string;
    let server: ServerType;
    let origin: string;
    let browser: Browser;

    beforeAll(async () => {
      // No TanStack Query: nothing but `stay-signed-in/query` may ask for it.
      const packages = ["react", "react-dom", "axios", ...dependencies];
      project = await packed().makeProject("page", packages);
      const file = (name: string, content: string) => writeFile(join(project, name), content);
      await Promise.all(
        ["bare", "vite", "esbuild", "webpack", "webpack4"].map((folder) => mkdir(join(project, folder))),
      );
      await Promise.all([
        file("main.js", app),
        file("index.html", bundledPage),
        file("bare/index.html", barePage),
        file("esbuild/index.html", bundledPage),
        file("webpack/index.html", bundledPage),
        file("webpack4/index.html", bundledPage),
      ]);
      server = await startServer(project);
      origin = `http://localhost:${(server.address() as AddressInfo).port}`;
      browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumFlags });
    }, 120_000);

    afterAll(async () => {
      await browser?.close();
      server?.close();
    });

    it("works built by Vite", async () => {
      await vite({
        configFile: false,
        root: project,
        base: "./",
        logLevel: "error",
        build: { outDir: "vite", emptyOutDir: false, chunkSizeWarningLimit: 1_000 },
      });
      await expectGuestIsGreeted("vite");
    });

    it("works built by esbuild, with no warning", async () => {
      const { warnings } = await esbuild({
        entryPoints: [join(project, "main.js")],
        outfile: join(project, "esbuild", "main.js"),
        bundle: true,
        minify: true,
        format: "esm",
        logLevel: "silent",
      });
      expect(warnings).toEqual([]);
      await expectGuestIsGreeted("esbuild");
    });

    it("works built by webpack, with no warning", async () => {
      expect(await buildByWebpack(project)).toEqual([]);
      await expectGuestIsGreeted("webpack");
    });

    it.skipIf(!hasOlderTools)("works built by webpack 4 and Babel, as create-react-app had them", async () => {
      const program = join(root, "test/package/older/buildByWebpack.js");
      const building = run(process.execPath, [program], { cwd: project });
      await building.catch((error: { stderr: string }) => expect.fail(error.stderr));
      await expectGuestIsGreeted("webpack4");
    });

    it("works without any build, by an import map", () => expectGuestIsGreeted("bare"));

    it("brings no server, no simulation and no panel into what was built", async () => {
      for (const folder of ["esbuild", "webpack"]) {
        const code = await readFile(join(project, folder, "main.js"), "utf8");
        expect(code, folder).not.toMatch(/auth_sessions|reuseDetected|__Host-|simulated|stay-signed-in-devtools/);
      }
    });

    // A page that breaks says so at once, instead of by a time-out.
    async function expectGuestIsGreeted(folder: string): Promise<void> {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        const broken = new Promise<never>((_, reject) => page.on("pageerror", reject));
        const greeted = page.goto(`${origin}/${folder}/`).then(async () => {
          await page.getByText("Continue as guest").click();
          await page.getByText("Greet").click();
          await page.waitForFunction(() => document.title !== "");
          return page.title();
        });
        expect(await Promise.race([greeted, broken])).toBe("guest");
      } finally {
        await context.close();
      }
    }
  });
}

function startServer(folder: string): Promise<ServerType> {
  const auth = createAuthServer({ store: memoryStore(), accessTokenSecret: "for tests only, and 32 bytes long" });
  const server = new Hono();
  server.route("/", auth.app);
  server.get("/api/hello", requireUser(auth), (context) =>
    context.json({ hello: context.var.user.isGuest ? "guest" : "user" }),
  );
  server.use("/*", serveStatic({ root: folder }));
  return new Promise((resolve) => {
    const listening = serve({ fetch: server.fetch, port: 0, hostname: "localhost" }, () => resolve(listening));
  });
}

/** Resolves to the warnings. */
function buildByWebpack(folder: string): Promise<string[]> {
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: "./main.js",
    output: { path: join(folder, "webpack"), filename: "main.js" },
    performance: false,
    // Terser takes longer than all the rest.
    optimization: { minimize: false },
  });
  return new Promise((resolve, reject) => {
    compiler?.run((error, stats) => {
      const { errors = [], warnings = [] } = stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
      if (error !== null || errors.length > 0) reject(error ?? new Error(errors[0]?.message));
      else compiler.close(() => resolve(warnings.map(({ message }) => message)));
    });
  });
}
