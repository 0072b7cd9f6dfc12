import type { Context } from "hono";
import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord } from "./authStore.ts";
import { coarseTimes } from "./coarseTimes.ts";
import type { CookieProfile } from "./cookieProfile.ts";
import { idleMsOf } from "./idleLifetime.ts";
import type { HonoEnvironment, RequestFacts } from "./requestFacts.ts";

/** The answer to every sign-in and refresh: RFC 6749 §5.1 with `session` and `subject` beside it. */
export interface TokenBody {
  readonly access_token: string;
  readonly token_type: "bearer";
  readonly expires_in: number;
  readonly session: {
    readonly id: string;
    readonly number: number;
    /** Seconds to its idle end, coarse to the hour. */
    readonly expires_in: number;
    /** Seconds to the end that no refresh moves. */
    readonly ends_in: number;
  };
  readonly subject: string;
  readonly refresh_token?: string;
}

export function setCookie(context: Context<HonoEnvironment>, facts: RequestFacts, header: string): void {
  context.header("Set-Cookie", header, { append: true });
  facts.onSetCookie?.(header);
}

/** An access token alone, which ends at `endsAt` at the latest. */
export async function makeAccessToken(
  server: AuthServerContext,
  { session, subject, now }: SessionRecord,
  endsAt = session.absoluteExpiresAt,
): Promise<TokenBody> {
  const content = {
    subject: session.subjectId,
    sessionId: session.id,
    isGuest: subject?.isGuest ?? false,
    isBound: session.boundKey !== null,
    authenticatedAt: session.authenticatedAt,
    amr: session.amr,
  };
  const { token, expiresInSeconds } = await server.accessTokens.sign(content, now, endsAt);
  const secondsTo = (moment: number) => Math.floor((moment - now) / 1000);
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: expiresInSeconds,
    session: {
      id: session.id,
      number: session.number,
      expires_in: secondsTo(coarseTimes(session, idleMsOf(server.options, session.persistent)).expiresAt),
      ends_in: secondsTo(session.absoluteExpiresAt),
    },
    subject: session.subjectId,
  };
}

/**
 * Makes the tokens of a session: the refresh token goes into the cookie where there is a profile, else into the body
 * for the body transport, never into both. Without one the client keeps what it has (RFC 6749 §6).
 */
export async function makeTokens(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  record: SessionRecord,
  profile: CookieProfile | null,
  { withRefreshToken = true }: { readonly withRefreshToken?: boolean } = {},
): Promise<TokenBody> {
  const { session } = record;
  const body = await makeAccessToken(server, record);
  if (session.transport === "none" || !withRefreshToken) return body;
  const refreshToken = await server.refreshTokens.issue(session);
  if (session.transport === "body") return { ...body, refresh_token: refreshToken };
  if (profile === null) throw new Error("A session of the cookie transport was about to be answered without a cookie.");
  const maxAgeSeconds = session.persistent ? body.session.expires_in : null;
  setCookie(context, facts, profile.write(session.id, refreshToken, maxAgeSeconds));
  return body;
}
