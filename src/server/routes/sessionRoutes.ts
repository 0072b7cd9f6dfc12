import type { Context, Hono } from "hono";
import { AccessTokenError } from "../accessTokenError.ts";
import { type AuthServerContext, limited } from "../authServerContext.ts";
import { beginSession, PASSWORD_PROOF, type SignIn } from "../beginSession.ts";
import { checkCredentials } from "../checkCredentials.ts";
import { endSessions, signOut } from "../endSessions.ts";
import {
  findPresentedSessions,
  findSessionsInCookie,
  formerCookiesOf,
  type PresentedSession,
  presentedWith,
} from "../presentedSessions.ts";
import { readForm, readJson } from "../readRequest.ts";
import type { CookieProfile } from "../cookieProfile.ts";
import { refreshSession } from "../refreshSession.ts";
import type { HonoEnvironment, RequestFacts } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { answerWithChallenge, challengeFor, newStep } from "../secondFactor.ts";
import { isBoundTo, readBindingKey, readProvedKey } from "../sessionBinding.ts";
import { createSessionId, isSessionId } from "../sessionId.ts";
import { sessionStatus } from "../sessionStatus.ts";
import { allowedProfile, chooseTransport, originNotAllowed } from "../startSession.ts";
import { makeTokens, setCookie } from "../tokenAnswer.ts";
import { withoutBody } from "../withoutBody.ts";
import { addressKey } from "../networkAddress.ts";
import { loginRequest, logoutRequest, refreshRequest } from "../wireSchemas.ts";

/** `POST /jwt/login`, `/guest`, `/jwt/refresh`, `/jwt/logout`. */
export function addSessionRoutes(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  app.post("/jwt/login", async (context) => {
    const facts = server.facts(context);
    const chosen = chooseTransport(server, facts);
    const { username, password, persistent } = await readForm(context, loginRequest);
    const boundKey = await readBindingKey(server, context, facts, chosen);
    const presented = await presentedWith(server, facts, chosen);
    const { subject, isNewDevice } = await checkCredentials(server, facts, { username, password, presented });
    const step = newStep(PASSWORD_PROOF.amr);
    const challenge = await challengeFor(server, context, subject, step);
    if (challenge !== null) {
      const { id: subjectId, credentialVersion } = subject;
      const { transport } = chosen;
      const pending = { subjectId, credentialVersion, transport, persistent, boundKey, ...PASSWORD_PROOF };
      return answerWithChallenge(server, context, facts, pending, { id: step.id, challenge });
    }
    const request = withoutBody(context);
    const signIn = { subject, request, isNewDevice, chosen, presented, boundKey, ...PASSWORD_PROOF, persistent };
    return answerSignIn(server, context, facts, signIn);
  });

  app.post("/guest", async (context) => {
    const facts = server.facts(context);
    if (!server.options.guests) throw new RequestRefusedError(403, "GUESTS_DISABLED");
    const chosen = chooseTransport(server, facts);
    const presented = await presentedWith(server, facts, chosen);
    if (presented.some(({ record }) => sessionStatus(record) === "live" && record.subject?.isGuest === false)) {
      throw new RequestRefusedError(409, "SESSION_EXISTS");
    }
    const boundKey = await readBindingKey(server, context, facts, chosen);
    await limited(server, facts, server.rateLimits.count("guest", addressKey(facts.address)));
    const guest = { id: createSessionId(), email: null, passwordHash: null, isVerified: false, isGuest: true };
    const subject = await server.store.addSubject(guest);
    if (subject === null) throw new Error("A guest without an address cannot be taken already.");
    const request = withoutBody(context);
    const proof = { request, isNewDevice: false, method: null, amr: [], persistent: true };
    return answerSignIn(server, context, facts, { subject, ...proof, chosen, presented, boundKey });
  });

  app.post("/jwt/refresh", async (context) => {
    const facts = server.facts(context);
    const body = await readJson(context, refreshRequest);
    const found = await findRefreshed(server, facts, body.refresh_token ?? null);
    if (found === null) return answerMissing(context);
    const { profile, presented } = found;
    const [chosen, ...others] = presented;
    if (chosen === undefined) throw new RequestRefusedError(401, "REFRESH_TOKEN_INVALID");
    const { session } = chosen.record;
    const sessionId = session.id;
    const provedKey = await readProvedKey(server, context, facts);
    if (!isBoundTo(server, session, provedKey)) {
      server.audit("proofRefused", facts, { subject: session.subjectId, sessionId, keyId: chosen.token.keyId });
      throw new RequestRefusedError(401, "REFRESH_TOKEN_PROOF_INVALID");
    }
    await limited(server, facts, server.rateLimits.count("refresh", sessionId));
    const outcome = await refreshSession(server, facts, chosen);
    if (outcome.kind === "refused") throw new RequestRefusedError(401, outcome.code);
    if (profile !== null) {
      const otherIds = others.map(({ record }) => record.session.id);
      await endSessions(server, facts, otherIds, "replaced");
      // Without a new refresh token the client goes on with the cookie that it presented, whatever its form.
      const moved = outcome.kind === "refreshed" ? [sessionId, ...otherIds] : otherIds;
      clearOthers(context, facts, profile, sessionId, moved);
    }
    const withRefreshToken = outcome.kind === "refreshed";
    return context.json(await makeTokens(server, context, facts, outcome.record, profile, { withRefreshToken }));
  });

  app.post("/jwt/logout", async (context) => {
    const facts = server.facts(context);
    const { refresh_token: refreshToken, session_id: named } = await readJson(context, logoutRequest);
    if (typeof refreshToken === "string") refuseBodyFromPage(server, facts);
    const profile = server.judgeOrigin(facts) === "bodyOnly" ? null : allowedProfile(server, facts);
    const presented =
      typeof refreshToken === "string"
        ? await findPresentedSessions(server, [refreshToken], "body")
        : profile === null
          ? []
          : await findSessionsInCookie(server, profile, facts.cookie);
    const bearerSessionId = await sessionOfBearer(server, facts);
    const proven = new Set(presented.map(({ record }) => record.session.id));
    if (bearerSessionId !== null) proven.add(bearerSessionId);
    // Tabs that sign in at once know of one session each, and the last of them is what the browser goes on with; whoever leaves
    // it does not mean to find an earlier one.
    const { number = 0 } = presented.find(({ record }) => record.session.id === named)?.record.session ?? {};
    const earlier = presented.filter(({ record }) => record.session.number < number);
    const ended = new Set([named, ...earlier.map(({ record }) => record.session.id)]);
    const meant = named == null ? [...proven] : [...proven].filter((id) => ended.has(id));
    await signOut(server, facts, meant);
    if (profile !== null) {
      const names = new Set(meant.map((id) => profile.nameFor(id)));
      if (named != null && isSessionId(named)) names.add(profile.nameFor(named));
      if (named == null) for (const { name } of profile.read(facts.cookie)) names.add(name);
      for (const name of names) setCookie(context, facts, profile.clear(name));
      clearFormer(context, facts, profile, meant);
    }
    // Who knows of no session can tell nobody which one it was.
    const latest = named == null ? presented[0]?.record.session : undefined;
    if (latest !== undefined) context.header("Session-Ended", `${latest.number} ${latest.id}`);
    return context.body(null, 204);
  });
}

async function answerSignIn(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  signIn: SignIn,
): Promise<Response> {
  const record = await beginSession(server, facts, signIn);
  return context.json(await makeTokens(server, context, facts, record, signIn.chosen.profile));
}

/** Browsers print every 401 in red on the console: a page that only asks whether somebody is signed in says `optional=1`. */
function answerMissing(context: Context<HonoEnvironment>): Response {
  const code = "REFRESH_TOKEN_MISSING";
  if (context.req.query("optional") !== "1") throw new RequestRefusedError(401, code);
  return context.json({ access_token: null, detail: code });
}

/** Null for a request that carries no refresh token. @throws RequestRefusedError for one that it must not. */
async function findRefreshed(
  server: AuthServerContext,
  facts: RequestFacts,
  bodyToken: string | null,
): Promise<{ readonly profile: CookieProfile | null; readonly presented: readonly PresentedSession[] } | null> {
  if (bodyToken !== null) {
    refuseBodyFromPage(server, facts);
    return { profile: null, presented: await findPresentedSessions(server, [bodyToken], "body") };
  }
  if (server.judgeOrigin(facts) === "bodyOnly") return null;
  const profile = allowedProfile(server, facts);
  const presented = await findSessionsInCookie(server, profile, facts.cookie);
  return presented.length === 0 && profile.read(facts.cookie).length === 0 ? null : { profile, presented };
}

function refuseBodyFromPage(server: AuthServerContext, facts: RequestFacts): void {
  if (!server.mayComeFromPage(facts)) return;
  throw originNotAllowed(
    "A refresh token in a body is for programs: no Origin, Sec-Fetch-Site or Cookie may come with it.",
  );
}

function clearOthers(
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  profile: CookieProfile,
  sessionId: string,
  moved: readonly string[],
): void {
  const own = profile.nameFor(sessionId);
  const names = new Set(profile.read(facts.cookie).map(({ name }) => name));
  for (const name of names) if (name !== own) setCookie(context, facts, profile.clear(name));
  clearFormer(context, facts, profile, moved);
}

function clearFormer(
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  profile: CookieProfile,
  sessionIds: readonly string[],
): void {
  for (const name of formerCookiesOf(profile, facts.cookie, sessionIds)) {
    for (const header of profile.clearFormer(name)) setCookie(context, facts, header);
  }
}

/** The session of the bearer token, also of one that has expired; null for a token that was never one of ours. */
async function sessionOfBearer(server: AuthServerContext, { bearer }: RequestFacts): Promise<string | null> {
  if (bearer === undefined) return null;
  try {
    return (await server.accessTokens.verify(bearer, { expiredWillDo: true })).sessionId;
  } catch (error) {
    if (error instanceof AccessTokenError) return null;
    throw error;
  }
}
