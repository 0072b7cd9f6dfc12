import { describe, expect, it } from "vitest";
import { ADA, BOB } from "./support.ts";
import { openSignedInTabs, outcomeOf, REFRESH, UNAUTHORIZED } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

const LANDINGS = [
  { request: "arrives", cookies: "land" },
  { request: "arrives", cookies: "lost" },
  { request: "lost", cookies: "lost" },
] as const;

/** Two tabs that have been signed in for a while; the next refresh is held, and given up it comes to what `given` says. */
async function openHolding(given: (typeof LANDINGS)[number] & { readonly hold: "before" | "after" }) {
  const opened = await openSignedInTabs(2);
  const { world } = opened;
  await world.advance(60_000);
  opened.forget();
  world.network.abandoned = { request: given.request, cookies: given.cookies };
  return { ...opened, held: world.network.addFault({ match: REFRESH, hold: given.hold }) };
}

describe("a sign-out while a refresh is under way", () => {
  // B049 https://github.com/logto-io/kotlin/issues/253
  it.each(LANDINGS.flatMap((landing) => (["before", "after"] as const).map((hold) => ({ hold, ...landing }))))(
    "stays a sign-out, whenever the answer comes (held $hold the server, request $request, cookies $cookies)",
    async (given) => {
      await using opened = await openHolding(given);
      const { world, at, tabs, identity, held } = opened;
      const asked = outcomeOf(
        at(1).client.getAccessToken({ rejectedToken: at(1).client.accessToken.getState() ?? "" }),
      );
      await world.advance(10);
      const signingOut = at(1).client.signOut();
      expect(at(1).client.getState()).toEqual({
        status: "unauthenticated",
        reason: "signedOut",
        previousIdentity: identity,
      });
      expect(at(1).client.accessToken.getState()).toBeNull();
      await world.until(signingOut);
      held.release();
      const posted: unknown[] = [];
      world.channel.decide = (message) => {
        posted.push(message);
        return null;
      };
      await world.advance(60_000);
      expect(asked.value).toBe("sessionEnded");
      for (const { client, told } of tabs) {
        expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
        expect(client.accessToken.getState()).toBeNull();
        expect(told.filter((event) => event === "signedOut")).toHaveLength(1);
        expect(told).not.toContain("refreshed");
        expect(told).not.toContain("signedIn");
      }
      for (const message of posted) expect(message).not.toHaveProperty("token");
      // The server knows of nobody any more, whoever asks it.
      const next = opened.add();
      await world.advance(2_000);
      expect(next.client.getState()).toMatchObject({ status: "unauthenticated" });
      const asks = next.tab.platform.fetch("/v1/auth/jwt/refresh", { method: "POST" });
      expect((await world.until(asks)).status).toBe(401);
    },
  );

  // B050 https://github.com/GlycemicGPT/GlycemicGPT/pull/859
  it.each(
    LANDINGS.flatMap((landing) =>
      (["before", "after"] as const).flatMap((hold) => [1, 2].map((signInTab) => ({ hold, signInTab, ...landing }))),
    ),
  )(
    "and a sign-in by somebody else (tab $signInTab) are not undone by its answer (held $hold, request $request, cookies $cookies)",
    async (given) => {
      await using opened = await openHolding(given);
      const { world, at, tabs, identity, held } = opened;
      void at(1)
        .client.refresh()
        .catch(() => {});
      await world.advance(10);
      await world.until(at(1).client.signOut());
      const bob = unchallenged(await world.until(at(given.signInTab).client.signIn(BOB)));
      const seen = new Set<string>();
      for (const { client } of tabs)
        client.subscribe(() => {
          const state = client.getState();
          if (state.status === "authenticated") seen.add(state.identity.subject);
        });
      opened.forget();
      held.release();
      await world.advance(60_000);
      expect(seen).not.toContain(identity.subject);
      for (const { client, told } of tabs) {
        expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
        expect(told).not.toContain("identityChanged");
        await expect(world.until(client.fetchUser())).resolves.toMatchObject({ email: BOB.username });
      }
      await world.until(at(2).client.refresh());
      expect(at(2).client.getState()).toEqual({ status: "authenticated", identity: bob });
    },
  );

  // B052 https://github.com/schulydev/Schuly/pull/492
  it.each([1, 8, 60])("ends %i requests that wait for it, and is told once", async (count) => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    world.network.addFault({ match: "/users/me", times: count, answer: UNAUTHORIZED });
    world.network.addFault({
      match: REFRESH,
      delayAfterMs: 300,
      answer: { status: 401, body: '{"detail":"REFRESH_TOKEN_REVOKED"}' },
    });
    const outcomes = Array.from({ length: count }, () => outcomeOf(at(1).client.fetchUser()));
    await world.advance(1_000);
    expect(outcomes.map(({ value }) => value)).toEqual(Array<string>(count).fill("sessionEnded"));
    expect(at(1).told.filter((event) => event === "sessionEnded")).toHaveLength(1);
    expect(at(1).told.filter((event) => event === "identityChanged")).toHaveLength(1);
    expect(opened.sent(REFRESH)).toHaveLength(1);
  });

  // B197 https://github.com/elizaOS/eliza/issues/30249
  it.each([ADA, BOB])(
    "followed by a sign-in of $username is a new session, which the old answer does not fit",
    async (who) => {
      for (const hold of ["before", "after"] as const) {
        await using opened = await openSignedInTabs(1);
        const { world, at, identity } = opened;
        const { client } = at(1);
        const first = identity.sessionId;
        const held = world.network.addFault({ match: REFRESH, hold });
        void client.refresh().catch(() => {});
        await world.advance(10);
        await world.until(client.signOut());
        const later = unchallenged(await world.until(client.signIn(who)));
        expect(later.sessionId).not.toBe(first);
        const token = client.accessToken.getState();
        opened.forget();
        held.release();
        await world.advance(30_000);
        expect(client.getState()).toEqual({ status: "authenticated", identity: later });
        expect(client.accessToken.getState()).toBe(token);
        expect(at(1).told).toEqual([]);
        expect((await world.until(client.fetchUser())).email).toBe(who.username);
      }
    },
  );

  // B197 https://github.com/elizaOS/eliza/issues/30249
  it("is remembered through a reload with the old answer still on its way", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    await world.advance(60_000);
    const held = world.network.addFault({ match: REFRESH, hold: "after" });
    void at(1)
      .client.refresh()
      .catch(() => {});
    await world.advance(10);
    await world.until(at(1).client.signOut());
    at(1).tab.close();
    const reloaded = opened.add();
    await world.advance(2_000);
    const later = unchallenged(await world.until(reloaded.client.signIn(ADA)));
    held.release();
    await world.advance(5_000);
    expect(reloaded.client.getState()).toEqual({ status: "authenticated", identity: later });
    await world.until(reloaded.client.refresh());
    expect(reloaded.client.getState()).toEqual({ status: "authenticated", identity: later });
  });

  // B201 https://github.com/auth0/nextjs-auth0/issues/2335
  it.each([1, 2, 3, 4])(
    "in the middle of thirty requests ends them all, and sends no token any more (seed %i)",
    async (seed) => {
      await using opened = await openSignedInTabs(2, { world: { seed } });
      const { world, at, tabs } = opened;
      await world.advance(60_000);
      opened.forget();
      world.network.latencyMs = [0, 1_500];
      world.network.addFault({ match: "/users/me", times: 5, answer: UNAUTHORIZED });
      const outcomes = Array.from({ length: 30 }, (_, index) => outcomeOf(at(1 + (index % 2)).request()));
      await world.advance(500);
      const signedOut = outcomeOf(at(1).client.signOut());
      await world.settle();
      const sentBefore = world.network.requests.length;
      await world.advance(60_000);
      expect(signedOut.value).toBe("resolved");
      for (const { client } of tabs)
        expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
      expect(outcomes.map(({ value }) => value)).not.toContain("pending");
      for (const request of world.network.requests.slice(sentBefore)) expect(request.subject).toBeNull();
      const next = opened.add();
      await world.advance(10_000);
      expect(next.client.getState()).toMatchObject({ status: "unauthenticated" });
    },
  );
});

describe("a sign-out that did not reach the server", () => {
  // S3
  it("ends no session but its own when it is repeated after somebody signed in", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    world.network.addFault({ match: "/jwt/logout", cut: "before", times: 1 });
    await world.until(at(1).client.signOut());
    const later = unchallenged(await world.until(at(1).client.signIn(BOB)));
    await world.advance(10_000);
    expect(opened.sent("/jwt/logout").map(({ serverStatus }) => serverStatus)).toEqual([null, 204]);
    await world.until(at(1).client.refresh());
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: later });
  });

  // S5
  it("is repeated at once when the network is back", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    world.network.addFault({ match: "/jwt/logout", cut: "before", times: Number.POSITIVE_INFINITY });
    await world.until(at(1).client.signOut());
    await world.advance(600_000);
    world.network.clearFaults();
    opened.forget();
    at(1).tab.signal("online");
    await world.advance(1_000);
    expect(opened.sent("/jwt/logout").map(({ serverStatus }) => serverStatus)).toEqual([204]);
  });
});

describe("a refresh answer that comes after a change of user in another tab", () => {
  // B198 https://github.com/geolens-io/geolens/pull/1446
  it.each(
    [2_000, 8_000].flatMap((delayMs) =>
      (["delayBeforeMs", "delayAfterMs"] as const).flatMap((where) =>
        [true, false].map((signsOut) => ({ delayMs, where, signsOut })),
      ),
    ),
  )("leaves the later user signed in everywhere ($where $delayMs ms, sign-out first: $signsOut)", async (given) => {
    await using opened = await openSignedInTabs(2);
    const { world, at, tabs } = opened;
    await world.advance(60_000);
    opened.forget();
    world.network.addFault({ match: REFRESH, tab: 1, [given.where]: given.delayMs });
    void at(1)
      .client.refresh()
      .catch(() => {});
    await world.advance(100);
    if (given.signsOut) await world.until(at(2).client.signOut());
    const bob = unchallenged(await world.until(at(2).client.signIn(BOB)));
    await world.advance(60_000);
    for (const { client } of tabs) expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
    await world.until(at(1).client.refresh());
    await world.advance(1_000);
    for (const { client } of tabs) expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
    const next = opened.add();
    at(1).tab.close();
    at(2).tab.close();
    await world.advance(2_000);
    expect(next.client.getState()).toEqual({ status: "authenticated", identity: bob });
  });

  // B082 https://github.com/nextauthjs/next-auth/issues/8897
  it.each(["/users/me", "/users/me?slow", "/sessions", "/nowhere"])(
    "is the only answer that touches cookies: %s sets none",
    async (path) => {
      await using opened = await openSignedInTabs(1);
      const { world, at } = opened;
      await world.advance(60_000);
      const cookies = () => world.jar.cookies().map(({ name, value }) => `${name}=${value}`);
      world.network.addFault({ match: () => true, delayAfterMs: 5_000 });
      const slow = at(1).request(`https://app.example/v1/auth${path}`);
      await world.advance(100);
      await world.until(at(1).client.refresh());
      const before = cookies();
      expect(before).toHaveLength(1);
      await world.until(slow);
      await world.until(
        at(1).request(`https://app.example/v1/auth${path}`, { headers: { Authorization: "Bearer no.such.token" } }),
      );
      expect(cookies()).toEqual(before);
    },
  );
});
