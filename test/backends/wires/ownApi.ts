import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { createTokenBackend } from "../../../src/core/createTokenBackend.ts";
import type { TokenBackendOptions } from "../../../src/core/tokenBackend/tokenBackendOptions.ts";
import type { byHand } from "../byHand/byHand.ts";
import type { BackendCase } from "../support/backendCase.ts";
import { createTokenServer, type IssuedSession } from "../support/tokenServer.ts";

/** How a server that somebody wrote by hand does things. */
export interface Manner {
  /** What its developer would write by hand. */
  readonly byHand?: keyof typeof byHand;
  /** Claims of the access token; null for an opaque one. */
  readonly claims: ((id: string) => object) | null;
  /** The body of an answer with tokens. */
  readonly body: (given: { access: string; refresh: string; endsAt: number; id: string }) => object;
  /** Where a request has the refresh token. */
  readonly presented: (c: Context) => Promise<string | undefined> | string | undefined;
  readonly refresh: { readonly method: string; readonly path: string };
  readonly signOutPath: string | null;
  /** The status of a refresh that is refused. */
  readonly refusal: 400 | 401 | 403;
  readonly rotates: boolean;
  /** A new access token makes the one before worthless. */
  readonly isSingle?: boolean;
  /** How long an access token lives. Default: 5 s. */
  readonly lifetimeMs?: number;
  /** No answer and no token says how long it lives. */
  readonly isUntold?: boolean;
  readonly refreshCookie?: boolean;
  readonly accessCookie?: boolean;
  /** The description, as its developer writes it. */
  readonly description: Omit<TokenBackendOptions, "baseUrl" | "refreshToken">;
}

/** A small server in that manner, described as its developer would. */
export function ownApi({ now }: { now: () => number }, manner: Manner): BackendCase {
  const server = createTokenServer({ now, lifetimeMs: manner.lifetimeMs });
  const app = new Hono();
  const latest = new Map<IssuedSession, string>();
  const isCookie = manner.refreshCookie === true;

  function answer(c: Context, session: IssuedSession) {
    const access = server.issue(session, manner.claims?.(session.subject) ?? null);
    latest.set(session, access);
    if (isCookie) setCookie(c, "refresh", session.refreshToken, { httpOnly: true, path: "/" });
    if (manner.accessCookie) setCookie(c, "access", access, { httpOnly: true, path: "/" });
    const { refreshToken: refresh, subject: id } = session;
    return c.json(manner.body({ access, refresh, id, endsAt: now() + server.lifetimeMs }));
  }

  function authenticate(c: Context): IssuedSession | null {
    const cookie = manner.accessCookie ? getCookie(c, "access") : undefined;
    const request = manner.accessCookie
      ? new Request("https://api.example", { headers: { Authorization: `Bearer ${cookie}` } })
      : c.req.raw;
    const session = server.authenticate(request);
    const shown = (cookie ?? c.req.header("Authorization") ?? "").replace("Bearer ", "");
    return session !== null && manner.isSingle && latest.get(session) !== shown ? null : session;
  }

  app.post("/api/login", async (c) => {
    const { email, password } = await c.req.json();
    const account = server.check(email, password);
    return account === null ? c.json({ message: "Wrong" }, 401) : answer(c, server.begin(account.id));
  });
  app.on(manner.refresh.method, manner.refresh.path, async (c) => {
    const presented = isCookie ? getCookie(c, "refresh") : await manner.presented(c);
    const session = server.redeem(presented, { rotates: manner.rotates });
    return session === null ? c.json({ message: "Invalid refresh token" }, manner.refusal) : answer(c, session);
  });
  if (manner.signOutPath !== null) {
    app.post(manner.signOutPath, async (c) => {
      const presented = isCookie ? getCookie(c, "refresh") : await manner.presented(c);
      const session = server.redeem(presented, { rotates: false });
      if (session !== null) session.isOver = true;
      if (isCookie) setCookie(c, "refresh", "", { maxAge: 0, path: "/" });
      return c.json({});
    });
  }
  app.get("/api/me", (c) => {
    const session = authenticate(c);
    return session === null ? c.json({ message: "Unauthorized" }, 401) : c.json({ data: { _id: session.subject } });
  });

  return {
    app,
    refreshPath: manner.refresh.path,
    signOutPath: manner.signOutPath,
    protectedUrl: "https://app.example/api/me",
    credentials: (isWrong) => ({ username: "ada@example.org", password: isWrong ? "wrong" : "correct horse" }),
    user: { id: "42" },
    backend: ({ platform, refreshToken }) =>
      createTokenBackend({
        baseUrl: "https://app.example/api",
        ...manner.description,
        refreshToken: isCookie ? "cookie" : refreshToken,
        platform: { random: Math.random, storages: {}, openChannel: undefined, ...platform } as never,
      }),
    endSessions: server.endAll,
  };
}
