import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import type { Signal } from "../../src/core/ports.ts";
import { createTabs } from "../../src/testing/createTabs.ts";
import { readBearer } from "../../src/testing/requestRecord.ts";
import type { SimulatedTab } from "../../src/testing/simulatedTab.ts";
import { ADA } from "./support.ts";
import { API, openSignedInTabs, openTabs, outcomeOf, REFRESH, UNAUTHORIZED } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

const held = (client: AuthClient): string => client.accessToken.getState() ?? "";
const isApi = "/users/me";

describe("one refresh for everybody in a tab", () => {
  // B001 https://github.com/Flyrell/axios-auth-refresh/issues/210
  it.each([0, 20, 400, 6_000])(
    "is shared by three clients of the API whose requests fail together (%i ms)",
    async (delayMs) => {
      await using opened = await openSignedInTabs(1);
      const { world, at, sent } = opened;
      const { client, tab } = at(1);
      const carried: (string | null)[] = [];
      const fetch: typeof globalThis.fetch = (input, init) => {
        carried.push(new Headers(init?.headers).get("authorization"));
        return tab.platform.fetch(input, init);
      };
      const apis = [1, 2, 3].map(() => authorizeFetch(client, { fetch }));
      for (const number of [1, 2, 3])
        world.network.addFault({ match: isApi, delayAfterMs: number * 3, answer: UNAUTHORIZED });
      world.network.addFault({ match: REFRESH, delayAfterMs: delayMs });
      const before = held(client);
      const answers = await world.until(Promise.all(apis.map((api) => api(API))));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(sent(REFRESH)).toHaveLength(1);
      expect(carried).toEqual([
        ...Array<string>(3).fill(`Bearer ${before}`),
        ...Array<string>(3).fill(`Bearer ${held(client)}`),
      ]);
      expect(held(client)).not.toBe(before);
    },
  );

  // B002 https://github.com/Flyrell/axios-auth-refresh/issues/90
  it.each([1, 2, 5, 40])("answers all of %i requests that were refused, each sent once more", async (count) => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    world.network.addFault({ match: isApi, times: count, answer: UNAUTHORIZED });
    world.network.addFault({ match: REFRESH, delayAfterMs: 200 });
    const answers = await world.until(Promise.all(Array.from({ length: count }, () => at(1).request())));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(sent(REFRESH)).toHaveLength(1);
    expect(sent(isApi)).toHaveLength(2 * count);
  });

  // B004 https://github.com/Mentra-Community/MentraOS/pull/3449
  it.each([400, 900, 40_000])(
    "is not repeated for a request refused %i ms after it was sent with the old token",
    async (lateMs) => {
      await using opened = await openSignedInTabs(1);
      const { world, at, sent } = opened;
      const { client } = at(1);
      await world.advance(60_000);
      opened.forget();
      // The fault that was added last applies first.
      world.network.addFault({ match: isApi, delayAfterMs: lateMs, answer: UNAUTHORIZED });
      world.network.addFault({ match: isApi, answer: UNAUTHORIZED });
      world.network.addFault({ match: REFRESH, delayAfterMs: 300 });
      const early = at(1).request();
      const late = at(1).request();
      await world.until(early);
      const renewed = held(client);
      expect((await world.until(late)).status).toBe(200);
      expect(sent(REFRESH)).toHaveLength(1);
      expect(held(client)).toBe(renewed);
      expect(sent(isApi)).toHaveLength(4);
    },
  );

  // B004 https://github.com/Mentra-Community/MentraOS/pull/3449
  it("is not begun by somebody who rejects a token that is no longer in use", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    const first = held(at(1).client);
    await world.until(at(1).client.refresh());
    const second = held(at(1).client);
    for (const rejectedToken of [first, "never.seen.here", ""])
      await expect(world.until(at(1).client.getAccessToken({ rejectedToken }))).resolves.toBe(second);
    expect(sent(REFRESH)).toHaveLength(1);
  });

  // B005 https://github.com/Flyrell/axios-auth-refresh/issues/12
  it.each([
    { lifetimeSeconds: 5, expiries: 12 },
    { lifetimeSeconds: 60, expiries: 6 },
    { lifetimeSeconds: 900, expiries: 4 },
  ])(
    "comes before the request at each of $expiries expiries ($lifetimeSeconds s)",
    async ({ lifetimeSeconds, expiries }) => {
      await using opened = await openSignedInTabs(1, { server: { accessTokenLifetimeSeconds: lifetimeSeconds } });
      const { world, at, sent } = opened;
      const seen = new Set<string>();
      for (let expiry = 0; expiry < expiries; expiry += 1) {
        // Asleep: no timer renews it, and the next request finds it spent.
        await world.clock.sleep(Math.max(lifetimeSeconds * 1_000, 31_000));
        opened.forget();
        expect((await world.until(at(1).request())).status).toBe(200);
        expect(sent(REFRESH)).toHaveLength(1);
        expect(sent(isApi).map(({ serverStatus }) => serverStatus)).toEqual([200]);
        seen.add(held(at(1).client));
      }
      expect(seen.size).toBe(expiries);
    },
  );

  // B005 https://github.com/Flyrell/axios-auth-refresh/issues/12
  it("is made for the fifth refused request as for the first", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    for (let round = 1; round <= 5; round += 1) {
      await world.advance(60_000);
      world.network.addFault({ match: isApi, answer: UNAUTHORIZED });
      expect((await world.until(at(1).request())).status).toBe(200);
      expect(sent(REFRESH)).toHaveLength(round);
    }
  });

  // B007 https://github.com/react-keycloak/keycloak-ts/issues/5
  it.each([
    [200, "refreshed"],
    [400, "refreshFailed"],
    [500, "refreshFailed"],
    [401, "sessionEnded"],
  ] as const)("has one outcome: %i is told as %s and nothing else", async (status, event) => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    if (status !== 200)
      world.network.addFault({
        match: REFRESH,
        answer: { status, body: JSON.stringify({ detail: status === 401 ? "REFRESH_TOKEN_EXPIRED" : "BAD" }) },
      });
    await world.until(
      at(1)
        .client.refresh()
        .catch(() => {}),
    );
    expect(at(1).told.filter((name) => name !== "identityChanged")).toEqual([event]);
  });

  // B146 https://github.com/logto-io/js/issues/1073
  it("is not needed right after a sign-in, nor in a listener that hears of it first", async () => {
    await using opened = await openTabs(1);
    const { world, at, sent } = opened;
    const { client } = at(1);
    const early: Promise<string>[] = [];
    client.on("signedIn", () => void early.push(client.getAccessToken()));
    client.subscribe(() => {
      if (client.getState().status === "authenticated") early.push(client.getAccessToken());
    });
    client.accessToken.subscribe(() => void early.push(client.getAccessToken()));
    const after = client.signIn(ADA).then(() => Promise.all([1, 2, 3, 4, 5].map(() => client.getAccessToken())));
    const got = [...(await world.until(after)), ...(await world.until(Promise.all(early)))];
    expect(early).toHaveLength(3);
    expect(new Set(got)).toEqual(new Set([held(client)]));
    expect(sent(REFRESH)).toHaveLength(0);
  });

  // B238 https://github.com/jetbridge/axios-jwt/pull/11
  it.each([0, 1, 50, 500, 5_000])(
    "is one when five requests begin at intervals and the answer takes %i ms",
    async (delayMs) => {
      for (const spreadMs of [0, 15, 60]) {
        await using opened = await openSignedInTabs(1);
        const { world, at, sent } = opened;
        const { client } = at(1);
        await world.clock.sleep(900_000);
        opened.forget();
        world.network.addFault({ match: REFRESH, delayBeforeMs: delayMs / 2, delayAfterMs: delayMs / 2 });
        const begun: Promise<Response>[] = [];
        for (let request = 0; request < 5; request += 1) {
          begun.push(at(1).request());
          await world.advance(spreadMs);
        }
        const answers = await world.until(Promise.all(begun));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
        expect(sent(REFRESH)).toHaveLength(1);
        expect(held(client)).not.toBe("");
      }
    },
  );

  it("is shared by a timer, a refused request, wake-ups and calls by hand", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    const { client, tab } = at(1);
    await world.clock.sleep(900_000);
    opened.forget();
    world.network.addFault({ match: REFRESH, delayAfterMs: 2_000 });
    const rejectedToken = held(client);
    const signals: readonly Signal[] = ["visible", "online", "resumed", "restored", "visible"];
    for (const signal of signals) tab.signal(signal);
    const work = [
      client.refresh(),
      client.getAccessToken({ rejectedToken }),
      client.getAccessToken(),
      client.fetchUser(),
      at(1).request(),
    ].map((promise) => outcomeOf(promise));
    await world.advance(3_000);
    expect(work.map(({ value }) => value)).toEqual(Array<string>(5).fill("resolved"));
    expect(sent(REFRESH)).toHaveLength(1);
    expect(at(1).told).toEqual(["refreshed"]);
  });

  it.each([100_000, 880_000, 10_000_000])(
    "is made for a token that is not good for the %i ms asked for, once",
    async (minValidityMs) => {
      await using opened = await openSignedInTabs(1);
      const { world, at, sent } = opened;
      const { client } = at(1);
      await world.clock.sleep(810_000);
      opened.forget();
      const before = held(client);
      const got = await world.until(Promise.all([1, 2, 3].map(() => client.getAccessToken({ minValidityMs }))));
      expect(new Set(got)).toEqual(new Set([held(client)]));
      expect(got[0]).not.toBe(before);
      // No longer life was to be had: asking again at once brings nothing.
      await world.until(client.getAccessToken({ minValidityMs }));
      expect(sent(REFRESH)).toHaveLength(1);
    },
  );

  it("goes on for the others when one of them gives up", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    await world.clock.sleep(900_000);
    opened.forget();
    world.network.addFault({ match: REFRESH, delayAfterMs: 2_000 });
    const controller = new AbortController();
    const impatient = outcomeOf(at(1).client.getAccessToken({ signal: controller.signal }));
    const patient = outcomeOf(at(1).client.getAccessToken());
    await world.advance(100);
    controller.abort();
    await world.settle();
    expect(impatient.value).toBe("aborted");
    await world.advance(2_000);
    expect(patient.value).toBe("resolved");
    expect(sent(REFRESH)).toHaveLength(1);
  });

  // B192 https://github.com/Bike4Mind/bike4mind/pull/1801
  it("is not undone by a slow answer to who am I that was asked with the token before", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    const { client } = at(1);
    const before = held(client);
    world.network.addFault({
      match: isApi,
      delayAfterMs: 3_000,
      answer: {
        status: 200,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ id: "ada", access_token: before, token: before }),
      },
    });
    const user = client.fetchUser();
    await world.advance(100);
    await world.until(client.refresh());
    const renewed = held(client);
    await world.until(user);
    expect(renewed).not.toBe(before);
    expect(held(client)).toBe(renewed);
    expect(await world.until(client.getAccessToken())).toBe(renewed);
  });

  // B240 https://github.com/lelylan/simple-oauth2/issues/88
  it("belongs to its client: of fifty in one process each gets tokens of its own subject", async () => {
    await using opened = await openTabs(0);
    const { server, clock } = opened;
    const users = Array.from({ length: 50 }, (_, index) => ({
      username: `user${index}@example.org`,
      password: "correct horse",
    }));
    const worlds = users.map((_, seed) => createTabs(1, { app: server.app, clock, seed }));
    const clients = worlds.map((world) => createAuthClient({ platform: (world.tabs[0] as SimulatedTab).platform }));
    for (const world of worlds) {
      world.network.latencyMs = [1, 400];
    }
    const subjects = await clock.until(
      Promise.all(
        users.map(async ({ username, password }, index) => {
          const { subject } = unchallenged(
            await (clients[index] as AuthClient).register({ email: username, password }),
          );
          return subject;
        }),
      ),
    );
    expect(new Set(subjects).size).toBe(50);
    for (let round = 0; round < 3; round += 1) {
      const tokens = await clock.until(
        Promise.all(
          clients.map(async (client) => {
            await client.refresh();
            return client.getAccessToken();
          }),
        ),
      );
      expect(tokens.map((token) => readBearer(`Bearer ${token}`).subject)).toEqual(subjects);
    }
    for (const client of clients) client.dispose();
    await clock.settle();
    for (const world of worlds) world.dispose();
  });

  // B230 https://github.com/axios/axios/issues/587
  it("sends the cookie along, as every call of the auth endpoints does, and as no other does", async () => {
    await using opened = await openTabs(1);
    const { world, at } = opened;
    const { client, tab } = at(1);
    const modes = new Map<string, RequestCredentials | undefined>();
    const { fetch } = tab.platform;
    const spied: typeof fetch = (input, init) => {
      const address = input instanceof Request ? input.url : input;
      modes.set(new URL(address, "https://app.example").pathname, init?.credentials);
      return fetch(input, init);
    };
    tab.platform.fetch = spied;
    await world.until(client.signIn(ADA));
    await world.until(client.refresh());
    await world.until(client.fetchUser());
    await world.until(client.signOut());
    await world.until(client.register({ email: "new@example.org", password: "correct horse" }));
    await world.until(client.signOut());
    await world.until(client.signInAsGuest());
    expect([...modes.values()]).toEqual([...modes.keys()].map(() => "include"));
    expect([...modes.keys()].map((path) => path.replace("/v1/auth", "")).sort()).toEqual(
      ["/guest", "/jwt/login", "/jwt/logout", "/jwt/refresh", "/register", "/users/me"].sort(),
    );
    modes.clear();
    await world.until(authorizeFetch(client, { fetch: spied })("https://app.example/api/notes"));
    expect([...modes.values()]).toEqual([undefined]);
  });
});
