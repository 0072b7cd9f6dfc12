import { describe, expect, it } from "vitest";
import { openPage, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, register, signIn } from "./support/testServer.ts";

/** A program that is signed in, on a server that can be asked what has ended. */
async function startSignedIn() {
  const server = createTestServer();
  const program = startProgram(server);
  await register(program);
  const token = await signIn(program);
  const revoke = (form: Readonly<Record<string, string>>) => program.send("POST", "/revoke", { form });
  const refresh = (refresh_token = token.refresh_token) =>
    program.send("POST", "/jwt/refresh", { json: { refresh_token } });
  return { server, program, token, revoke, refresh };
}

describe("a token that its owner revokes (RFC 7009)", () => {
  it.each([[undefined], ["refresh_token"], ["access_token"], ["nonsense"]])(
    "ends its session by the refresh token, whatever the hint says: %s",
    async (hint) => {
      const { server, token, revoke, refresh } = await startSignedIn();
      const revoked = await revoke({ token: token.refresh_token ?? "", ...(hint && { token_type_hint: hint }) });
      expect([revoked.status, revoked.body]).toEqual([200, ""]);
      expect(revoked.headers.get("cache-control")).toContain("no-store");
      expect(await refresh()).toMatchObject({ status: 401, body: { detail: "REFRESH_TOKEN_REVOKED" } });
      expect(server.events.at(-1)).toMatchObject({ type: "sessionEnded", reason: "signedOut" });
    },
  );

  it("ends its session by the access token, also by one that has expired", async () => {
    const { server, token, revoke, refresh, program } = await startSignedIn();
    expect((await revoke({ token: token.access_token, token_type_hint: "access_token" })).status).toBe(200);
    expect((await refresh()).status).toBe(401);
    const second = await signIn(program);
    server.advance(3600);
    expect((await revoke({ token: second.access_token })).status).toBe(200);
    expect((await refresh(second.refresh_token)).status).toBe(401);
  });

  it("is answered 200 also when it is no token, or none any more, and ends nothing else", async () => {
    const { token, revoke, refresh } = await startSignedIn();
    const forged = `${token.refresh_token?.slice(0, -2)}AA`;
    for (const text of ["x", forged, "eyJhbGciOiJub25lIn0.e30."])
      expect((await revoke({ token: text })).status).toBe(200);
    expect((await refresh()).status).toBe(200);
    await revoke({ token: token.refresh_token ?? "" });
    expect((await revoke({ token: token.refresh_token ?? "" })).status).toBe(200);
  });

  it("is asked for: without one the answer is 400 `invalid_request`", async () => {
    const { revoke } = await startSignedIn();
    for (const form of [{}, { token: "" }, { token_type_hint: "access_token" }]) {
      expect(await revoke(form)).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    }
  });

  it("takes what its session was to replace along", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const next = await signIn(page);
    await startProgram(server).send("POST", "/revoke", { form: { token: next.access_token } });
    for (const { session } of [token, next]) {
      expect(server.events).toContainEqual(expect.objectContaining({ type: "sessionEnded", sessionId: session.id }));
    }
  });

  it("is not taken from a page, nor from a cookie", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const [cookie = ""] = page.jar.values();
    expect(await page.send("POST", "/revoke", { form: { token: cookie } })).toMatchObject({
      status: 403,
      body: { detail: "ORIGIN_NOT_ALLOWED" },
    });
    expect((await startProgram(server).send("POST", "/revoke", { form: { token: cookie } })).status).toBe(200);
    expect(tokenOf(await page.send("POST", "/jwt/refresh")).session.id).toBeDefined();
    expect((await openPage(server).send("POST", "/revoke", { form: { token: cookie } })).status).toBe(403);
  });
});
