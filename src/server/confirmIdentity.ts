import { type AuthServerContext, limited } from "./authServerContext.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import type { LiveSession } from "./requireLiveSession.ts";

/**
 * What an access token alone does not allow: needs the password with the request, or a sign-in a few minutes ago (a
 * refresh does not renew it).
 * @throws RequestRefusedError 403 `REAUTHENTICATION_REQUIRED`, or `wrongPassword` for a password that does not match.
 */
export async function confirmIdentity(
  server: AuthServerContext,
  facts: RequestFacts,
  { subject, record }: LiveSession,
  password: string | null,
  wrongPassword: RequestRefusedError,
): Promise<void> {
  if (password === null) {
    const { authenticatedAt } = record.session;
    if (authenticatedAt > 0 && record.now - authenticatedAt <= server.options.freshSignInMs) return;
    throw new RequestRefusedError(403, "REAUTHENTICATION_REQUIRED");
  }
  await limited(server, facts, server.rateLimits.count("password", subject.id));
  if (!(await server.passwords.matches(subject.passwordHash, password, subject.id))) throw wrongPassword;
  await server.rateLimits.clear("password", subject.id);
}
