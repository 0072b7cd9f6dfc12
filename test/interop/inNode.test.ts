import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { type CookieJar, createCookieJar } from "../../src/testing/cookieJar.ts";
import { createPagePlatform } from "./support/createPagePlatform.ts";
import { findPython } from "./support/findPython.ts";
import { registerAccount } from "./support/registerAccount.ts";
import { type PythonServer, startPythonServer } from "./support/startPythonServer.ts";
import { unchallenged } from "../support/unchallenged.ts";

const python = await findPython();

describe.skipIf(python === null)("the client in Node against the fastapi-users example (needs Python 3.11)", () => {
  let server: PythonServer;
  const clients: AuthClient[] = [];

  beforeAll(async () => {
    const settings = { REFRESH_TOKEN_SECRETS: '["the refresh secret of the interop tests"]' };
    server = await startPythonServer({ python: python ?? "", app: "app.main:asgi", settings });
  });

  afterAll(async () => {
    for (const client of clients) client.dispose();
    await server?.dispose();
  });

  function openClient(jar: CookieJar = createCookieJar()): AuthClient {
    const client = createAuthClient({ baseUrl: server.baseUrl, platform: createPagePlatform(server.origin, jar) });
    clients.push(client);
    client.start();
    return client;
  }

  it("signs in, and a later start finds the same session again", async () => {
    const jar = createCookieJar();
    const first = openClient(jar);
    const identity = unchallenged(await first.signIn(await registerAccount(server.baseUrl)));
    first.dispose();
    const second = openClient(jar);
    expect(await second.ready()).toMatchObject({ status: "authenticated", identity: { subject: identity.subject } });
    expect(second.getState()).toMatchObject({ identity: { sessionId: identity.sessionId } });
  });

  it("tells the server's user", async () => {
    const client = openClient();
    const account = await registerAccount(server.baseUrl);
    await client.signIn(account);
    expect(await client.fetchUser()).toMatchObject({ email: account.username, is_guest: false });
  });

  it("names a wrong password as such", async () => {
    const client = openClient();
    const account = await registerAccount(server.baseUrl);
    await expect(client.signIn({ ...account, password: "wrong password" })).rejects.toMatchObject({
      code: "credentialsRejected",
    });
  });

  it("registers, and starts guests who stay themselves", async () => {
    const client = openClient();
    const email = `${crypto.randomUUID()}@example.org`;
    const identity = unchallenged(await client.register({ email, password: "correct horse battery" }));
    expect(identity.isGuest).toBe(false);
    await expect(client.signInAsGuest()).rejects.toMatchObject({ code: "sessionExists" });

    const jar = createCookieJar();
    const guest = openClient(jar);
    const { subject } = await guest.signInAsGuest();
    guest.dispose();
    expect(await openClient(jar).ready()).toMatchObject({ identity: { subject, isGuest: true } });
  });

  it("renews a token that the server no longer takes, and sends the request again as the same subject", async () => {
    const client = openClient();
    const { subject } = unchallenged(await client.signIn(await registerAccount(server.baseUrl)));
    const authorized = authorizeFetch(client, { fetch: createPagePlatform(server.origin).fetch });
    await server.restart({ SECRET: `another secret of the interop tests ${crypto.randomUUID()}` });
    const before = server.requests.length;
    const responses = await Promise.all([1, 2, 3, 4, 5].map(() => authorized(`${server.origin}/v1/notes`)));
    for (const response of responses) expect(await response.json()).toEqual({ owner: subject });
    const after = server.requests.slice(before);
    expect(after.filter((request) => request.startsWith("POST /v1/auth/jwt/refresh"))).toEqual([
      "POST /v1/auth/jwt/refresh 200",
    ]);
    expect(after.filter((request) => request === "GET /v1/notes 401")).toHaveLength(5);
    expect(after.filter((request) => request === "GET /v1/notes 200")).toHaveLength(5);
  });

  it("goes through an outage as whoever it was", async () => {
    const client = openClient();
    const { subject } = unchallenged(await client.signIn(await registerAccount(server.baseUrl)));
    await server.stop();
    await expect(client.refresh()).rejects.toMatchObject({ code: "unavailable" });
    expect(client.getState()).toMatchObject({ status: "authenticated", identity: { subject } });
    await server.restart();
    await vi.waitFor(() => client.refresh(), { timeout: 20_000, interval: 500 });
    expect(client.getState()).toMatchObject({ status: "authenticated", identity: { subject } });
  });

  it("signs out here and on the server", async () => {
    const jar = createCookieJar();
    const client = openClient(jar);
    await client.signIn(await registerAccount(server.baseUrl));
    const token = await client.getAccessToken();
    await client.signOut();
    const me = await fetch(`${server.baseUrl}/users/me`, { headers: { Authorization: `Bearer ${token}` } });
    expect(me.status).toBe(401);
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(await openClient(jar).ready()).toMatchObject({ status: "unauthenticated" });
  });
});
