import { describe, expect, it } from "vitest";
import { detailOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, register, signIn } from "./support/testServer.ts";
import { openPage } from "./support/page.ts";

const proof = { current_password: PASSWORD };

async function openAccount() {
  const server = createTestServer();
  const { page, token } = await openSignedInPage(server);
  const bearer = token.access_token;
  const change = (method: string, json: object) => page.send(method, "/users/me", { bearer, json });
  return { server, page, token, bearer, change };
}

describe("another e-mail address", () => {
  it("takes the password, is to be confirmed anew, and leaves every session as it is", async () => {
    const { server, page, token, change } = await openAccount();
    await server.subjects.change(token.subject, { isVerified: true });
    const answer = await change("PATCH", { email: "grace@example.org", ...proof });
    expect(answer).toMatchObject({
      status: 200,
      body: { id: token.subject, email: "grace@example.org", is_verified: false },
    });
    expect(answer.body).not.toHaveProperty("access_token");
    expect((await refresh(page)).status).toBe(200);
    expect(server.events.map(({ type }) => type)).toContain("emailChanged");
    expect((await signIn(openPage(server), "grace@example.org")).subject).toBe(token.subject);
  });

  it("is refused without the password, with a wrong one, as no address, and as somebody else's", async () => {
    const { server, token, change } = await openAccount();
    await register(openPage(server), "bob@example.org");
    const email = "grace@example.org";
    expect(await change("PATCH", { email })).toMatchObject({ status: 403 });
    expect(detailOf(await change("PATCH", { email, current_password: "wrong horse" }))).toBe(
      "CURRENT_PASSWORD_INVALID",
    );
    expect((await change("PATCH", { email: "nobody", ...proof })).status).toBe(422);
    expect((await change("PATCH", proof)).status).toBe(422);
    const taken = await change("PATCH", { email: "BOB@example.org", ...proof });
    expect(detailOf(taken)).toBe("UPDATE_USER_EMAIL_ALREADY_EXISTS");
    expect(await server.subjects.find(token.subject)).toMatchObject({ email: "ada@example.org" });
  });
});

describe("the deletion of an account", () => {
  it("takes the password, ends all of its sessions, and frees the address", async () => {
    const { server, page, token, bearer, change } = await openAccount();
    const elsewhere = openPage(server);
    await signIn(elsewhere);
    expect(await change("DELETE", proof)).toMatchObject({ status: 204 });
    expect(page.jar.size).toBe(0);
    expect((await page.send("GET", "/users/me", { bearer })).status).toBe(401);
    expect(detailOf(await refresh(elsewhere))).toBe("REFRESH_TOKEN_REVOKED");
    expect(server.events.map(({ type }) => type)).toContain("accountDeleted");
    await register(openPage(server));
    expect((await signIn(openPage(server))).subject).not.toBe(token.subject);
  });

  it("does nothing without the password, with a wrong one, or for a guest", async () => {
    const { server, token, change } = await openAccount();
    expect(await change("DELETE", {})).toMatchObject({ status: 403 });
    expect(detailOf(await change("DELETE", { current_password: "wrong horse" }))).toBe("CURRENT_PASSWORD_INVALID");
    expect(await server.subjects.find(token.subject)).not.toBeNull();
    const guest = openPage(server);
    const { body } = await guest.send("POST", "/guest");
    const { access_token: guestToken } = body as { access_token: string };
    expect(detailOf(await guest.send("DELETE", "/users/me", { bearer: guestToken, json: proof }))).toBe("GUEST");
  });
});
