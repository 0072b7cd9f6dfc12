import { describe, expect, it } from "vitest";
import { type Answer, openPage, tokenOf } from "./support/page.ts";
import { createTestServer, PASSWORD, refresh, register } from "./support/testServer.ts";

const login = (persistent?: string) => ({
  form: { username: "ada@example.org", password: PASSWORD, ...(persistent !== undefined && { persistent }) },
});

const endsWithBrowser = ({ setCookies }: Answer) =>
  setCookies.length === 1 &&
  setCookies.every(({ attributes }) => !attributes.some((each) => /^(max-age|expires)=/i.test(each)));

describe("a sign-in that is to end with the browser", () => {
  // A06, https://github.com/better-auth/better-auth/pull/4558
  it("sets a cookie without a lifetime, and so does each rotation and repetition", async () => {
    const server = createTestServer();
    const page = openPage(server);
    await register(page);
    expect(endsWithBrowser(await page.send("POST", "/jwt/login", login("false")))).toBe(true);
    for (let round = 0; round < 3; round += 1) {
      server.advance(60);
      expect(endsWithBrowser(await refresh(page))).toBe(true);
      expect(endsWithBrowser(await refresh(page))).toBe(true);
    }
    expect(server.events.filter(({ type }) => type === "refreshed")).toHaveLength(3);
    expect(server.events.filter(({ type }) => type === "graceRepeat")).toHaveLength(3);
  });

  it("lives for a day without a refresh, or as long as is said, and never for longer than others", async () => {
    const day = 86_400;
    const lifetimes = [
      [{}, day],
      [{ browserSessionLifetimeSeconds: 7200 }, 7200],
      [{ browserSessionLifetimeSeconds: 7200, refreshTokenLifetimeSeconds: 3600 }, 3600],
    ] as const;
    for (const [options, seconds] of lifetimes) {
      const server = createTestServer(options);
      const page = openPage(server);
      await register(page);
      const { body } = await page.send("POST", "/jwt/login", login("false"));
      expect(body).toMatchObject({ session: { expires_in: seconds } });
      server.advance(seconds - 1);
      expect((await refresh(page)).status).toBe(200);
      server.advance(seconds);
      expect(await refresh(page)).toMatchObject({ status: 401, body: { detail: "REFRESH_TOKEN_EXPIRED" } });
    }
  });

  it("stays one when its password is changed", async () => {
    const server = createTestServer();
    const page = openPage(server);
    await register(page);
    const { access_token: bearer } = tokenOf(await page.send("POST", "/jwt/login", login("false")));
    const json = { password: "battery staple", current_password: PASSWORD };
    expect(endsWithBrowser(await page.send("PATCH", "/users/me", { bearer, json }))).toBe(true);
  });

  it("is told from one that stays, which is what is made where nothing is said", async () => {
    const server = createTestServer();
    const page = openPage(server);
    await register(page);
    for (const persistent of [undefined, "true"]) {
      const { setCookies } = await page.send("POST", "/jwt/login", login(persistent));
      expect(setCookies[0]?.attributes).toContain("Max-Age=604800");
    }
    expect((await page.send("POST", "/jwt/login", login("no"))).status).toBe(422);
  });

  it("is what `startSession` makes of `persistent: false`", async () => {
    const server = createTestServer();
    const subject = await server.subjects.add({});
    const headers = { origin: "http://localhost", "sec-fetch-site": "same-origin" };
    const request = new Request("http://localhost/code", { method: "POST", headers });
    const response = await server.startSession(subject?.id ?? "", request, { persistent: false });
    expect(response.headers.getSetCookie()).toEqual([expect.not.stringMatching(/max-age|expires/i)]);
  });
});
