import type { Hono } from "hono";
import { AccessTokenError } from "../accessTokenError.ts";
import type { AuthServerContext } from "../authServerContext.ts";
import { signOut } from "../endSessions.ts";
import { findPresentedSessions } from "../presentedSessions.ts";
import { readForm } from "../readRequest.ts";
import type { HonoEnvironment } from "../requestFacts.ts";
import { originNotAllowed } from "../startSession.ts";
import { revokeRequest } from "../wireSchemas.ts";

/** `POST /revoke` (RFC 7009): ends the session of a token, for programs that know OAuth 2.0 and not this protocol. */
export function addRevokeRoute(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  app.post("/revoke", async (context) => {
    const facts = server.facts(context);
    if (server.mayComeFromPage(facts)) {
      throw originNotAllowed("This is for programs: no Origin, Sec-Fetch-Site or Cookie may come with it.");
    }
    const { token } = await readForm(context, revokeRequest);
    if (token === undefined || token === "") return context.json({ error: "invalid_request" }, 400);
    // §2.1: the hint may be wrong, so both kinds are tried whatever it says.
    const presented = await findPresentedSessions(server, [token], "body");
    const ofAccessToken = await sessionOfAccessToken(token);
    const ids = [
      ...presented.map(({ record }) => record.session.id),
      ...(ofAccessToken === null ? [] : [ofAccessToken]),
    ];
    await signOut(server, facts, ids);
    // §2.2: 200 also for a token that was never good, since there is nothing that the client could do about it.
    return context.body(null, 200);
  });

  /** As for a sign-out, an expired one will do. */
  async function sessionOfAccessToken(token: string): Promise<string | null> {
    try {
      return (await server.accessTokens.verify(token, { expiredWillDo: true })).sessionId;
    } catch (error) {
      if (error instanceof AccessTokenError) return null;
      throw error;
    }
  }
}
