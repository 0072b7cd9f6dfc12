import { describe, expect, it } from "vitest";
import type { AuthStore } from "../../src/server/authStore.ts";
import { memoryStore } from "../../src/server/memoryStore.ts";
import { detailOf, openPage, startProgram, tokenOf } from "./support/page.ts";
import { createTestServer, openSignedInPage, PASSWORD, refresh, register, signIn } from "./support/testServer.ts";

interface Listed {
  readonly id: string;
  readonly current: boolean;
  readonly user_agent: string | null;
  readonly created_at: string;
  readonly last_refreshed_at: string;
  readonly expires_at: string;
}

describe("the list of sessions", () => {
  it("shows the subject's live sessions, the newest first, and which of them asks", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    await openSignedInPage(server, "stranger@example.org");
    server.advance(60);
    const phone = await signIn(openPage(server));
    const gone = openPage(server);
    const goneToken = await signIn(gone);
    await gone.send("POST", "/jwt/logout", { json: { session_id: goneToken.session.id } });
    await refresh(page);
    const { body } = await page.send("GET", "/sessions", { bearer: token.access_token });
    expect((body as Listed[]).map(({ id, current }) => [id, current])).toEqual([
      [phone.session.id, false],
      [token.session.id, true],
    ]);
    expect((body as Listed[])[1]).toEqual({
      id: token.session.id,
      current: true,
      method: "password",
      user_agent: null,
      client_name: null,
      bound: false,
      created_at: "2026-11-25T12:00:00.000Z",
      last_refreshed_at: "2026-11-25T12:00:00.000Z",
      expires_at: "2026-12-02T12:00:00.000Z",
    });
  });

  it("ends one session, all others, and never a stranger's", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const { page: strange, token: stranger } = await openSignedInPage(server, "stranger@example.org");
    const [phone, tablet, watch] = [openPage(server), openPage(server), openPage(server)];
    const phoneToken = await signIn(phone);
    await signIn(tablet);
    await signIn(watch);
    const bearer = token.access_token;
    const end = (id: string) => page.send("DELETE", `/sessions/${id}`, { bearer });
    expect((await end(phoneToken.session.id)).status).toBe(204);
    expect(detailOf(await refresh(phone))).toBe("REFRESH_TOKEN_REVOKED");
    const unknown = "AAAAAAAAAAAAAAAAAAAAAA";
    for (const id of [phoneToken.session.id, stranger.session.id, unknown, "x", "..%2f"])
      expect((await end(id)).status).toBe(404);
    expect((await refresh(strange)).status).toBe(200);
    expect((await page.send("DELETE", "/sessions", { bearer })).status).toBe(204);
    for (const ended of [tablet, watch]) expect(detailOf(await refresh(ended))).toBe("REFRESH_TOKEN_REVOKED");
    expect((await refresh(page)).status).toBe(200);
    expect((await refresh(strange)).status).toBe(200);
  });
});

describe("signing out", () => {
  // B112 https://github.com/micronaut-projects/micronaut-security/issues/718
  it("ends the session of the cookie, and only that of the subject's", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    const other = openPage(server);
    await signIn(other);
    expect((await page.send("POST", "/jwt/logout")).status).toBe(204);
    expect(page.jar.size).toBe(0);
    expect((await refresh(other)).status).toBe(200);
  });

  it("leaves a cookie of another session than the named one alone, and that session", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    const { page: late } = { page: openPage(server, { jar: new Map(page.jar) }) };
    const second = await signIn(page);
    await refresh(page);
    // The sign-out of the first session comes late, from a tab that sends the newest cookies.
    late.jar.clear();
    for (const [name, value] of page.jar) late.jar.set(name, value);
    const signedOut = await late.send("POST", "/jwt/logout", { json: { session_id: first.session.id } });
    expect(signedOut.status).toBe(204);
    expect(signedOut.setCookies.map(({ name }) => name)).toEqual([
      expect.stringMatching(new RegExp(`^refresh_token\\..*\\.${first.session.id.slice(0, 8)}$`)),
    ]);
    expect(tokenOf(await refresh(page)).session).toEqual(second.session);
  });

  it("ends the earlier sessions of the same browser with the named one, and no later one", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    // Two tabs sign in at once: neither request brings the other's cookie.
    const other = openPage(server);
    const second = await signIn(other);
    for (const [name, value] of other.jar) page.jar.set(name, value);
    const both = openPage(server, { jar: new Map(page.jar) });
    const third = await signIn(openPage(server, { jar: both.jar }));
    await both.send("POST", "/jwt/logout", { json: { session_id: second.session.id } });
    for (const { access_token: bearer } of [first, second]) {
      expect((await page.send("GET", "/users/me", { bearer })).status).toBe(401);
    }
    expect([...both.jar.keys()].map((name) => name.split(".").at(-1))).toEqual([third.session.id.slice(0, 8)]);
    expect(tokenOf(await refresh(both)).session).toEqual(third.session);
  });

  it("says which session it was where none was named, for the tabs that know it", async () => {
    const { page } = await openSignedInPage(createTestServer());
    const { session } = await signIn(page);
    const unnamed = await page.send("POST", "/jwt/logout");
    expect(unnamed.headers.get("Session-Ended")).toBe(`${session.number} ${session.id}`);
    expect((await page.send("POST", "/jwt/logout")).headers.get("Session-Ended")).toBeNull();
    const { session: next } = await signIn(page);
    const named = await page.send("POST", "/jwt/logout", { json: { session_id: next.id } });
    expect(named.headers.get("Session-Ended")).toBeNull();
  });

  it("works with an access token that has expired, for its own session and no other", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const other = openPage(server);
    const { session } = await signIn(other);
    server.advance(86_400);
    const bare = openPage(server);
    await bare.send("POST", "/jwt/logout", { bearer: token.access_token, json: { session_id: session.id } });
    expect((await refresh(other)).status).toBe(200);
    await bare.send("POST", "/jwt/logout", { bearer: token.access_token, json: { session_id: token.session.id } });
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REVOKED");
  });

  it("needs more than a name: whoever merely knows the session's id ends nothing", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const strange = openPage(server);
    for (const id of [token.session.id, "x", "a\r\nSet-Cookie: b=c", "A".repeat(22)]) {
      const answer = await strange.send("POST", "/jwt/logout", { json: { session_id: id } });
      expect(answer.status).toBe(204);
      for (const { name } of answer.setCookies) expect(name).toMatch(/^refresh_token\.80-\w+\.[\w-]{8}$/);
    }
    expect((await refresh(page)).status).toBe(200);
  });

  it("is done when there was no session, and when it is sent again", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    for (let time = 0; time < 3; time += 1) expect((await page.send("POST", "/jwt/logout")).status).toBe(204);
    expect(server.events.filter(({ type }) => type === "sessionEnded")).toHaveLength(1);
  });

  it("ends the session of a program by the token in the body", async () => {
    const server = createTestServer();
    const program = startProgram(server);
    await register(program);
    const { refresh_token: token } = await signIn(program);
    const json = { refresh_token: token };
    expect((await program.send("POST", "/jwt/logout", { json })).status).toBe(204);
    expect(detailOf(await program.send("POST", "/jwt/refresh", { json }))).toBe("REFRESH_TOKEN_REVOKED");
  });

  it("ends what the session was to replace, too", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    const second = await signIn(page);
    await page.send("POST", "/jwt/logout", { json: { session_id: second.session.id } });
    expect((await page.send("GET", "/users/me", { bearer: first.access_token })).status).toBe(401);
  });
});

describe("a sign-in over another session", () => {
  it("costs nobody their session when its answer is lost", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    await signIn(openPage(server, { jar: new Map(page.jar) }));
    expect(tokenOf(await refresh(page)).session).toEqual(first.session);
    expect(server.events.filter(({ type }) => type === "sessionEnded")).toEqual([]);
  });

  it("as somebody else ends the first session when the second is first presented", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    await register(page, "bob@example.org");
    const bob = await signIn(page, "bob@example.org");
    expect(bob.session.number).toBeGreaterThan(first.session.number);
    expect(tokenOf(await refresh(page)).subject).toBe(bob.subject);
    expect(server.events.filter(({ type }) => type === "sessionEnded")).toMatchObject([
      { sessionId: first.session.id, reason: "replaced" },
    ]);
  });

  it("ends the first session also where its cookie does not come along any more", async () => {
    const server = createTestServer();
    const { page, token: first } = await openSignedInPage(server);
    const [firstName = ""] = page.jar.keys();
    await signIn(page);
    page.jar.delete(firstName);
    expect((await refresh(page)).status).toBe(200);
    expect((await page.send("GET", "/users/me", { bearer: first.access_token })).status).toBe(401);
  });

  it("asks for a number above those of all sessions that came along, whatever was drawn before", async () => {
    const inner = memoryStore();
    const asked: number[] = [];
    const store: AuthStore = {
      ...inner,
      addSession(session) {
        asked.push(session.numberAbove);
        return inner.addSession(session);
      },
    };
    const { page, token } = await openSignedInPage(createTestServer({ store }));
    await signIn(page);
    expect(asked).toEqual([0, token.session.number]);
  });

  it("never continues a session that was presented: every sign-in has a new id", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const ids = new Set([token.session.id]);
    for (let round = 0; round < 3; round += 1) ids.add((await signIn(page)).session.id);
    expect(ids.size).toBe(4);
  });
});

describe("changing the password", () => {
  const NEW = "a new password";
  const change = (json: object, bearer: string) => ({ json, bearer });

  // B235 https://github.com/SandeepVashishtha/Eventra/issues/12429
  it("ends every other session without an alarm, and goes on in a new one", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const phone = openPage(server);
    const phoneToken = await signIn(phone);
    server.events.length = 0;
    const answer = await page.send(
      "PATCH",
      "/users/me",
      change({ password: NEW, current_password: PASSWORD }, token.access_token),
    );
    const changed = tokenOf(answer);
    expect(answer.body).toMatchObject({ id: token.subject, email: "ada@example.org" });
    expect(changed.session.id).not.toBe(token.session.id);
    expect(changed.session.number).toBeGreaterThan(phoneToken.session.number);
    expect(detailOf(await refresh(phone))).toBe("REFRESH_TOKEN_REVOKED");
    expect((await phone.send("GET", "/users/me", { bearer: phoneToken.access_token })).status).toBe(401);
    expect(tokenOf(await refresh(page)).session).toEqual(changed.session);
    expect(server.events.map(({ type }) => type)).not.toContain("reuseDetected");
    await expect(signIn(openPage(server))).rejects.toThrow("400");
    await signIn(openPage(server), "ada@example.org", NEW);
  });

  // X01
  it("needs the current password, however fresh the sign-in and whatever cookie comes along", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const bearer = token.access_token;
    for (const json of [{ password: NEW }, { password: NEW, current_password: null }]) {
      const without = await page.send("PATCH", "/users/me", change(json, bearer));
      expect([without.status, detailOf(without)]).toEqual([403, "REAUTHENTICATION_REQUIRED"]);
    }
    for (const current of ["wrong", ""]) {
      const json = { password: NEW, current_password: current };
      const wrong = await page.send("PATCH", "/users/me", change(json, bearer));
      expect([wrong.status, detailOf(wrong)]).toEqual([400, "CURRENT_PASSWORD_INVALID"]);
    }
    expect((await refresh(page)).status).toBe(200);
    await signIn(openPage(server));
  });

  it("is refused to guests, without a token, for a bad password and from a strange page, and changes nothing then", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const guest = tokenOf(await openPage(server).send("POST", "/guest"));
    const body = { password: NEW, current_password: PASSWORD };
    expect(detailOf(await openPage(server).send("PATCH", "/users/me", change(body, guest.access_token)))).toBe("GUEST");
    expect((await page.send("PATCH", "/users/me", { json: body })).status).toBe(401);
    const short = await page.send("PATCH", "/users/me", change({ ...body, password: "short" }, token.access_token));
    expect(detailOf(short)).toMatchObject({ code: "UPDATE_USER_INVALID_PASSWORD" });
    expect((await page.send("PATCH", "/users/me", change({}, token.access_token))).status).toBe(422);
    const strange = {
      ...change(body, token.access_token),
      headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    };
    expect((await page.send("PATCH", "/users/me", strange)).status).toBe(403);
    expect((await refresh(page)).status).toBe(200);
    await signIn(openPage(server));
  });

  it("happens once when two come at the same moment", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const attempts = await Promise.all(
      ["password one", "password two"].map((password) =>
        page.send("PATCH", "/users/me", change({ password, current_password: PASSWORD }, token.access_token)),
      ),
    );
    expect(attempts.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
  });
});

describe("what an operator does", () => {
  it.each([
    [
      "deactivated",
      (server: ReturnType<typeof createTestServer>, id: string) => server.subjects.change(id, { isActive: false }),
    ],
    ["deleted", (server: ReturnType<typeof createTestServer>, id: string) => server.subjects.delete(id)],
    [
      "given a new password",
      (server: ReturnType<typeof createTestServer>, id: string) => server.subjects.resetPassword(id, "a new password"),
    ],
    [
      "signed out everywhere",
      (server: ReturnType<typeof createTestServer>, id: string) => server.subjects.endSessions(id),
    ],
  ])("ends every session of a subject who is %s, without an alarm", async (_, act) => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    const ended: string[] = [];
    const stop = server.onSessionEnded((id) => void ended.push(id));
    await act(server, token.subject);
    expect(ended).toEqual([token.session.id]);
    expect((await page.send("GET", "/users/me", { bearer: token.access_token })).status).toBe(401);
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_REVOKED");
    expect(server.events.map(({ type }) => type)).not.toContain("reuseDetected");
    stop();
  });

  it("finds nobody where there is nobody", async () => {
    const { subjects } = createTestServer();
    expect(await subjects.find("x")).toBeNull();
    expect(await subjects.change("x", { isActive: false })).toBeNull();
    expect(await subjects.resetPassword("x", "long enough")).toBeNull();
    expect(await subjects.delete("x")).toBe(false);
    await expect(subjects.resetPassword("x", "short")).rejects.toThrow(RangeError);
  });
});

describe("time on the server", () => {
  it("that is set back neither ends sessions nor raises alarms", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    await refresh(page);
    server.advance(-3600);
    for (let round = 0; round < 3; round += 1) expect((await refresh(page)).status).toBe(200);
    server.advance(7200);
    expect((await refresh(page)).status).toBe(200);
    expect(server.events.map(({ type }) => type)).not.toContain("reuseDetected");
  });

  // B183 https://github.com/sjacorg/bayanat/pull/343
  it("ends a session that is refreshed all the time, at its absolute lifetime", async () => {
    const server = createTestServer({ sessionLifetimeSeconds: 3600 });
    const { page } = await openSignedInPage(server);
    for (let minutes = 0; minutes < 59; minutes += 1) {
      server.advance(60);
      expect((await refresh(page)).status).toBe(200);
    }
    server.advance(60);
    expect(detailOf(await refresh(page))).toBe("REFRESH_TOKEN_EXPIRED");
  });

  it("sweeps what ended a week ago by itself, when requests come", async () => {
    const server = createTestServer();
    const { page, token } = await openSignedInPage(server);
    await page.send("POST", "/jwt/logout", { json: { session_id: token.session.id } });
    server.advance(8 * 86_400);
    await openPage(server).send("GET", "/health");
    expect(await server.sweep()).toBe(0);
  });
});
