import { makeJwt } from "./jwt.ts";

export interface IssuedSession {
  readonly subject: string;
  refreshToken: string;
  isOver: boolean;
}

/** What the small servers share: who is signed in with which tokens. Each keeps one vendor's documented wire on top of it. */
export function createTokenServer({ now, lifetimeMs = 5_000 }: { now: () => number; lifetimeMs?: number | undefined }) {
  const sessions: IssuedSession[] = [];
  const accessTokens = new Map<string, { readonly session: IssuedSession; readonly endsAt: number }>();
  let count = 0;

  const accounts = new Map([["ada@example.org", { id: 42, email: "ada@example.org", password: "correct horse" }]]);

  return {
    lifetimeMs,
    accounts,
    /** The account, or null for wrong credentials. */
    check(email: unknown, password: unknown) {
      const account = accounts.get(String(email));
      return account !== undefined && account.password === password ? account : null;
    },
    begin(subject: string | number): IssuedSession {
      const session = { subject: String(subject), refreshToken: `refresh-${++count}`, isOver: false };
      sessions.push(session);
      return session;
    },
    /** An access token: a JWT with these claims besides its times, or opaque for null. */
    issue(session: IssuedSession, claims: object | null): string {
      const [iat, exp] = [Math.floor(now() / 1000), Math.floor((now() + lifetimeMs) / 1000)];
      const token = claims === null ? `opaque-${++count}` : makeJwt({ ...claims, iat, exp, jti: String(++count) });
      accessTokens.set(token, { session, endsAt: now() + lifetimeMs });
      return token;
    },
    /** The session of a refresh token that counts; with rotation it gets another one. */
    redeem(refreshToken: unknown, { rotates }: { rotates: boolean }): IssuedSession | null {
      const session = sessions.find((one) => one.refreshToken === refreshToken && !one.isOver);
      if (session !== undefined && rotates) session.refreshToken = `refresh-${++count}`;
      return session ?? null;
    },
    /** The session of a request's access token, or null. */
    authenticate(request: Request): IssuedSession | null {
      const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
      const held = accessTokens.get(token);
      return held !== undefined && held.endsAt > now() && !held.session.isOver ? held.session : null;
    },
    sessions,
    endAll(): void {
      for (const session of sessions) session.isOver = true;
    },
  };
}

export type TokenServer = ReturnType<typeof createTokenServer>;
