import { Hono } from "hono";
import { aspNetIdentity } from "../../../src/backends.ts";
import type { BackendCase } from "../support/backendCase.ts";
import { createTokenServer } from "../support/tokenServer.ts";

/** A small server that keeps the documented wire of ASP.NET Core's `MapIdentityApi`: opaque tokens, no sign-out, empty refusals. */
export function aspNetWire({ now }: { now: () => number }): BackendCase {
  const server = createTokenServer({ now });
  const app = new Hono();
  const answer = (session: ReturnType<typeof server.begin>) => ({
    tokenType: "Bearer",
    accessToken: server.issue(session, null),
    expiresIn: server.lifetimeMs / 1000,
    refreshToken: session.refreshToken,
  });

  app.post("/account/login", async (c) => {
    const { email, password } = await c.req.json();
    const account = server.check(email, password);
    if (account === null) {
      const problem = { type: "about:blank", title: "Unauthorized", status: 401, detail: "Failed" };
      return c.json(problem, 401, { "Content-Type": "application/problem+json" });
    }
    return c.json(answer(server.begin(account.email)));
  });
  app.post("/account/refresh", async (c) => {
    const session = server.redeem((await c.req.json()).refreshToken, { rotates: true });
    return session === null ? c.body(null, 401, { "WWW-Authenticate": "Bearer" }) : c.json(answer(session));
  });
  app.get("/account/manage/info", (c) => {
    const session = server.authenticate(c.req.raw);
    return session === null ? c.body(null, 401) : c.json({ email: session.subject, isEmailConfirmed: true });
  });

  return {
    app,
    refreshPath: "/account/refresh",
    signOutPath: null,
    protectedUrl: "https://app.example/account/manage/info",
    credentials: (isWrong) => ({ username: "ada@example.org", password: isWrong ? "wrong" : "correct horse" }),
    user: { id: "ada@example.org", email: "ada@example.org", is_verified: true },
    backend: ({ platform, refreshToken }) =>
      aspNetIdentity({ baseUrl: "https://app.example/account", platform, refreshToken }),
    endSessions: server.endAll,
  };
}
