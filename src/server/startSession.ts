import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord, Subject, Transport } from "./authStore.ts";
import { encodeBase64url, randomBytes } from "./encoding.ts";
import { idleMsOf } from "./idleLifetime.ts";
import type { PresentedSession } from "./presentedSessions.ts";
import type { CookieProfile } from "./cookieProfile.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { requireKeyForSession } from "./sessionBinding.ts";
import { createSessionId } from "./sessionId.ts";
import { sessionStatus } from "./sessionStatus.ts";

/** How the answer to a sign-in hands over its refresh token. */
export type ChosenTransport =
  | { readonly transport: "cookie"; readonly profile: CookieProfile }
  | { readonly transport: "body" | "none"; readonly profile: null };

export function originNotAllowed(reason: string): RequestRefusedError {
  return new RequestRefusedError(403, "ORIGIN_NOT_ALLOWED", { reason });
}

/**
 * @throws RequestRefusedError 403 where a page could get a refresh token that its scripts can read, or a stranger one
 * at all.
 */
export function chooseTransport(context: AuthServerContext, facts: RequestFacts): ChosenTransport {
  if (facts.wantsBodyTransport) {
    if (context.mayComeFromPage(facts)) {
      throw originNotAllowed(
        "The body transport is for programs: no Origin, Sec-Fetch-Site or Cookie may come with it.",
      );
    }
    return { transport: "body", profile: null };
  }
  const verdict = context.judgeOrigin(facts);
  if (verdict === "bodyOnly") return { transport: "none", profile: null };
  return { transport: "cookie", profile: allowedProfile(context, facts) };
}

/** @throws RequestRefusedError 403 unless this request may read and set the cookie. */
export function allowedProfile(context: AuthServerContext, facts: RequestFacts): CookieProfile {
  if (context.judgeOrigin(facts) !== "allowed") {
    throw originNotAllowed("This origin is neither the server's own nor one of its `allowedOrigins`.");
  }
  return requireProfile(context, facts);
}

/** @throws RequestRefusedError 403 where no cookie may travel. */
export function requireProfile(context: AuthServerContext, facts: RequestFacts): CookieProfile {
  const profile = context.cookieProfile(facts);
  if (profile === null) throw originNotAllowed("Cookies need https here: set `publicUrl`, or open http://localhost.");
  return profile;
}

export interface SessionStart {
  readonly subject: Subject;
  readonly transport: Transport;
  /** What came with the sign-in; the new session's number is greater, and it replaces those that live. */
  readonly presented: readonly PresentedSession[];
  /** Whether somebody has proved for it who they are. */
  readonly authenticated: boolean;
  readonly method: string | null;
  readonly amr: readonly string[];
  readonly persistent: boolean;
  /** Another session number that this one's must exceed. */
  readonly numberAbove?: number | undefined;
  readonly clientName?: string | undefined;
  /** The key that the request has proved; null for none. */
  readonly boundKey: string | null;
  readonly sessionId?: string | undefined;
}

/** Makes a session; null when its subject changed meanwhile (its password, or being active). */
export async function startSession(
  server: AuthServerContext,
  facts: RequestFacts,
  {
    subject,
    transport,
    presented,
    authenticated,
    method,
    amr,
    persistent,
    numberAbove = 0,
    clientName,
    boundKey,
    sessionId = createSessionId(),
  }: SessionStart,
): Promise<SessionRecord | null> {
  const { store, options } = server;
  // Without a refresh token there is nothing to bind.
  if (transport !== "none") requireKeyForSession(server, boundKey);
  const absoluteMs = transport === "none" ? options.accessTokenLifetimeSeconds * 1000 : options.absoluteMs;
  return store.addSession({
    id: sessionId,
    secret: encodeBase64url(randomBytes(32)),
    subjectId: subject.id,
    credentialVersion: subject.credentialVersion,
    transport,
    idleMs: Math.min(idleMsOf(options, persistent), absoluteMs),
    absoluteMs,
    numberAbove: Math.max(numberAbove, ...presented.map(({ record }) => record.session.number)),
    replaces: presented.filter(({ record }) => sessionStatus(record) === "live").map(({ record }) => record.session.id),
    authenticated,
    method,
    amr,
    persistent,
    boundKey,
    userAgent: facts.userAgent,
    clientName: clientName ?? null,
  });
}
