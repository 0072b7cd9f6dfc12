import { describe, expect, it } from "vitest";
import { type Answer, openPage } from "./support/page.ts";
import { createTestServer, openSignedInPage, refresh, type TestServer } from "./support/testServer.ts";

interface Told {
  readonly last_refreshed_at: string;
  readonly expires_at: string;
}

/** Each moment that clients are told of the session, in milliseconds since 1970. */
async function momentsTold(server: TestServer, refreshed: Answer): Promise<Record<string, number>> {
  const { access_token: bearer, session } = refreshed.body as {
    access_token: string;
    session: { expires_in: number; ends_in: number };
  };
  const list = await openPage(server).send("GET", "/sessions", { bearer });
  const [{ last_refreshed_at: last, expires_at: end }] = list.body as [Told];
  const attribute = refreshed.setCookies[0]?.attributes.find((each) => each.startsWith("Max-Age="));
  return {
    maxAge: server.now() + Number(attribute?.slice(8)) * 1000,
    expiresIn: server.now() + session.expires_in * 1000,
    last: Date.parse(last),
    end: Date.parse(end),
  };
}

// X02: who knows when a token was last rotated knows when to present a copy of it.
describe("what clients are told of a session's times", () => {
  it("is the same wherever in the hour the last rotation was", async () => {
    const told = [];
    for (const minute of [1, 20, 40, 59]) {
      const server = createTestServer();
      const { page } = await openSignedInPage(server);
      server.advance(3600 + minute * 60);
      await refresh(page);
      server.advance(7);
      told.push(await momentsTold(server, await refresh(page)));
    }
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]).toMatchObject({
      last: Date.parse("2026-11-25T13:00:00Z"),
      end: Date.parse("2026-12-02T13:00:00Z"),
      maxAge: Date.parse("2026-12-02T13:00:00Z"),
      expiresIn: Date.parse("2026-12-02T13:00:00Z"),
    });
  });

  it("never puts the last refresh before the sign-in", async () => {
    const server = createTestServer();
    server.advance(1234);
    const { page } = await openSignedInPage(server);
    const { last } = await momentsTold(server, await refresh(page));
    expect(last).toBe(server.now());
  });

  it("is coarse to a twenty-fourth where a session lasts less than a day, so that a cookie is never cleared by it", async () => {
    for (const idle of [120, 600, 3_600, 86_000]) {
      const server = createTestServer({ refreshTokenLifetimeSeconds: idle });
      const { page } = await openSignedInPage(server);
      for (let round = 0; round < 30; round += 1) {
        server.advance(idle * 0.9);
        const answer = await refresh(page);
        expect(answer.status).toBe(200);
        const { maxAge = 0 } = await momentsTold(server, answer);
        expect(maxAge - server.now()).toBeGreaterThan(0);
        expect(maxAge - server.now()).toBeLessThanOrEqual(idle * 1000);
      }
    }
  });

  it("is exact about the end that no refresh moves", async () => {
    const server = createTestServer();
    const { page } = await openSignedInPage(server);
    server.advance(100.5);
    const { session } = (await refresh(page)).body as { session: { ends_in: number } };
    expect(session.ends_in).toBe(7_776_000 - 101);
    for (let day = 1; day < 90; day += 1) {
      server.advance(86_400 - 2);
      const answer = (await refresh(page)).body as { session: { expires_in: number; ends_in: number } };
      if (day > 83) expect(answer.session.expires_in).toBe(answer.session.ends_in);
    }
  });
});
