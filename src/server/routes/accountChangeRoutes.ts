import type { Context, Hono } from "hono";
import type { AuthServerContext } from "../authServerContext.ts";
import { PASSWORD_PROOF } from "../beginSession.ts";
import { confirmIdentity } from "../confirmIdentity.ts";
import { findSessionsInCookie } from "../presentedSessions.ts";
import { readJson } from "../readRequest.ts";
import type { HonoEnvironment, RequestFacts } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { type LiveSession, requireLiveSession } from "../requireLiveSession.ts";
import { readProvedKey } from "../sessionBinding.ts";
import { type ChosenTransport, chooseTransport, startSession } from "../startSession.ts";
import { makeTokens, setCookie } from "../tokenAnswer.ts";
import { accountChangeRequest, accountDeletionRequest } from "../wireSchemas.ts";
import { refuseBadPassword, userBody } from "./accountRoutes.ts";

/** `PATCH` and `DELETE /users/me`: each by the account's password, since an access token alone must lead to neither. */
export function addAccountChangeRoutes(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  app.patch("/users/me", async (context) => {
    const facts = server.facts(context);
    const session = await requireLiveSession(server, facts);
    const body = await readJson(context, accountChangeRequest);
    // Before anything changes: an answer that cannot hand over the new session would sign its owner out.
    const chosen = body.password === undefined ? null : chooseTransport(server, facts);
    await confirmOwner(server, facts, session, body.current_password);
    if (body.password !== undefined) {
      await refuseBadPassword(server, body.password, session.subject.email, "UPDATE_USER_INVALID_PASSWORD");
    }
    if (body.email !== undefined) await changeEmail(server, facts, session, body.email);
    if (chosen !== null && body.password !== undefined) {
      return changePassword(server, context, facts, { session, chosen, password: body.password });
    }
    return context.json(userBody((await requireLiveSession(server, facts)).subject));
  });

  app.delete("/users/me", async (context) => {
    const facts = server.facts(context);
    const session = await requireLiveSession(server, facts);
    const { subject, record } = session;
    const body = await readJson(context, accountDeletionRequest);
    await confirmOwner(server, facts, session, body.current_password);
    const ended = await server.store.deleteSubject(subject.id);
    server.audit("accountDeleted", facts, { subject: subject.id, sessionId: record.session.id });
    server.announceEnd(ended, "deleted", facts);
    const profile = server.judgeOrigin(facts) === "allowed" ? server.cookieProfile(facts) : null;
    if (profile !== null) setCookie(context, facts, profile.clear(profile.nameFor(record.session.id)));
    return context.body(null, 204);
  });
}

/** @throws RequestRefusedError 403 `GUEST`, `REAUTHENTICATION_REQUIRED`, 400 `CURRENT_PASSWORD_INVALID`. */
async function confirmOwner(
  server: AuthServerContext,
  facts: RequestFacts,
  session: LiveSession,
  currentPassword: string | null | undefined,
): Promise<void> {
  if (session.subject.isGuest) throw new RequestRefusedError(403, "GUEST");
  const wrongPassword = new RequestRefusedError(400, "CURRENT_PASSWORD_INVALID");
  await confirmIdentity(server, facts, session, currentPassword ?? null, wrongPassword);
}

/** Sessions go on: whoever knows the password is who they were. */
async function changeEmail(
  server: AuthServerContext,
  facts: RequestFacts,
  { subject, record }: LiveSession,
  email: string,
): Promise<void> {
  if (email === subject.email) return;
  const changed = await server.store.changeEmail(subject.id, subject.credentialVersion, email);
  const fields = { subject: subject.id, sessionId: record.session.id };
  if (changed !== null) return server.audit("emailChanged", facts, fields);
  const now = await server.store.findSubject(subject.id);
  if (now?.credentialVersion !== subject.credentialVersion) throw new RequestRefusedError(401, "Unauthorized");
  throw new RequestRefusedError(400, "UPDATE_USER_EMAIL_ALREADY_EXISTS");
}

interface PasswordChange {
  readonly session: LiveSession;
  readonly chosen: ChosenTransport;
  readonly password: string;
}

/** Ends every session of the subject, and answers with a new one. */
async function changePassword(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  { session: { subject, record }, chosen: { transport, profile }, password }: PasswordChange,
): Promise<Response> {
  // The session that comes of it is this client's, too, and stays bound to its key.
  const boundKey = (await readProvedKey(server, context, facts)) ?? record.session.boundKey;
  const presented = profile === null ? [] : await findSessionsInCookie(server, profile, facts.cookie);
  const passwordHash = await server.passwords.hash(password, subject.id);
  const changed = await server.store.changePassword(subject.id, subject.credentialVersion, passwordHash);
  // Somebody else changed it in the same moment: this session is over.
  if (changed === null) throw new RequestRefusedError(401, "Unauthorized");
  server.audit("passwordChanged", facts, { subject: subject.id, sessionId: record.session.id });
  server.announceEnd(changed.endedSessions, "passwordChanged", facts);
  const started = await startSession(server, facts, {
    subject: changed.subject,
    transport,
    presented,
    numberAbove: record.session.number,
    authenticated: true,
    ...PASSWORD_PROOF,
    persistent: record.session.persistent,
    boundKey,
  });
  if (started === null) throw new RequestRefusedError(401, "Unauthorized");
  return context.json({
    ...userBody(changed.subject),
    ...(await makeTokens(server, context, facts, started, profile)),
  });
}
