import type { VerifiedAccessToken } from "./accessTokens.ts";
import { AccessTokenError } from "./accessTokenError.ts";
import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord, Subject } from "./authStore.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { sessionStatus } from "./sessionStatus.ts";

export interface LiveSession {
  readonly token: VerifiedAccessToken;
  readonly record: SessionRecord;
  readonly subject: Subject;
}

/** RFC 6750 §3: with an error only if a token came. */
export function unauthorized(tokenCame: boolean): RequestRefusedError {
  const challenge = tokenCame ? 'Bearer error="invalid_token"' : "Bearer";
  return new RequestRefusedError(401, "Unauthorized", { headers: { "WWW-Authenticate": challenge } });
}

/** The session of the request's access token, whose row is looked at. @throws RequestRefusedError 401. */
export async function requireLiveSession(context: AuthServerContext, facts: RequestFacts): Promise<LiveSession> {
  if (facts.bearer === undefined) throw unauthorized(false);
  const token = await context.accessTokens.verify(facts.bearer).catch((error: unknown) => {
    throw error instanceof AccessTokenError ? unauthorized(true) : error;
  });
  const record = await findLiveRecord(context, token);
  if (record?.subject == null) throw unauthorized(true);
  return { token, record, subject: record.subject };
}

/** Null when the session of a good token is over. */
export async function findLiveRecord(
  { store }: AuthServerContext,
  { sessionId, subject }: VerifiedAccessToken,
): Promise<SessionRecord | null> {
  if (sessionId === null) return null;
  const [record] = await store.readSessions([sessionId]);
  return record !== undefined && sessionStatus(record) === "live" && record.session.subjectId === subject
    ? record
    : null;
}
