import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { directus } from "../../../src/backends.ts";
import type { BackendCase } from "../support/backendCase.ts";
import { createTokenServer } from "../support/tokenServer.ts";

/** A small server that keeps Directus' documented wire (directus.io/docs, Auth), in its modes `json` and `cookie`. */
export function directusWire({ now, mode }: { now: () => number; mode: "json" | "cookie" }): BackendCase {
  const server = createTokenServer({ now });
  const app = new Hono();
  const refusal = (code: string, message: string) => ({ errors: [{ message, extensions: { code } }] });
  const claims = (id: string) => ({ id, role: "member", app_access: false, admin_access: false, iss: "directus" });

  function answer(session: ReturnType<typeof server.begin>) {
    const access_token = server.issue(session, claims(session.subject));
    return {
      data: {
        expires: server.lifetimeMs,
        access_token,
        ...(mode === "json" && { refresh_token: session.refreshToken }),
      },
    };
  }

  const leave = (c: Parameters<typeof setCookie>[0], token: string) =>
    mode === "cookie" && setCookie(c, "directus_refresh_token", token, { httpOnly: true, path: "/" });

  app.post("/auth/login", async (c) => {
    const { email, password } = await c.req.json();
    const account = server.check(email, password);
    if (account === null) return c.json(refusal("INVALID_CREDENTIALS", "Invalid user credentials."), 401);
    const session = server.begin(`user-${account.id}`);
    leave(c, session.refreshToken);
    return c.json(answer(session));
  });
  app.post("/auth/refresh", async (c) => {
    const { refresh_token } = await c.req.json();
    const presented = mode === "cookie" ? getCookie(c, "directus_refresh_token") : refresh_token;
    if (presented === undefined)
      return c.json(refusal("INVALID_PAYLOAD", "The refresh token is required in either the payload or cookie."), 400);
    const session = server.redeem(presented, { rotates: true });
    if (session === null) return c.json(refusal("INVALID_CREDENTIALS", "Invalid user credentials."), 401);
    leave(c, session.refreshToken);
    return c.json(answer(session));
  });
  app.post("/auth/logout", async (c) => {
    const { refresh_token } = await c.req.json();
    const presented = mode === "cookie" ? getCookie(c, "directus_refresh_token") : refresh_token;
    const session = server.redeem(presented, { rotates: false });
    if (session !== null) session.isOver = true;
    if (mode === "cookie") setCookie(c, "directus_refresh_token", "", { maxAge: 0, path: "/" });
    return c.body(null, 204);
  });
  app.get("/users/me", (c) => {
    const session = server.authenticate(c.req.raw);
    if (session === null) return c.json(refusal("TOKEN_EXPIRED", "Token expired."), 401);
    return c.json({ data: { id: session.subject, email: "ada@example.org", first_name: "Ada" } });
  });
  app.get("/items/notes", (c) =>
    server.authenticate(c.req.raw) === null
      ? c.json(refusal("TOKEN_EXPIRED", "Token expired."), 401)
      : c.json({ data: [] }),
  );

  return {
    app,
    refreshPath: "/auth/refresh",
    signOutPath: "/auth/logout",
    protectedUrl: "https://app.example/items/notes",
    credentials: (isWrong) => ({ username: "ada@example.org", password: isWrong ? "wrong" : "correct horse" }),
    user: { id: "user-42", email: "ada@example.org", first_name: "Ada" },
    backend: ({ platform, refreshToken }) =>
      directus({
        baseUrl: "https://app.example",
        platform,
        refreshToken: mode === "cookie" ? "cookie" : refreshToken,
      }),
    endSessions: server.endAll,
  };
}
