import { describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { isAuthError } from "../../src/core/authError.ts";
import type { NetworkFault } from "../../src/testing/networkFault.ts";
import { ADA } from "./support.ts";
import { LIFETIME_MS, openSignedInTabs, openTabs, outcomeOf, REFRESH } from "./watchedTabs.ts";

const json = (value: unknown): string => JSON.stringify(value);
const html = { "Content-Type": "text/html" };

const TRANSIENT: readonly (readonly [string, NetworkFault])[] = [
  ["a refused connection", { cut: "before" }],
  ["a lost answer", { cut: "after" }],
  ["an answer that breaks off", { cut: "body" }],
  ["no answer at all", { hold: "before" }],
  ["an answer that never comes", { hold: "after" }],
  ...[301, 307].map((status) => [`status ${status}`, { answer: { status, headers: { Location: "/login" } } }] as const),
  ...[404, 408, 425, 429, 500, 501, 502, 503, 504, 511, 599].map(
    (status) => [`status ${status}`, { answer: { status, body: json({ detail: "Sorry" }) } }] as const,
  ),
  ["a gateway's 401", { answer: { status: 401, body: "<html>Log in to the proxy</html>", headers: html } }],
  ["a bare 401", { answer: { status: 401 } }],
  ["a firewall's 403", { answer: { status: 403, body: "<html>Blocked</html>", headers: html } }],
  ["a 403 of another kind", { answer: { status: 403, body: json({ detail: "FORBIDDEN" }) } }],
  ["a 400 of another kind", { answer: { status: 400, body: json({ error: "invalid_request" }) } }],
  ["a captive portal's page", { answer: { status: 200, body: "<html>Sign in to Wi-Fi</html>", headers: html } }],
  ["half of an answer", { answer: { status: 200, body: '{"access_token":"abc' } }],
];

const UNUSABLE: readonly (readonly [string, { status: number; body?: string; headers?: Record<string, string> }])[] = [
  ["a page of HTML", { status: 200, body: "<html>Sign in to Wi-Fi</html>", headers: html }],
  ["an empty body", { status: 200, body: "" }],
  ["an empty object", { status: 200, body: "{}" }],
  ["a null token", { status: 200, body: json({ access_token: null }) }],
  ["an empty token", { status: 200, body: json({ access_token: "" }) }],
  ["a blank token", { status: 200, body: json({ access_token: "  " }) }],
  ["a token that is a number", { status: 200, body: json({ access_token: 7 }) }],
  ["a token inside an array", { status: 200, body: json([{ access_token: "a.b.c" }]) }],
  ["the word null", { status: 200, body: "null" }],
  ["no content", { status: 204 }],
  ["accepted, no more", { status: 202, body: json({ access_token: null }) }],
];

const held = (client: AuthClient): string => client.accessToken.getState() ?? "";

describe("a refresh that fails for a reason of the moment", () => {
  // B042 https://github.com/supabase/auth-js/pull/710
  it.each(TRANSIENT)("keeps the session through %s, and is tried again", async (_name, fault) => {
    await using opened = await openSignedInTabs(2);
    const { world, at, tabs, identity } = opened;
    // The endpoint is known to exist: its absence is then no answer.
    await world.until(at(1).client.refresh());
    await world.advance(60_000);
    opened.forget();
    const before = held(at(1).client);
    const outage = world.network.addFault({ match: REFRESH, times: Number.POSITIVE_INFINITY, ...fault });
    await world.advance(LIFETIME_MS);
    for (const { client, told } of tabs) {
      expect(client.getState()).toEqual({ status: "authenticated", identity });
      expect(new Set(told)).not.toContain("sessionEnded");
      expect(new Set(told)).not.toContain("signedOut");
    }
    expect(tabs.flatMap(({ told }) => told)).toContain("refreshFailed");
    expect(tabs.map(({ client }) => client.activity.getState().kind)).toContain("waiting");
    outage.remove();
    outage.release();
    await world.advance(100_000);
    expect(held(at(1).client)).not.toBe(before);
    expect(held(at(2).client)).toBe(held(at(1).client));
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
  });

  // B042 https://github.com/supabase/auth-js/pull/710
  it.each([
    [401, { detail: "REFRESH_TOKEN_EXPIRED" }, "expired"],
    [401, { detail: "REFRESH_TOKEN_INVALID" }, "expired"],
    [401, { detail: "REFRESH_TOKEN_MISSING" }, "expired"],
    [401, { detail: "REFRESH_TOKEN_REVOKED" }, "revoked"],
    [401, { detail: "REFRESH_TOKEN_REUSED" }, "revoked"],
    [401, { detail: { code: "REFRESH_TOKEN_REVOKED", reason: "gone" } }, "revoked"],
    [400, { error: "invalid_grant" }, "expired"],
    [400, { detail: "REFRESH_TOKEN_EXPIRED" }, "expired"],
    [403, { detail: "REFRESH_TOKEN_REVOKED" }, "revoked"],
  ] as const)("is none of that when the server says %i %j: the session ends, once", async (status, body, reason) => {
    await using opened = await openSignedInTabs(2);
    const { world, at, tabs, sent, identity } = opened;
    world.network.addFault({ match: REFRESH, times: 9, answer: { status, body: json(body) } });
    await world.until(
      at(1)
        .client.refresh()
        .catch(() => {}),
    );
    await world.advance(3_600_000);
    for (const { client, told } of tabs) {
      expect(client.getState()).toEqual({ status: "unauthenticated", reason, previousIdentity: identity });
      expect(told.filter((event) => event === "sessionEnded")).toHaveLength(1);
      expect(told).not.toContain("signedOut");
    }
    expect(sent(REFRESH)).toHaveLength(1);
  });

  // B043 https://github.com/GlycemicGPT/GlycemicGPT/pull/859
  it.each([
    { tabCount: 1, seed: 1 },
    { tabCount: 1, seed: 2 },
    { tabCount: 4, seed: 3 },
    { tabCount: 12, seed: 4 },
  ])(
    "is tried ever more rarely, by $tabCount tab(s) no oftener than by one (seed $seed)",
    async ({ tabCount, seed }) => {
      await using opened = await openSignedInTabs(tabCount, { world: { seed } });
      const { world, sent } = opened;
      world.network.addFault({ match: REFRESH, times: Number.POSITIVE_INFINITY, cut: "before" });
      await world.advance(LIFETIME_MS + 600_000);
      const moments = sent(REFRESH).map((request) => request.sent.atMs);
      const gaps = moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));
      expect(moments.length).toBeLessThanOrEqual(20);
      expect(moments.length).toBeGreaterThan(8);
      // Once the longest back-off is reached, only the jitter's tenth is left between them.
      for (const [index, gap] of gaps.slice(1).entries())
        expect(gap).toBeGreaterThanOrEqual(Math.min(gaps[index] ?? 0, 60_000));
    },
  );

  // B043 https://github.com/GlycemicGPT/GlycemicGPT/pull/859
  it("is not tried at all while the browser is offline, and at once when it is back", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent, identity } = opened;
    at(1).tab.goOffline();
    await world.advance(2 * LIFETIME_MS);
    expect(sent(REFRESH)).toHaveLength(0);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
    at(1).tab.goOnline();
    await world.settle();
    expect(sent(REFRESH)).toHaveLength(1);
    expect(at(1).told).toEqual(["refreshed"]);
  });

  // B045 https://github.com/clerk/javascript/pull/7912
  it.each([
    ["offline", "inside"],
    ["cut", "inside"],
    ["offline", "after"],
    ["cut", "after"],
  ] as const)("takes no token away from anybody: %s, asked %s the token's life", async (how, when) => {
    await using opened = await openSignedInTabs(2);
    const { world, at, tabs } = opened;
    await world.advance(60_000);
    const before = held(at(1).client);
    const shown: (string | null)[] = [];
    for (const { client } of tabs) client.accessToken.subscribe(() => shown.push(client.accessToken.getState()));
    const messages: unknown[] = [];
    world.channel.decide = (message) => {
      messages.push(message);
      return null;
    };
    for (const { tab } of tabs) {
      if (how === "offline") tab.goOffline();
    }
    if (how === "cut") world.network.addFault({ match: REFRESH, times: Number.POSITIVE_INFINITY, cut: "before" });
    if (when === "after") await world.clock.sleep(LIFETIME_MS + 1);
    const asked = outcomeOf(at(1).client.getAccessToken({ minValidityMs: 10 * LIFETIME_MS }));
    await world.advance(5_000);
    expect(asked.value).toBe(when === "after" ? "unavailable" : "resolved");
    expect(shown).toEqual([]);
    expect(held(at(1).client)).toBe(before);
    expect(new Set(tabs.flatMap(({ told }) => told))).toEqual(new Set(["refreshFailed"]));
    for (const message of messages) {
      expect(message).not.toMatchObject({ token: "" });
      expect(message).not.toMatchObject({ token: null });
      expect(message).not.toMatchObject({ end: expect.stringMatching(/expired|revoked|signedOut/) as string });
    }
  });

  // B046 https://github.com/clerk/javascript/pull/8004
  it.each([
    { retryAfter: "30", leastMs: 30_000, mostMs: 42_000 },
    { retryAfter: "120", leastMs: 120_000, mostMs: 168_000 },
    { retryAfter: "date", leastMs: 45_000, mostMs: 64_000 },
    { retryAfter: "86400", leastMs: 300_000, mostMs: 420_000 },
    { retryAfter: "0", leastMs: 1_000, mostMs: 2_000 },
    { retryAfter: "soon", leastMs: 1_000, mostMs: 2_000 },
    { retryAfter: "-5", leastMs: 1_000, mostMs: 2_000 },
  ])("waits as long as a 429 says (Retry-After: $retryAfter)", async ({ retryAfter, leastMs, mostMs }) => {
    await using opened = await openSignedInTabs(2);
    const { world, at, sent, tabs, identity } = opened;
    await world.advance(600_000);
    opened.forget();
    const value = retryAfter === "date" ? new Date(world.clock.worldNow() + 45_000).toUTCString() : retryAfter;
    world.network.addFault({
      match: REFRESH,
      answer: { status: 429, body: json({ detail: "RATE_LIMITED" }), headers: { "Retry-After": value } },
    });
    await world.until(
      at(1)
        .client.refresh()
        .catch(() => {}),
    );
    await world.advance(leastMs - 1_000 - 10);
    expect(sent(REFRESH)).toHaveLength(1);
    await world.advance(mostMs - leastMs + 1_000 + 20);
    expect(sent(REFRESH)).toHaveLength(2);
    for (const { client } of tabs) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  // B048 https://github.com/decocms/studio/pull/6068
  it.each(UNUSABLE)("leaves the token as it is when a success holds %s", async (_name, answer) => {
    await using opened = await openSignedInTabs(1);
    const { world, at, identity } = opened;
    const before = held(at(1).client);
    const errors: Error[] = [];
    at(1).client.on("refreshFailed", ({ error }) => errors.push(error));
    world.network.addFault({ match: REFRESH, answer });
    await expect(world.until(at(1).client.refresh())).rejects.toMatchObject({
      code: answer.status === 200 ? "badResponse" : "unavailable",
    });
    expect(errors).toHaveLength(1);
    expect(isAuthError(errors[0], answer.status === 200 ? "badResponse" : "unavailable")).toBe(true);
    expect(held(at(1).client)).toBe(before);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
    await expect(world.until(at(1).request())).resolves.toMatchObject({ status: 200 });
    expect(opened.sent("/users/me").map(({ subject }) => subject)).toEqual([identity.subject]);
  });

  // B048 https://github.com/decocms/studio/pull/6068
  it.each(UNUSABLE)("signs nobody in when the answer to a sign-in holds %s", async (_name, answer) => {
    await using opened = await openTabs(1);
    const { world, at } = opened;
    world.network.addFault({ match: "/jwt/login", answer });
    await expect(world.until(at(1).client.signIn(ADA))).rejects.toMatchObject({ code: "badResponse" });
    expect(at(1).client.getState()).toEqual({ status: "unauthenticated", reason: "none", previousIdentity: null });
    expect(at(1).client.accessToken.getState()).toBeNull();
  });

  // B131 https://github.com/aws-amplify/amplify-ui/issues/6057
  it.each([
    ["offline", null],
    ["cut off before", { cut: "before" }],
    ["cut off after", { cut: "after" }],
    ["answered 503", { answer: { status: 503 } }],
  ] as const)("rejects as unavailable when asked for by hand (%s), and changes nothing", async (_name, fault) => {
    await using opened = await openSignedInTabs(1);
    const { world, at, identity } = opened;
    const before = at(1).client.getState();
    const token = held(at(1).client);
    if (fault === null) at(1).tab.goOffline();
    else world.network.addFault({ match: REFRESH, times: 3, ...fault });
    const error = await world.until(
      at(1)
        .client.refresh()
        .then(
          () => null,
          (reason: unknown) => reason,
        ),
    );
    expect(isAuthError(error, "unavailable")).toBe(true);
    expect(at(1).client.getState()).toBe(before);
    expect(before).toEqual({ status: "authenticated", identity });
    expect(held(at(1).client)).toBe(token);
    expect(at(1).told).toEqual(["refreshFailed"]);
  });

  // B210 https://github.com/firebase/firebase-js-sdk/issues/8490
  it.each([
    { requestTimeoutMs: undefined, expectedMs: 10_000 },
    { requestTimeoutMs: 3_000, expectedMs: 3_000 },
    { requestTimeoutMs: 25_000, expectedMs: 25_000 },
  ])(
    "is given up after $expectedMs ms of silence, and does not hold up the next",
    async ({ requestTimeoutMs, expectedMs }) => {
      await using opened = await openSignedInTabs(1, { client: { requestTimeoutMs } });
      const { world, at, sent, identity } = opened;
      const hole = world.network.addFault({ match: REFRESH, hold: "before" });
      const rejectedToken = held(at(1).client);
      const asked = outcomeOf(at(1).client.getAccessToken({ rejectedToken }));
      await world.advance(expectedMs - 200);
      expect(asked.value).toBe("pending");
      expect(at(1).client.activity.getState()).toEqual({ kind: "refreshing", trigger: "request" });
      await world.advance(400);
      expect(asked.value).toBe("unavailable");
      expect(at(1).client.activity.getState().kind).toBe("waiting");
      const again = outcomeOf(at(1).client.getAccessToken());
      await world.advance(100);
      expect(again.value).toBe("resolved");
      expect(sent(REFRESH)).toHaveLength(2);
      expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
      hole.release();
    },
  );

  // B211 https://github.com/firebase/firebase-js-sdk/issues/1219
  it.each(["offline", "cut", "503"] as const)(
    "is asked for in a tight loop without knocking at the server (%s)",
    async (how) => {
      await using opened = await openSignedInTabs(2);
      const { world, at, sent, tabs } = opened;
      await world.clock.sleep(LIFETIME_MS);
      if (how === "offline") for (const { tab } of tabs) tab.goOffline();
      else
        world.network.addFault({
          match: REFRESH,
          times: Number.POSITIVE_INFINITY,
          ...(how === "cut" ? { cut: "before" } : { answer: { status: 503 } }),
        });
      await world.advance(1_000);
      opened.forget();
      const warned = tabs.flatMap(({ tab }) => tab.warnings).length;
      const outcomes: { value: string }[] = [];
      for (let asked = 0; asked < 1_000; asked += 1) {
        outcomes.push(outcomeOf(at(1 + (asked % 2)).client.getAccessToken()));
        if (asked % 10 === 0) await world.advance(10);
      }
      await world.advance(1_000);
      expect(new Set(outcomes.map(({ value }) => value))).toEqual(new Set(["unavailable"]));
      // One that is due, and one ahead of time.
      expect(sent(REFRESH).length).toBeLessThanOrEqual(2);
      expect(tabs.flatMap(({ tab }) => tab.warnings).length - warned).toBeLessThanOrEqual(1);
      await world.advance(60_000);
      expect(sent(REFRESH).length).toBeLessThanOrEqual(12);
    },
  );

  it("ends no request of somebody whose token is still good", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at } = opened;
    world.network.addFault({ match: REFRESH, times: Number.POSITIVE_INFINITY, answer: { status: 503 } });
    await world.advance(LIFETIME_MS - 30_000);
    expect(at(1).told).toContain("refreshFailed");
    await expect(world.until(at(1).request())).resolves.toMatchObject({ status: 200 });
  });
});
