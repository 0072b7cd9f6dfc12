import type { Hono } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import type { AuthServerContext } from "../authServerContext.ts";
import { peekSession } from "../peekSession.ts";
import type { HonoEnvironment } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { originNotAllowed } from "../startSession.ts";

/** `POST /jwt/peek`, for servers that render pages; without the option `peekKey` there is no such endpoint. */
export function addPeekRoute(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  const { peekKeys } = server.options;
  if (peekKeys.length === 0) return;
  app.post("/jwt/peek", async (context) => {
    const facts = server.facts(context);
    if (facts.origin !== undefined || facts.secFetchSite !== undefined) {
      throw originNotAllowed("This is for servers: send the visitor's Cookie, but no Origin and no Sec-Fetch-Site.");
    }
    const matches = await Promise.all(peekKeys.map((key) => timingSafeEqual(key, facts.bearer ?? "")));
    if (!matches.includes(true)) {
      throw new RequestRefusedError(401, "PEEK_KEY_INVALID", { headers: { "WWW-Authenticate": "Bearer" } });
    }
    return context.json(await peekSession(server, facts));
  });
}
