import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { secureHeaders } from "hono/secure-headers";
import { Server } from "socket.io";
import { authorizeSocketServer, createAuthServer, postgresStore, sqliteStore } from "stay-signed-in/server";
import { refuseBreachedPasswords } from "./server/breachedPasswords.ts";
import { createNoticeLog } from "./server/createNoticeLog.ts";
import { createNotesStore } from "./server/createNotesStore.ts";
import { findFreePort } from "./server/findFreePort.ts";
import { keepSecret } from "./server/keepSecret.ts";
import { notesRoutes } from "./server/notesRoutes.ts";

// This file runs as dist/server/server.js, and while developing as it is.
const here = import.meta.dirname;
const root = here.endsWith(join("dist", "server")) ? join(here, "..", "..") : here;
const page = join(root, "dist", "page");
const data = process.env["DATA_FOLDER"] ?? join(root, ".data");
mkdirSync(data, { recursive: true, mode: 0o700 });

const hostname = process.env["HOST"] ?? "localhost";
const port = await findFreePort(Number(process.env["PORT"] ?? 3000), hostname);
const publicUrl = process.env["PUBLIC_URL"] ?? `http://localhost:${port}`;

const databaseUrl = process.env["DATABASE_URL"];

const notices = createNoticeLog();
const auth = createAuthServer({
  store:
    databaseUrl === undefined
      ? sqliteStore({ path: join(data, "auth.sqlite") })
      : postgresStore({ connectionString: databaseUrl }),
  accessTokenSecret: keepSecret(join(data, "secret")),
  publicUrl,
  // So short that you can watch it being renewed. The default is 15 minutes.
  accessTokenLifetimeSeconds: 20,
  // SESSION_SECONDS=60 shows within a minute what happens when a session is really over. The default is 90 days.
  sessionLifetimeSeconds: Number(process.env["SESSION_SECONDS"] ?? 90 * 24 * 3600),
  // REFUSE_BREACHED=1 asks a public service, by a part of the hash, whether a new password was ever stolen.
  ...(process.env["REFUSE_BREACHED"] === "1" && { checkPassword: refuseBreachedPasswords() }),
  // For clients that prove a key; a command line may leave it out.
  sessionBinding: "optional",
  onAccountNotice: (notice) => notices.add(notice),
  onError: (error) => console.error(error),
});
const notes = createNotesStore(join(data, "notes.sqlite"));

// Every browser of a person is in a room of theirs, for as long as the session that it came with lives.
const io = new Server();
authorizeSocketServer(io, auth);
io.on("connection", (socket) => socket.join(socket.data.user.subject));

const app = new Hono();
const index = join(page, "index.html");
app.use(
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
      styleSrc: ["'self'", ...(existsSync(index) ? hashStyles(readFileSync(index, "utf8")) : [])],
      objectSrc: ["'none'"],
    },
    xFrameOptions: "DENY",
    strictTransportSecurity: publicUrl.startsWith("https:"),
  }),
);
app.route("/", auth.app);
app.route(
  "/api/notes",
  notesRoutes(auth, notes, (subject) => io.to(subject).emit("notesChanged")),
);
app.route("/api/notices", notices.routes(auth));
// Only what is the same for everybody: compressed beside what a stranger can choose, a secret shows in the length.
for (const path of ["/", "/device", "/assets/*"]) app.use(path, compress());
app.use(
  "/assets/*",
  serveStatic({
    root: page,
    onFound: (_path, context) => context.header("Cache-Control", "public, max-age=31536000, immutable"),
  }),
);
app.get("/favicon.svg", serveStatic({ root: page }));
for (const path of ["/", "/device"]) {
  app.get(
    path,
    serveStatic({
      root: page,
      path: "index.html",
      onFound: (_path, context) => context.header("Cache-Control", "no-cache"),
    }),
  );
}

/** The style that is built into the page, and no other, is allowed in it. */
function hashStyles(html: string): string[] {
  const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style = ""]) => style);
  return styles.map((style) => `'sha256-${createHash("sha256").update(style).digest("base64")}'`);
}

const server = serve({ fetch: app.fetch, port, hostname }, () => console.log(publicUrl));
io.attach(server as HttpServer);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void io.close();
    server.close();
    void auth.close().then(() => {
      notes.close();
      process.exit();
    });
  });
}
