import type { Context, Hono } from "hono";
import { type AuthServerContext, limited } from "../authServerContext.ts";
import type { Subject } from "../authStore.ts";
import { rememberClient } from "../familiarClients.ts";
import { guestOf } from "../guestOf.ts";
import { findSessionsInCookie } from "../presentedSessions.ts";
import { readJson } from "../readRequest.ts";
import type { HonoEnvironment, RequestFacts } from "../requestFacts.ts";
import { RequestRefusedError } from "../requestRefusedError.ts";
import { requireLiveSession } from "../requireLiveSession.ts";
import { readProvedKey } from "../sessionBinding.ts";
import { createSessionId } from "../sessionId.ts";
import { addressKey } from "../networkAddress.ts";
import { registerRequest } from "../wireSchemas.ts";

/** `POST /register`, `GET /users/me`. */
export function addAccountRoutes(app: Hono<HonoEnvironment>, server: AuthServerContext): void {
  app.post("/register", async (context) => {
    const facts = server.facts(context);
    const { email, password } = await readJson(context, registerRequest);
    await limited(server, facts, server.rateLimits.count("register", addressKey(facts.address)));
    const guest = await findGuest(server, context, facts);
    await refuseBadPassword(server, password, email, "REGISTER_INVALID_PASSWORD");
    const passwordHash = await server.passwords.hash(password, addressKey(facts.address));
    const account = { email, passwordHash, isVerified: false };
    const upgraded = guest && (await server.store.upgradeGuest(guest.id, account));
    const subject = upgraded ?? (await server.store.addSubject({ id: createSessionId(), ...account, isGuest: false }));
    if (subject === null) throw new RequestRefusedError(400, "REGISTER_USER_ALREADY_EXISTS");
    server.audit("registered", facts, { subject: subject.id });
    if (upgraded !== null) server.audit("guestUpgraded", facts, { subject: subject.id });
    await rememberClient(server, facts, subject.id);
    return context.json(userBody(subject), 201);
  });

  app.get("/users/me", async (context) => {
    const { subject } = await requireLiveSession(server, server.facts(context));
    return context.json(userBody(subject));
  });
}

export function userBody(subject: Subject) {
  return {
    id: subject.id,
    email: subject.email,
    is_active: subject.isActive,
    is_superuser: subject.isSuperuser,
    is_verified: subject.isVerified,
    is_guest: subject.isGuest,
  };
}

/** The guest whose browser asks, where guests may become accounts; by the refresh cookie alone, never by an access token. */
async function findGuest(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
): Promise<Subject | null> {
  if (!server.options.upgradeGuest || server.judgeOrigin(facts) !== "allowed") return null;
  const profile = server.cookieProfile(facts);
  if (profile === null) return null;
  // Of several sessions the latest is who the browser is.
  const [latest] = await findSessionsInCookie(server, profile, facts.cookie);
  return latest === undefined ? null : guestOf(latest, await readProvedKey(server, context, facts));
}

/** @throws RequestRefusedError 400 with `code` and the reason. */
export async function refuseBadPassword(
  { passwordPolicy }: AuthServerContext,
  password: string,
  email: string | null,
  code: string,
): Promise<void> {
  const reason = await passwordPolicy.objection(password, { email });
  if (reason !== null) throw new RequestRefusedError(400, { code, reason });
}
