import { type AuthServerContext, limited } from "./authServerContext.ts";
import { findSessionsInCookie, isOwnersToken } from "./presentedSessions.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import type { LiveSession } from "./requireLiveSession.ts";

/**
 * What an access token alone never allows, since a thief has one as well (RFC 9700 §4.14.2 leads from it to nothing
 * that lasts): needs the password with the request whenever the account has one. For an account without one it needs
 * a sign-in at most `freshSignInSeconds` ago, which no refresh renews, and that session's own refresh cookie.
 * @throws RequestRefusedError 403 `REAUTHENTICATION_REQUIRED`, or `wrongPassword` for a password that does not match.
 */
export async function confirmIdentity(
  server: AuthServerContext,
  facts: RequestFacts,
  session: LiveSession,
  password: string | null,
  wrongPassword: RequestRefusedError,
): Promise<void> {
  const { subject } = session;
  if (subject.passwordHash === null) {
    if (isFresh(server, session) && (await carriesItsCookie(server, facts, session))) return;
    throw reauthenticationRequired("Sign in anew: this account has no password that could come with the request.");
  }
  if (password === null) throw reauthenticationRequired("The account's password must come with this request.");
  // By the session as well: who got hold of one must not use up what its owner needs in another.
  const counted = `${subject.id} ${session.record.session.id}`;
  await limited(server, facts, server.rateLimits.count("password", counted));
  if (!(await server.passwords.matches(subject.passwordHash, password, subject.id))) throw wrongPassword;
  await server.rateLimits.clear("password", counted);
}

export function reauthenticationRequired(reason: string): RequestRefusedError {
  return new RequestRefusedError(403, "REAUTHENTICATION_REQUIRED", { reason });
}

function isFresh(server: AuthServerContext, { record: { session, now } }: LiveSession): boolean {
  // Guests and sessions that came by a device code have authenticated nobody, however young they are.
  return session.authenticatedAt > 0 && now - session.authenticatedAt < server.options.freshSignInMs;
}

async function carriesItsCookie(server: AuthServerContext, facts: RequestFacts, live: LiveSession): Promise<boolean> {
  const profile = server.judgeOrigin(facts) === "allowed" ? server.cookieProfile(facts) : null;
  if (profile === null) return false;
  const { id } = live.record.session;
  const presented = await findSessionsInCookie(server, profile, facts.cookie);
  return presented.some((each) => each.record.session.id === id && isOwnersToken(each));
}
