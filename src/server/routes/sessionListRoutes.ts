import type { Hono } from "hono";
import type { AuthServerContext } from "../authServerContext.ts";
import { coarseTimes } from "../coarseTimes.ts";
import { displayText } from "../displayText.ts";
import { endSessions } from "../endSessions.ts";
import { idleMsOf } from "../idleLifetime.ts";
import type { HonoEnvironment } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { requireLiveSession } from "../requireLiveSession.ts";
import { isSessionId } from "../sessionId.ts";
import { sessionStatus } from "../sessionStatus.ts";
import { setCookie } from "../tokenAnswer.ts";

/** `GET /sessions`, `DELETE /sessions`, `DELETE /sessions/{id}`. */
export function addSessionListRoutes(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  const { store } = server;

  app.get("/sessions", async (context) => {
    const { subject, record: own } = await requireLiveSession(server, server.facts(context));
    const live = (await store.listSessions(subject.id)).filter((record) => sessionStatus(record) === "live");
    return context.json(
      live
        .map(({ session }) => session)
        .toSorted((a, b) => b.number - a.number)
        .map((session) => ({ session, times: coarseTimes(session, idleMsOf(server.options, session.persistent)) }))
        .map(({ session, times }) => ({
          id: session.id,
          created_at: new Date(session.createdAt).toISOString(),
          last_refreshed_at: new Date(times.lastRefreshedAt).toISOString(),
          expires_at: new Date(times.expiresAt).toISOString(),
          user_agent: session.userAgent && displayText(session.userAgent),
          method: session.method && displayText(session.method),
          client_name: session.clientName && displayText(session.clientName),
          bound: session.boundKey !== null,
          current: session.id === own.session.id,
        })),
    );
  });

  app.delete("/sessions", async (context) => {
    const facts = server.facts(context);
    const { subject, record } = await requireLiveSession(server, facts);
    const ended = await store.endSessionsOfSubject(subject.id, record.session.id, "revoked");
    server.announceEnd(ended, "revoked", facts);
    return context.body(null, 204);
  });

  app.delete("/sessions/:id", async (context) => {
    const facts = server.facts(context);
    const { subject } = await requireLiveSession(server, facts);
    const id = context.req.param("id");
    const [record] = isSessionId(id) ? await store.readSessions([id]) : [];
    // The same answer for a stranger's session as for none: nobody learns which ids there are.
    if (record === undefined || record.session.subjectId !== subject.id || sessionStatus(record) !== "live") {
      throw new RequestRefusedError(404, "Not Found");
    }
    await endSessions(server, facts, [id], "revoked");
    // Where this browser has it, the next refresh is to be that of the session which it goes on with.
    const profile = server.judgeOrigin(facts) === "allowed" ? server.cookieProfile(facts) : null;
    if (profile !== null) setCookie(context, facts, profile.clear(profile.nameFor(id)));
    return context.body(null, 204);
  });
}
