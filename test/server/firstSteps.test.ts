import { describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/server/sqliteStore.ts";
import { detailOf, openPage, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, signIn } from "./support/testServer.ts";

describe.each([
  ["memory", () => ({})],
  ["sqlite", () => ({ store: sqliteStore({ path: ":memory:" }) })],
])("a session from its first to its last moment, in the %s store", (_, options) => {
  it("is registered, signed in, refreshed, looked at and signed out", async () => {
    const server = createTestServer(options());
    const { page, token } = await openSignedInPage(server);
    expect(page.jar.size).toBe(1);
    const me = await page.send("GET", "/users/me", { bearer: token.access_token });
    expect(me.body).toMatchObject({ id: token.subject, email: "ada@example.org", is_guest: false, is_active: true });

    const refreshed = tokenOf(await refresh(page));
    expect(refreshed.session).toEqual(token.session);
    expect(server.events.map(({ type }) => type)).toEqual(["registered", "signedIn", "refreshed"]);

    const signedOut = await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
    expect(signedOut.status).toBe(204);
    expect(page.jar.size).toBe(0);
    expect((await page.send("GET", "/users/me", { bearer: refreshed.access_token })).status).toBe(401);
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_MISSING");
    await server.close();
  });

  it("begins anew with a greater number at each sign-in, and ends what it replaces when it is first presented", async () => {
    const server = createTestServer(options());
    const { page, token: first } = await openSignedInPage(server);
    const second = await signIn(page);
    expect(second.session.number).toBeGreaterThan(first.session.number);
    expect(page.jar.size).toBe(2);
    expect((await page.send("GET", "/users/me", { bearer: first.access_token })).status).toBe(200);
    expect(tokenOf(await refresh(page)).session).toEqual(second.session);
    expect(page.jar.size).toBe(1);
    expect((await page.send("GET", "/users/me", { bearer: first.access_token })).status).toBe(401);
    await server.close();
  });

  it("refuses a guest where a user is signed in, and makes one where nobody is", async () => {
    const server = createTestServer(options());
    const { page } = await openSignedInPage(server);
    expect(detailOf(await page.send("POST", "/guest"))).toBe("SESSION_EXISTS");
    const guest = tokenOf(await openPage(server).send("POST", "/guest"));
    const me = await page.send("GET", "/users/me", { bearer: guest.access_token });
    expect(me.body).toMatchObject({ is_guest: true, email: null });
    await server.close();
  });
});
