import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { afterEach, describe, expect, it } from "vitest";
import { AccessTokenError } from "../../../src/server/accessTokenError.ts";
import type { VerifiedAccessToken } from "../../../src/server/accessTokens.ts";
import type { AuthServer } from "../../../src/server/createAuthServer.ts";
import type { TokenFields } from "../support/page.ts";
import { createTestServer, PASSWORD } from "../support/testServer.ts";

// As docs/server.md shows it.
function requireUser(auth: Pick<AuthServer, "verifyAccessToken" | "isSessionLive">): RequestHandler {
  return async (request, response, next) => {
    const token = /^bearer +([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1];
    try {
      const user = token === undefined ? null : await auth.verifyAccessToken(token);
      if (user !== null && (await auth.isSessionLive(user))) {
        response.locals["user"] = user;
        next();
        return;
      }
    } catch (error) {
      if (!(error instanceof AccessTokenError)) throw error;
    }
    response.set("WWW-Authenticate", token === undefined ? "Bearer" : 'Bearer error="invalid_token"');
    response.status(401).json({ detail: "Unauthorized" });
  };
}

describe("mounted in Express", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });

  async function listen(auth: AuthServer): Promise<string> {
    const app = express();
    const authListener = getRequestListener(auth.app.fetch);
    app.use((request, response, next) => {
      if (request.path.startsWith("/v1/auth/")) void authListener(request, response);
      else next();
    });
    app.use(express.json());
    app.post("/notes", requireUser(auth), (request, response) => {
      const { subject } = response.locals["user"] as VerifiedAccessToken;
      response.json({ subject, note: (request.body as { note: string }).note });
    });
    app.get("/{*path}", (_, response) => void response.type("html").send("the application"));
    const onError: ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();
    app.use(onError);
    const server = await new Promise<Server>((resolve, reject) => {
      const listening = app.listen(0, "127.0.0.1", (error) => (error ? reject(error) : resolve(listening)));
    });
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const asJson = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

  /** Registers and signs in as a page of this server's own origin does; returns the token and the cookie. */
  async function signIn(url: string) {
    const account = { email: "ada@example.org", password: PASSWORD };
    const registered = await fetch(`${url}/v1/auth/register`, asJson(account, { origin: url }));
    expect(registered.status).toBe(201);
    const signedIn = await fetch(`${url}/v1/auth/jwt/login`, {
      method: "POST",
      headers: { origin: url },
      body: new URLSearchParams({ username: account.email, password: PASSWORD }),
    });
    expect(signedIn.status).toBe(200);
    const [cookie = ""] = signedIn.headers.getSetCookie();
    expect(cookie).toContain("HttpOnly");
    return { token: (await signedIn.json()) as TokenFields, cookie: cookie.split(";")[0] ?? "" };
  }

  const refresh = (url: string, cookie: string) =>
    fetch(`${url}/v1/auth/jwt/refresh`, { method: "POST", headers: { origin: url, cookie } });

  const postNote = (url: string, accessToken: string) =>
    fetch(`${url}/notes`, asJson({ note: "milk" }, { authorization: `Bearer ${accessToken}` }));

  it("signs in and refreshes in front of the body parser, and knows the client's address", async () => {
    const auth = createTestServer();
    const url = await listen(auth);
    const { token, cookie } = await signIn(url);
    const refreshed = await refresh(url, cookie);
    expect(refreshed.status).toBe(200);
    expect(await refreshed.json()).toMatchObject({ session: token.session, subject: token.subject });
    expect(auth.events.map(({ type, address }) => [type, address])).toEqual(
      ["registered", "signedIn", "refreshed"].map((type) => [type, "127.0.0.1"]),
    );
  });

  it("lets the application's own routes know the user, with the token of a sign-in and with that of a refresh", async () => {
    const url = await listen(createTestServer());
    const { token, cookie } = await signIn(url);
    const renewed = (await (await refresh(url, cookie)).json()) as TokenFields;
    for (const { access_token: accessToken } of [token, renewed]) {
      const answer = await postNote(url, accessToken);
      expect([answer.status, await answer.json()]).toEqual([200, { subject: token.subject, note: "milk" }]);
    }
  });

  it("keeps out who brings no token, a wrong one, or one of a session that was signed out", async () => {
    const url = await listen(createTestServer());
    const bare = await fetch(`${url}/notes`, asJson({ note: "milk" }));
    expect([bare.status, bare.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    const wrong = await postNote(url, "not-a-token");
    expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([401, 'Bearer error="invalid_token"']);

    const { token, cookie } = await signIn(url);
    expect((await postNote(url, token.access_token)).status).toBe(200);
    const signedOut = await fetch(
      `${url}/v1/auth/jwt/logout`,
      asJson({ session_id: token.session.id }, { origin: url, cookie }),
    );
    expect(signedOut.status).toBe(204);
    expect((await postNote(url, token.access_token)).status).toBe(401);
  });

  it("answers its own 404 under its prefix, so that the application's catch-all page is never taken for a token", async () => {
    const url = await listen(createTestServer());
    expect(await (await fetch(`${url}/anything`)).text()).toBe("the application");
    const unknown = await fetch(`${url}/v1/auth/nothing`);
    expect([unknown.status, await unknown.json()]).toEqual([404, { detail: "Not Found" }]);
  });

  it("hands an outage of the store on to Express, and turns nobody out for it", async () => {
    const auth = createTestServer();
    const url = await listen({ ...auth, isSessionLive: () => Promise.reject(new Error("connect ECONNREFUSED")) });
    const { token } = await signIn(url);
    expect((await postNote(url, token.access_token)).status).toBe(500);
  });
});
