import { afterAll } from "vitest";
import {
  codeCredentials,
  createAuthorizationRequest,
  djRestAuth,
  oauth2,
  pocketBase,
  readCode,
  simpleJwt,
} from "../../src/backends.ts";
import type { ServerApp } from "../../src/testing.ts";
import type { BackendCase } from "../backends/support/backendCase.ts";
import { countedPreset } from "../backends/support/countLines.ts";
import { describeBackend } from "../backends/support/describeBackend.ts";
import { authorizeAs } from "./support/authorizeAs.ts";
import { findPython } from "./support/findPython.ts";
import { startDjango } from "./support/startDjango.ts";
import { startOidcProvider } from "./support/startOidcProvider.ts";
import { startPocketBase } from "./support/startPocketBase.ts";

const python = await findPython();
const PAGE = "https://app.example";
const ada = { username: "ada", password: "correct horse battery" };

const cleanups: Array<() => Promise<void>> = [];
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** Made once, when the first test asks. */
function once<T extends { kill(): Promise<void> }>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => {
    started ??= start().then((server) => {
      cleanups.push(() => server.kill());
      return server;
    });
    return started;
  };
}

/** A proxy on the pages' own origin in front of a server, as many apps have it. */
function proxyTo(port: number): ServerApp {
  return {
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      return globalThis.fetch(`http://localhost:${port}${pathname}${search}`, {
        method: request.method,
        headers: request.headers,
        ...(request.body !== null && { body: await request.arrayBuffer() }),
      });
    },
  };
}

const now = { startAt: Date.now() };

if (python !== null) {
  const django = once(() => startDjango(python));
  const djangoWithJson = once(() => startDjango(python, { JWT_AUTH_HTTPONLY: "0" }));
  const djangoCase = (port: number): Pick<BackendCase, "app" | "protectedUrl" | "credentials" | "endSessions"> => ({
    app: proxyTo(port),
    protectedUrl: `${PAGE}/api/me/`,
    credentials: (isWrong) => ({ ...ada, password: isWrong ? "wrong" : ada.password }),
    async endSessions() {
      await fetch(`http://localhost:${port}/test/end-sessions`, { method: "POST" });
    },
  });

  describeBackend(
    "simpleJwt, against djangorestframework-simplejwt",
    async () => ({
      ...djangoCase((await django()).port),
      refreshPath: "/api/token/refresh/",
      signOutPath: "/api/token/blacklist/",
      user: { id: "1", email: "ada@example.org" },
      backend: ({ platform, refreshToken }) =>
        simpleJwt({ baseUrl: `${PAGE}/api/token`, platform, refreshToken, user: { path: `${PAGE}/api/me/` } }),
    }),
    { ...now, count: countedPreset("djangorestframework-simplejwt", "simpleJwt", { isReal: true }) },
  );
  describeBackend(
    "djRestAuth, refresh token in a cookie, against dj-rest-auth",
    async () => ({
      ...djangoCase((await django()).port),
      refreshPath: "/api/auth/token/refresh/",
      signOutPath: "/api/auth/logout/",
      user: { id: "1", username: "ada", email: "ada@example.org" },
      backend: ({ platform }) => djRestAuth({ baseUrl: `${PAGE}/api/auth`, platform }),
    }),
    { ...now, usesCookie: true },
  );
  describeBackend(
    "djRestAuth, refresh token in JSON, against dj-rest-auth",
    async () => ({
      ...djangoCase((await djangoWithJson()).port),
      refreshPath: "/api/auth/token/refresh/",
      signOutPath: "/api/auth/logout/",
      user: { id: "1", username: "ada", email: "ada@example.org" },
      backend: ({ platform, refreshToken }) => djRestAuth({ baseUrl: `${PAGE}/api/auth`, platform, refreshToken }),
    }),
    { ...now, count: countedPreset("dj-rest-auth", "djRestAuth", { isReal: true }) },
  );

  const account = { username: "ada@example.org", password: ada.password };
  const base = once(() => startPocketBase(python, account));
  describeBackend(
    "pocketBase, against PocketBase",
    async () => {
      const server = await base();
      return {
        app: proxyTo(server.port),
        refreshPath: "/auth-refresh",
        signOutPath: null,
        protectedUrl: `${PAGE}/api/collections/users/records`,
        credentials: (isWrong) => ({ ...account, password: isWrong ? "wrong" : account.password }),
        user: { email: "ada@example.org" },
        backend: ({ platform, refreshToken }) => pocketBase({ baseUrl: PAGE, platform, refreshToken }),
        endSessions: server.endSessions,
      };
    },
    { ...now, lifetimeMs: 10_000, count: countedPreset("PocketBase", "pocketBase", { isReal: true }) },
  );
}

const provider = once(async () => {
  const server = await startOidcProvider();
  return { ...server, kill: server.close };
});
describeBackend(
  "oauth2, against oidc-provider",
  async () => {
    const { clientId, redirectUri, pageOrigin, endpoints } = await provider();
    let lastRefreshToken = "";
    const askForCode = async () => {
      const request = await createAuthorizationRequest({
        authorizationEndpoint: endpoints.authorization,
        clientId,
        redirectUri,
        scope: "openid offline_access email",
      });
      return {
        code: readCode(await authorizeAs("ada", request.url, redirectUri), request),
        codeVerifier: request.codeVerifier,
      };
    };
    return {
      app: {
        async fetch(request) {
          const response = await globalThis.fetch(request);
          const body = (await response
            .clone()
            .json()
            .catch(() => null)) as { refresh_token?: string } | null;
          lastRefreshToken = body?.refresh_token ?? lastRefreshToken;
          return response;
        },
      },
      pageOrigin,
      refreshPath: "/token",
      signOutPath: "/token/revocation",
      protectedUrl: endpoints.userinfo,
      async credentials(isWrong) {
        const given = await askForCode();
        return codeCredentials(isWrong ? { ...given, codeVerifier: (await askForCode()).codeVerifier } : given);
      },
      user: { id: "ada", email: "ada@example.org", is_verified: true },
      backend: ({ platform, refreshToken }) => oauth2({ clientId, redirectUri, endpoints, refreshToken, platform }),
      async endSessions() {
        const body = new URLSearchParams({ token: lastRefreshToken, client_id: clientId });
        await fetch(endpoints.revocation, { method: "POST", body });
      },
    };
  },
  { ...now, lifetimeMs: 300_000 },
);
