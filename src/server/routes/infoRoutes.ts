import type { Hono } from "hono";
import type { AuthServerContext } from "../authServerContext.ts";
import { openApiDocument } from "../openApiDocument.ts";
import type { HonoEnvironment } from "../requestFacts.ts";

const NO_SESSION = "AAAAAAAAAAAAAAAAAAAAAA";

/** `GET /health`, `/openapi.json`, `/.well-known/jwks.json`. */
export function addInfoRoutes(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  app.get("/health", async (context) => {
    // A question that takes the same way as every refresh; a store that fails makes it 503.
    await server.store.readSessions([NO_SESSION]);
    return context.json({ status: "ok" });
  });

  app.get("/openapi.json", (context) => context.json(openApiDocument({ prefix: server.options.prefix })));

  app.get("/.well-known/jwks.json", async (context) => {
    context.header("Cache-Control", "public, max-age=300");
    return context.json({ keys: await server.options.keyRing.publicKeys(server.store.clock()) });
  });
}
