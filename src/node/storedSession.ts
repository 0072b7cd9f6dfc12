import type { TokenAnswer } from "../core/backend.ts";
import { parseClaims } from "../core/claims.ts";
import { readLifetimeMs } from "../core/lifetime.ts";
import type { BodyExchange } from "../core/bodyTransport.ts";
import type { StoredKey, StoredSession } from "./sessionFileFormat.ts";

/**
 * What to keep of a token answer. `before` is the session that was refreshed; its refresh token stays when none came. `key` is
 * what the session is bound to.
 */
export function toStoredSession(
  answer: TokenAnswer,
  exchange: BodyExchange,
  { before, key }: { before: StoredSession | null; key: StoredKey | undefined },
): StoredSession {
  const claims = parseClaims(answer.accessToken);
  const sentAt = exchange.sentAt();
  const lifetimeMs = readLifetimeMs(answer.expiresInSeconds ?? null, claims, answer.serverNow ?? null, sentAt);
  return {
    id: answer.session?.id ?? claims?.sessionId ?? before?.id ?? null,
    number: answer.session?.number ?? before?.number ?? null,
    subject: claims?.subject ?? answer.subject ?? before?.subject ?? null,
    isGuest: claims?.isGuest ?? before?.isGuest ?? false,
    // A server that does not rotate need not send it again. RFC 6749 §6.
    refreshToken: exchange.receivedRefreshToken() ?? before?.refreshToken ?? null,
    accessToken: answer.accessToken,
    accessTokenSentAt: sentAt,
    accessTokenExpiresAt: lifetimeMs === null ? null : sentAt + lifetimeMs,
    signedInAt: before?.signedInAt ?? sentAt,
    ...(key !== undefined && { key }),
  };
}

/** The stored access token as the answer that it came with, as old as it is. */
export function toTokenAnswer(session: StoredSession): TokenAnswer {
  const { accessTokenExpiresAt: expiresAt, accessTokenSentAt: sentAt } = session;
  return {
    accessToken: session.accessToken,
    expiresInSeconds: expiresAt === null ? null : (expiresAt - sentAt) / 1_000,
    session: session.id === null ? null : { id: session.id, number: session.number },
    subject: session.subject,
    serverNow: null,
    sentAt,
  };
}
