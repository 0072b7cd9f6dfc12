import type { AuthServerContext } from "./authServerContext.ts";
import { decideRotation } from "./decideRotation.ts";
import { findSessionsInCookie } from "./presentedSessions.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { isBoundTo } from "./sessionBinding.ts";
import { makeAccessToken, type TokenBody } from "./tokenAnswer.ts";

/** Long enough to render a page with, and no more. */
const PEEK_MS = 60_000;

/**
 * An access token for the session whose refresh cookie the request carries. Looks only: nothing rotates, no cookie is set,
 * and no session ends, also not by a token that a refresh would take for a theft. Who holds a copy of a cookie is left
 * behind by the owner's next two rotations.
 *
 * @throws RequestRefusedError 401 with the code that a refresh would have.
 */
export async function peekSession(server: AuthServerContext, facts: RequestFacts): Promise<TokenBody> {
  const profile = server.cookieProfile(facts);
  const presented = profile === null ? [] : await findSessionsInCookie(server, profile, facts.cookie);
  const [chosen] = presented;
  if (chosen === undefined) {
    const hasCookie = profile !== null && profile.read(facts.cookie).length > 0;
    throw new RequestRefusedError(401, hasCookie ? "REFRESH_TOKEN_INVALID" : "REFRESH_TOKEN_MISSING");
  }
  const { record, token } = chosen;
  const { session, now } = record;
  const { kind } = decideRotation(record, token.counter, "", server.options.graceMs);
  if (kind === "revoked") throw new RequestRefusedError(401, "REFRESH_TOKEN_REVOKED");
  if (kind === "expired") throw new RequestRefusedError(401, "REFRESH_TOKEN_EXPIRED");
  if (kind === "reused") throw new RequestRefusedError(401, "REFRESH_TOKEN_REUSED");
  // A page load proves no key, so a copied cookie would do: whoever bound their sessions did it against just that.
  if (!isBoundTo(server, session, null)) throw new RequestRefusedError(401, "REFRESH_TOKEN_PROOF_INVALID");
  server.audit("peeked", facts, { subject: session.subjectId, sessionId: session.id, keyId: token.keyId });
  return makeAccessToken(server, record, Math.min(session.absoluteExpiresAt, now + PEEK_MS));
}
