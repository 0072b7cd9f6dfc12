import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { codeCredentials, createAuthorizationRequest, oauth2, readCode } from "../../src/backends.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { createMapStore } from "../../src/core/tokenBackend/tokenStore.ts";
import { authorizeAs } from "./support/authorizeAs.ts";
import { createPagePlatform } from "./support/createPagePlatform.ts";
import { type OidcProvider, startOidcProvider } from "./support/startOidcProvider.ts";

describe("a backend for OAuth 2.0, against oidc-provider", () => {
  let server: OidcProvider;
  const clients: AuthClient[] = [];

  beforeAll(async () => {
    server = await startOidcProvider();
  });
  beforeEach(() => void server.answered.splice(0));
  afterEach(() => {
    server.setDown(false);
    for (const client of clients.splice(0)) client.dispose();
  });
  afterAll(() => server?.close());

  interface Page {
    readonly kept: { readonly token: string | null };
    readonly client: AuthClient;
    /** The next answers reach nobody, although the server gave them. */
    loseAnswers(isLosing: boolean): void;
  }

  function openPage({
    token = null,
    clientId = server.clientId,
  }: {
    token?: string | null;
    clientId?: string;
  } = {}): Page {
    const store = createMapStore();
    const kept = {
      get token(): string | null {
        const held = store.getItem("the-page:refresh-token") as string | null;
        return held === null ? null : (JSON.parse(held) as { refreshToken: string }).refreshToken;
      },
    };
    let isLosing = false;
    const { redirectUri, endpoints } = server;
    const platform = createPagePlatform(server.pageOrigin);
    const client = createAuthClient({
      backend: oauth2({
        clientId,
        redirectUri,
        endpoints,
        refreshToken: store,
        adoptRefreshToken: () => token,
        namespace: "the-page",
      }),
      platform: {
        ...platform,
        async fetch(input, init) {
          const response = await platform.fetch(input, init);
          if (isLosing) throw new TypeError("network changed");
          return response;
        },
      },
    });
    clients.push(client);
    client.start();
    return { kept, client, loseAnswers: (value) => void (isLosing = value) };
  }

  async function askForCode(subject: string) {
    const { clientId, redirectUri, endpoints } = server;
    const request = await createAuthorizationRequest({
      authorizationEndpoint: endpoints.authorization,
      clientId,
      redirectUri,
      scope: "openid offline_access email",
    });
    const code = readCode(await authorizeAs(subject, request.url, redirectUri), request);
    return { code, codeVerifier: request.codeVerifier };
  }

  async function openSignedInPage(subject = "ada"): Promise<Page> {
    const page = openPage();
    await page.client.signIn(codeCredentials(await askForCode(subject)));
    server.answered.splice(0);
    return page;
  }

  /** Asks the server itself, past every client. */
  const redeem = (token: string) =>
    fetch(server.endpoints.token, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token, client_id: server.clientId }),
    });

  it("signs in with a code and its verifier, and tells the user", async () => {
    const { client, kept } = openPage();
    const identity = await client.signIn(codeCredentials(await askForCode("ada")));
    expect(identity).toMatchObject({ subject: "ada", isGuest: false });
    expect(kept.token).not.toBeNull();
    expect(await client.fetchUser()).toMatchObject({ id: "ada", email: "ada@example.org", is_verified: true });
    expect(server.answered).toEqual(["authorization_code: ok"]);
  });

  it("refuses a code whose verifier is another page's", async () => {
    const { client } = openPage();
    const { code } = await askForCode("ada");
    const { codeVerifier } = await askForCode("ada");
    await expect(client.signIn(codeCredentials({ code, codeVerifier }))).rejects.toMatchObject({
      code: "credentialsRejected",
      status: 400,
    });
    expect(client.getState()).toMatchObject({ status: "unauthenticated" });
  });

  it("refreshes once however many ask, and holds another refresh token after each", async () => {
    const { client, kept } = await openSignedInPage();
    const [rejectedToken, first] = [await client.getAccessToken(), kept.token];
    const tokens = await Promise.all(Array.from({ length: 20 }, () => client.getAccessToken({ rejectedToken })));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens).not.toContain(rejectedToken);
    expect(server.answered).toEqual(["refresh_token: ok"]);
    const second = kept.token;
    await client.refresh();
    expect(new Set([first, second, kept.token]).size).toBe(3);
    expect(await client.fetchUser()).toMatchObject({ id: "ada" });
  });

  it("goes on at a later start as the same subject", async () => {
    const { client, kept } = await openSignedInPage("grace");
    client.dispose();
    const later = openPage({ token: kept.token });
    expect(await later.client.ready()).toMatchObject({ status: "authenticated", identity: { subject: "grace" } });
    expect(later.kept.token).not.toBe(kept.token);
    expect(server.answered).toEqual(["refresh_token: ok"]);
  });

  it("ends as expired when the server says `invalid_grant`, and asks no more", async () => {
    const { client, kept } = await openSignedInPage();
    const ended: unknown[] = [];
    client.on("sessionEnded", ({ reason }) => void ended.push(reason));
    const { token } = kept;
    await fetch(server.endpoints.revocation, {
      method: "POST",
      body: new URLSearchParams({ token: token ?? "", client_id: server.clientId }),
    });
    await expect(client.refresh()).rejects.toMatchObject({ code: "sessionEnded" });
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
    expect([ended, kept.token]).toEqual([["expired"], null]);
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: "sessionEnded" });
    expect(server.answered).toEqual(["refresh_token: invalid_grant"]);
  });

  it("ends for the owner too when somebody else uses an old refresh token", async () => {
    const { client, kept } = await openSignedInPage();
    const stolen = kept.token ?? "";
    await client.refresh();
    expect((await redeem(stolen)).status).toBe(400);
    await expect(client.refresh()).rejects.toMatchObject({ code: "sessionEnded" });
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
  });

  it("goes on through an outage, with the refresh token that it had", async () => {
    const { client, kept } = await openSignedInPage();
    const { token } = kept;
    server.setDown(true);
    await expect(client.refresh()).rejects.toMatchObject({ code: "unavailable" });
    expect([client.getState().status, kept.token]).toEqual(["authenticated", token]);
    server.setDown(false);
    await client.refresh();
    expect(server.answered).toEqual(["refresh_token: ok"]);
  });

  it("takes `invalid_client` for a wrong set-up, not for the end of a session", async () => {
    const { kept, client } = await openSignedInPage();
    client.dispose();
    const misconfigured = openPage({ token: kept.token, clientId: "somebody-else" });
    await expect(misconfigured.client.ready()).rejects.toMatchObject({ code: "unavailable" });
    expect(misconfigured.kept.token).toBe(kept.token);
    expect(server.answered).toEqual(["refresh_token: invalid_client"]);
    const { client: mended } = openPage({ token: kept.token });
    expect(await mended.ready()).toMatchObject({ status: "authenticated" });
  });

  it("loses its session with a lost answer: this server rotates without a grace time", async () => {
    const { client, loseAnswers } = await openSignedInPage();
    loseAnswers(true);
    await expect(client.refresh()).rejects.toMatchObject({ code: "unavailable" });
    expect(client.getState()).toMatchObject({ status: "authenticated" });
    loseAnswers(false);
    await expect(client.refresh()).rejects.toMatchObject({ code: "sessionEnded" });
    expect(server.answered).toEqual(["refresh_token: ok", "refresh_token: invalid_grant"]);
  });

  it("signs out: the refresh token is forgotten here, and everything of its grant is worthless there", async () => {
    const { client, kept } = await openSignedInPage();
    const [token, accessToken] = [kept.token ?? "", await client.getAccessToken()];
    await client.signOut();
    expect(kept.token).toBeNull();
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(await (await redeem(token)).json()).toMatchObject({ error: "invalid_grant" });
    const headers = { authorization: `Bearer ${accessToken}` };
    expect((await fetch(server.endpoints.userinfo, { headers })).status).toBe(401);
  });
});
