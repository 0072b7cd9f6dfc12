import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { strapi } from "../../../src/backends.ts";
import type { BackendCase } from "../support/backendCase.ts";
import { createTokenServer } from "../support/tokenServer.ts";

/** A small server that keeps the documented wire of Strapi 5's users-permissions with `jwtManagement: "refresh"`. */
export function strapiWire({ now, isHttpOnly }: { now: () => number; isHttpOnly: boolean }): BackendCase {
  const server = createTokenServer({ now });
  const app = new Hono();
  const user = { id: 42, documentId: "doc-42", username: "ada", email: "ada@example.org", confirmed: true };
  const refusal = (status: number, name: string, message: string) => ({
    data: null,
    error: { status, name, message, details: {} },
  });

  function answer(c: Parameters<typeof setCookie>[0], session: ReturnType<typeof server.begin>) {
    const jwt = server.issue(session, { userId: session.subject, type: "access" });
    if (isHttpOnly) setCookie(c, "strapi_up_refresh", session.refreshToken, { httpOnly: true, path: "/" });
    return isHttpOnly ? { jwt } : { jwt, refreshToken: session.refreshToken };
  }

  app.post("/api/auth/local", async (c) => {
    const { identifier, password } = await c.req.json();
    if (server.check(identifier, password) === null)
      return c.json(refusal(400, "ValidationError", "Invalid identifier or password"), 400);
    return c.json({ ...answer(c, server.begin(user.id)), user });
  });
  app.post("/api/auth/refresh", async (c) => {
    const given = isHttpOnly ? getCookie(c, "strapi_up_refresh") : (await c.req.json()).refreshToken;
    if (given === undefined) return c.json(refusal(400, "ValidationError", "Missing refresh token"), 400);
    const session = server.redeem(given, { rotates: true });
    if (session === null) return c.json(refusal(401, "UnauthorizedError", "Invalid refresh token"), 401);
    return c.json(answer(c, session));
  });
  app.post("/api/auth/logout", (c) => {
    const session = server.authenticate(c.req.raw);
    if (session === null) return c.json(refusal(401, "UnauthorizedError", "Missing authentication"), 401);
    session.isOver = true;
    if (isHttpOnly) setCookie(c, "strapi_up_refresh", "", { maxAge: 0, path: "/" });
    return c.json({ ok: true });
  });
  app.get("/api/users/me", (c) =>
    server.authenticate(c.req.raw) === null
      ? c.json(refusal(401, "UnauthorizedError", "Missing or invalid credentials"), 401)
      : c.json(user),
  );

  return {
    app,
    refreshPath: "/api/auth/refresh",
    signOutPath: "/api/auth/logout",
    protectedUrl: "https://app.example/api/users/me",
    credentials: (isWrong) => ({ username: "ada@example.org", password: isWrong ? "wrong" : "correct horse" }),
    user: { id: "42", username: "ada", email: "ada@example.org" },
    backend: ({ platform, refreshToken }) =>
      strapi({
        baseUrl: "https://app.example/api",
        platform,
        refreshToken: isHttpOnly ? "cookie" : refreshToken,
      }),
    endSessions: server.endAll,
  };
}
