import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { type AuthServerEnvironment, createAuthServer, memoryStore, requireUser } from "stay-signed-in/server";
import { startDemoProvider } from "./server/demoProvider.ts";
import { emailCodeRoutes } from "./server/emailCodes.ts";
import { passkeyRoutes } from "./server/passkeys.ts";
import { socialRoutes } from "./server/social.ts";
import { createTotp } from "./server/totp.ts";

const port = Number(process.env["PORT"] ?? 3000);
const publicUrl = process.env["PUBLIC_URL"] ?? `http://localhost:${port}`;
const totp = createTotp();
const auth = createAuthServer({
  // Everything is gone when the process ends: an example to look at.
  store: memoryStore(),
  accessTokenSecret: randomBytes(32),
  publicUrl,
  secondFactor: totp.secondFactor,
  onAuditEvent: ({ type, method }) => console.log(`audit: ${type}${method ? ` by ${method}` : ""}`),
});
const issuer = process.env["OIDC_ISSUER"];
const provider =
  issuer === undefined
    ? await startDemoProvider(publicUrl)
    : { issuer, clientId: process.env["OIDC_CLIENT_ID"] ?? "ways-in" };

const app = new Hono<{ Bindings: AuthServerEnvironment }>();
app.route("/", auth.app);
app.route("/passkeys", passkeyRoutes(auth, publicUrl));
app.route("/totp", totp.routes(auth));
app.route("/sign-in/social", socialRoutes(auth, publicUrl, provider));
app.route(
  "/sign-in/code",
  emailCodeRoutes(auth, publicUrl, ({ to, text }) => console.log(`mail to ${to}: ${text}`)),
);
app.get("/secret", requireUser(auth, { amr: ["mfa"] }), (context) =>
  context.json({ secret: "Two factors have seen this." }),
);
app.get("*", serveStatic({ root: join(import.meta.dirname, "..", "page") }));

serve({ fetch: app.fetch, port, hostname: "localhost" }, () => console.log(`Open ${publicUrl}`));
