import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface StrictServer {
  address: string;
  /** The refresh requests so far, with the refresh token that each presented. */
  refreshes: string[];
  signOuts: unknown[];
  /** Sign-ins, refreshes and the rest, in the order in which they came. */
  paths: string[];
  /** Makes a session as if somebody had signed in, and returns what a client would hold. */
  issue(): { id: string; number: number; refreshToken: string; accessToken: string };
  /** Answers the next refresh in the place of the server. */
  answerNextRefresh(
    answer: (presented: string) => { status: number; body: string } | Promise<{ status: number; body: string }>,
  ): void;
  /** Answers the next sign-out in the place of the server. */
  answerNextSignOut(answer: () => { status: number; body: string }): void;
  setAccessLifetimeSeconds(seconds: number): void;
  isRevoked(id: string): boolean;
  /** Whether an access token is one of this server's and neither expired nor of a revoked session. */
  isGood(accessToken: string): boolean;
}

interface Session {
  id: string;
  number: number;
  current: string;
  revoked: boolean;
  generation: number;
}

/**
 * A server of somebody else's that rotates at each refresh and takes any repeat for theft: no grace time, no second look. On a
 * real port, without rate limits.
 */
export async function startStrictServer(): Promise<StrictServer> {
  const sessions: Session[] = [];
  const accessTokens = new Map<string, { session: Session; expiresAt: number }>();
  const refreshes: string[] = [];
  const signOuts: unknown[] = [];
  const paths: string[] = [];
  let lifetimeSeconds = 900;
  const answers: Parameters<StrictServer["answerNextRefresh"]>[0][] = [];

  const signOutAnswers: (() => { status: number; body: string })[] = [];

  const makeAccessToken = (session: Session): string => {
    const issuedAt = Math.floor(Date.now() / 1_000);
    const claims = {
      sub: "ada",
      sid: session.id,
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
      jti: `${accessTokens.size}`,
    };
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const accessToken = `${encode({ alg: "none" })}.${encode(claims)}.signature`;
    accessTokens.set(accessToken, { session, expiresAt: Date.now() + lifetimeSeconds * 1_000 });
    return accessToken;
  };

  const makeSession = (): Session => {
    const number = sessions.length + 1;
    const session = { id: `session-${number}`, number, current: `refresh-${number}-1`, revoked: false, generation: 1 };
    sessions.push(session);
    return session;
  };

  const tokenBody = (session: Session): object => ({
    access_token: makeAccessToken(session),
    token_type: "bearer",
    expires_in: lifetimeSeconds,
    refresh_token: session.current,
    session: { id: session.id, number: session.number },
  });

  function send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(status === 204 ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  }

  async function refresh(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { refresh_token: presented } = JSON.parse((await text(request)) || "{}") as { refresh_token?: string };
    if (request.headers["auth-transport"] !== "body") return send(response, 403, { detail: "ORIGIN_NOT_ALLOWED" });
    refreshes.push(presented ?? "");
    const answer = answers.shift();
    if (answer !== undefined) {
      const { status, body } = await answer(presented ?? "");
      return send(response, status, body);
    }
    const session = sessions.find(({ id }) => presented?.startsWith(id.replace("session", "refresh")));
    if (session === undefined) return send(response, 401, { detail: "REFRESH_TOKEN_INVALID" });
    if (session.revoked) return send(response, 401, { detail: "REFRESH_TOKEN_REVOKED" });
    if (session.current !== presented) {
      session.revoked = true;
      return send(response, 401, { detail: "REFRESH_TOKEN_REUSED" });
    }
    session.generation += 1;
    session.current = `refresh-${session.number}-${session.generation}`;
    send(response, 200, tokenBody(session));
  }

  const isGood = (accessToken: string): boolean => {
    const known = accessTokens.get(accessToken);
    return known !== undefined && known.expiresAt > Date.now() && !known.session.revoked;
  };

  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace("/v1/auth", "").replace(/\?.*$/, "");
    paths.push(path);
    const handle = async (): Promise<void> => {
      if (path === "/jwt/refresh") return refresh(request, response);
      if (path === "/jwt/login") return send(response, 200, tokenBody(makeSession()));
      if (path === "/jwt/logout") {
        const body = JSON.parse((await text(request)) || "{}") as { refresh_token?: string };
        signOuts.push(body);
        const answer = signOutAnswers.shift();
        if (answer !== undefined) return send(response, answer().status, answer().body);
        const session = sessions.find(({ id }) => body.refresh_token?.startsWith(id.replace("session", "refresh")));
        if (session !== undefined) session.revoked = true;
        return send(response, 204, null);
      }
      if (path === "/users/me") {
        const good = isGood((request.headers.authorization ?? "").replace("Bearer ", ""));
        return good
          ? send(response, 200, { id: "ada", email: "ada@example.org" })
          : send(response, 401, { detail: "Unauthorized" });
      }
      return send(response, 404, { detail: "Not Found" });
    };
    handle().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/auth`,
    refreshes,
    signOuts,
    paths,
    isGood,
    issue() {
      const session = makeSession();
      return {
        id: session.id,
        number: session.number,
        refreshToken: session.current,
        accessToken: makeAccessToken(session),
      };
    },
    answerNextRefresh: (answer) => void answers.push(answer),
    answerNextSignOut: (answer) => void signOutAnswers.push(answer),
    setAccessLifetimeSeconds: (seconds) => {
      lifetimeSeconds = seconds;
    },
    isRevoked: (id) => sessions.find((session) => session.id === id)?.revoked === true,
  };
}
