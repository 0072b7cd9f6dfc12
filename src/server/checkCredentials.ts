import type { AuthServerContext } from "./authServerContext.ts";
import type { Subject } from "./authStore.ts";
import { recogniseClient } from "./familiarClients.ts";
import type { PresentedSession } from "./presentedSessions.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { beginSignIn } from "./signInLimits.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The sessions whose cookies came along. */
  readonly presented: readonly PresentedSession[];
}

export interface CheckedCredentials {
  readonly subject: Subject;
  readonly isNewDevice: boolean;
}

/**
 * @throws RequestRefusedError, with one answer and one time for an unknown user, an inactive one and a wrong password.
 * @throws RateLimitedError
 */
export async function checkCredentials(
  server: AuthServerContext,
  facts: RequestFacts,
  { username, password, presented }: Credentials,
): Promise<CheckedCredentials> {
  const { store, passwords } = server;
  const subject = await store.findSubjectByEmail(username);
  const { knownBy, isNewDevice } = await recogniseClient(server, facts, subject, presented);
  const attempt = await beginSignIn(server, facts, username.toLowerCase(), knownBy);
  let matches: boolean;
  try {
    matches = await passwords.matches(subject?.passwordHash ?? null, password, attempt.line);
  } catch (error) {
    await attempt.givenUp();
    throw error;
  }
  if (subject === null || subject.passwordHash === null || !matches || !subject.isActive) {
    await attempt.failed();
    server.audit("signInFailed", facts, { subject: subject?.id ?? null });
    throw new RequestRefusedError(400, "LOGIN_BAD_CREDENTIALS");
  }
  await attempt.succeeded();
  requireVerified(server, subject);
  if (passwords.needsRehash(subject.passwordHash)) {
    await store.replacePasswordHash(subject.id, subject.passwordHash, await passwords.hash(password, attempt.line));
  }
  return { subject, isNewDevice };
}

/** @throws RequestRefusedError 400 where the address was to be confirmed first. */
export function requireVerified({ options }: AuthServerContext, subject: Subject): void {
  if (options.requireVerifiedEmail && !subject.isVerified)
    throw new RequestRefusedError(400, "LOGIN_USER_NOT_VERIFIED");
}
