import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/core/authState.ts";
import type { NetworkFault } from "../../src/testing/networkFault.ts";
import { ADA, BOB } from "./support.ts";
import { record } from "./scene.ts";
import { openSignedInTabs, openTabs, outcomeOf, REFRESH } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

const OUTAGES: readonly (readonly [string, NetworkFault])[] = [
  ["a busy server", { answer: { status: 503 } }],
  ["a server's fault", { answer: { status: 500 } }],
  ["a captive portal", { answer: { status: 200, body: "<html>" } }],
  ["a gateway's 401", { answer: { status: 401, body: "<html>" } }],
  ["dead Wi-Fi", { cut: "before" }],
  ["lost answers", { cut: "after" }],
  ["silence", { hold: "before" }],
];

describe("with guests made automatically", () => {
  const client = { guests: "automatic" } as const;

  // B121 https://github.com/aomi-labs/aomi/pull/551
  it.each(OUTAGES)("nobody becomes one by %s, whether a user was known or not", async (_name, fault) => {
    for (const knowsUser of [true, false]) {
      await using opened = await openTabs(0, { client });
      const { world } = opened;
      if (knowsUser) {
        const first = opened.add();
        await world.advance(1_000);
        await world.until(first.client.signIn(ADA));
        first.tab.close();
      }
      opened.forget();
      const outage = world.network.addFault({ match: REFRESH, times: Number.POSITIVE_INFINITY, ...fault });
      const reloaded = opened.add();
      await world.advance(120_000);
      expect(opened.sent("/guest")).toHaveLength(0);
      expect(reloaded.client.getState().status).toBe("loading");
      outage.remove();
      outage.release();
      await world.advance(70_000);
      const state = reloaded.client.getState();
      expect(state).toMatchObject({ status: "authenticated", identity: { isGuest: !knowsUser } });
      expect(opened.sent("/guest")).toHaveLength(knowsUser ? 0 : 1);
    }
  });

  // B121 https://github.com/aomi-labs/aomi/pull/551
  // B122 https://github.com/auth0/auth0-spa-js/pull/1749
  it.each([
    ["REFRESH_TOKEN_EXPIRED", "expired"],
    ["REFRESH_TOKEN_REVOKED", "revoked"],
    ["REFRESH_TOKEN_INVALID", "expired"],
    ["REFRESH_TOKEN_MISSING", "expired"],
  ] as const)(
    "a user whose session ended (%s) is told so, and stays a user until they choose",
    async (detail, reason) => {
      await using opened = await openSignedInTabs(2, { client });
      const { world, at, sent, tabs } = opened;
      await world.advance(60_000);
      world.network.addFault({
        match: REFRESH,
        times: Number.POSITIVE_INFINITY,
        answer: { status: 401, body: JSON.stringify({ detail }) },
      });
      await world.advance(900_000);
      for (const { tab } of tabs) for (const signal of ["online", "visible", "resumed"] as const) tab.signal(signal);
      const reloaded = opened.add();
      await world.advance(600_000);
      expect(sent("/guest")).toHaveLength(0);
      for (const number of [1, 2]) {
        expect(at(number).client.getState()).toMatchObject({ status: "unauthenticated", reason });
        expect(at(number).told.filter((event) => event === "sessionEnded")).toHaveLength(1);
      }
      expect(reloaded.client.getState().status).toBe("unauthenticated");
      // The server itself still holds a live session of Ada's, since only its answers were made up: it makes no guest either.
      const chosen = outcomeOf(at(1).client.signInAsGuest());
      await world.advance(1_000);
      expect(sent("/guest")).toHaveLength(1);
      expect(chosen.value).toBe("sessionExists");
    },
  );

  // B122 https://github.com/auth0/auth0-spa-js/pull/1749
  it("a user whose session has really lapsed becomes one when they choose to", async () => {
    await using opened = await openSignedInTabs(1, { client, server: { refreshTokenLifetimeSeconds: 3_600 } });
    const { world, at, sent } = opened;
    await world.clock.sleep(2 * 3_600_000);
    at(1).tab.signal("resumed");
    await world.advance(60_000);
    expect(at(1).client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
    expect(sent("/guest")).toHaveLength(0);
    const guest = await world.until(at(1).client.signInAsGuest());
    expect(guest.isGuest).toBe(true);
    expect(sent("/guest")).toHaveLength(1);
  });

  it("a first visitor becomes one, alone or in several tabs, and stays the same one", async () => {
    await using opened = await openTabs(3, { client });
    const { world, tabs } = opened;
    await world.advance(5_000);
    const subjects = tabs.map(({ client: { getState } }) => {
      const state = getState();
      return state.status === "authenticated" && state.identity.isGuest ? state.identity.subject : state.status;
    });
    expect(new Set(subjects).size).toBe(1);
    await world.advance(3 * 900_000);
    for (const { client: guest } of tabs)
      expect(guest.getState()).toMatchObject({
        status: "authenticated",
        identity: { subject: subjects[0], isGuest: true },
      });
    const reloaded = opened.add();
    await world.advance(2_000);
    expect(reloaded.client.getState()).toMatchObject({ identity: { subject: subjects[0] } });
  });

  it("whoever signs out becomes one only once the server has heard of it", async () => {
    await using opened = await openSignedInTabs(1, { client });
    const { world, at, sent, identity } = opened;
    world.network.addFault({ match: "/jwt/logout", times: 3, cut: "before" });
    void at(1).client.signOut();
    await world.settle();
    expect(sent("/guest")).toHaveLength(0);
    await world.advance(120_000);
    const state = at(1).client.getState();
    expect(sent("/jwt/logout").at(-1)?.serverStatus).toBe(204);
    if (state.status === "authenticated") expect(state.identity).not.toMatchObject({ subject: identity.subject });
    else expect(state).toMatchObject({ reason: "signedOut" });
  });
});

describe("a guest on request", () => {
  // B121 https://github.com/aomi-labs/aomi/pull/551
  it("is not made of somebody who is signed in, and takes nothing from them", async () => {
    await using opened = await openSignedInTabs(2);
    const { world, at, sent, identity } = opened;
    for (const number of [1, 2])
      await expect(world.until(at(number).client.signInAsGuest())).rejects.toMatchObject({ code: "sessionExists" });
    expect(sent("/guest")).toHaveLength(0);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity });
  });

  // B121 https://github.com/aomi-labs/aomi/pull/551
  it("is not made of somebody whom the page does not know of yet: the server says that they are there", async () => {
    await using opened = await openTabs(0);
    const { world } = opened;
    const first = opened.add();
    await world.advance(1_000);
    const identity = unchallenged(await world.until(first.client.signIn(ADA)));
    first.tab.close();
    const hole = world.network.addFault({ match: REFRESH, times: Number.POSITIVE_INFINITY, answer: { status: 503 } });
    const { client } = opened.add();
    await world.advance(1_000);
    await expect(world.until(client.signInAsGuest())).rejects.toMatchObject({ code: "sessionExists" });
    hole.remove();
    await world.advance(70_000);
    expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("keeps its subject through refreshes, and is none any more after a sign-in", async () => {
    await using opened = await openTabs(2);
    const { world, at } = opened;
    const guest = await world.until(at(1).client.signInAsGuest());
    for (let round = 0; round < 4; round += 1) {
      await world.advance(900_000);
      expect(at(2).client.getState()).toMatchObject({ identity: { subject: guest.subject, isGuest: true } });
    }
    const ada = unchallenged(await world.until(at(2).client.signIn(ADA)));
    await world.advance(1_000);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: ada });
    expect(ada.isGuest).toBe(false);
    expect(at(1).told).toContain("identityChanged");
  });

  it("is refused where guests are off, without a request", async () => {
    await using opened = await openTabs(1, { client: { guests: "never" } });
    await expect(opened.at(1).client.signInAsGuest()).rejects.toMatchObject({ code: "guestsDisabled" });
    expect(opened.sent("/guest")).toHaveLength(0);
  });
});

// Found by random programs: a guest start that waits for a sign-out is one more thing that somebody did, at the moment they did it.
describe("a guest start that waits for a sign-out", () => {
  it.each(["asked for", "automatic"] as const)("gives way to somebody who signs in meanwhile (%s)", async (way) => {
    await using opened = await openSignedInTabs(1, { client: { guests: way === "automatic" ? way : "onRequest" } });
    const { world, at, sent } = opened;
    const auth = at(1).client;
    const slow = world.network.addFault({ match: "/jwt/logout", hold: "after" });
    const login = world.network.addFault({ match: "/jwt/login", hold: "before" });
    void auth.signOut();
    await world.advance(100);
    const guest = way === "automatic" ? null : outcomeOf(auth.signInAsGuest());
    await world.advance(100);
    const bob = outcomeOf(auth.signIn(BOB));
    await world.advance(100);
    slow.release();
    await world.advance(100);
    login.release();
    await world.advance(5_000);
    expect([bob.value, guest?.value ?? "superseded"]).toEqual(["resolved", "superseded"]);
    expect(auth.getState()).toMatchObject({ status: "authenticated", identity: { isGuest: false } });
    expect(sent("/guest")).toHaveLength(0);
  });

  it("gives way to somebody who signs out once more", async () => {
    await using opened = await openSignedInTabs(1);
    const { world, at, sent } = opened;
    const auth = at(1).client;
    const slow = world.network.addFault({ match: "/jwt/logout", hold: "after" });
    void auth.signOut();
    await world.advance(100);
    const guest = outcomeOf(auth.signInAsGuest());
    await world.advance(100);
    void auth.signOut();
    slow.release();
    await world.advance(5_000);
    expect(guest.value).toBe("superseded");
    expect(auth.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(sent("/guest")).toHaveLength(0);
  });

  it("is made anew for somebody who signs out while it is under way, where guests are automatic", async () => {
    await using opened = await openTabs(0, { client: { guests: "automatic" } });
    const { world } = opened;
    const first = world.network.addFault({ match: "/guest", hold: "after" });
    const { client: auth } = opened.add();
    await world.advance(1_000);
    void auth.signOut();
    await world.advance(1_000);
    first.release();
    await world.advance(5_000);
    expect(auth.getState()).toMatchObject({ status: "authenticated", identity: { isGuest: true } });
    expect(opened.sent("/guest")).toHaveLength(2);
  });
});

// S01, S02 (ZnDraw)
describe("a page with guests made automatically", () => {
  const client = { guests: "automatic" } as const;

  it.each([0, 2_000])("shows no moment of nobody while the guest is on the way (%s ms)", async (delayAfterMs) => {
    await using opened = await openTabs(0, { client });
    const { world } = opened;
    world.network.addFault({ match: "/guest", delayAfterMs });
    const { client: auth } = opened.add();
    const { states } = record(auth);
    const ready = auth.ready();
    const token = auth.getAccessToken();
    await world.advance(10_000);
    expect(states).toEqual(["loading", "authenticated"]);
    expect(await ready).toMatchObject({ status: "authenticated", identity: { isGuest: true } });
    expect(await token).toBe(auth.accessToken.getState());
  });

  it("a guest start that failed is not made up for by a user whose session has ended since", async () => {
    await using opened = await openTabs(0, { client, server: { refreshTokenLifetimeSeconds: 3_600 } });
    const { world } = opened;
    world.network.addFault({ match: "/guest", cut: "before" });
    const { client: auth, tab } = opened.add();
    await world.advance(1_000);
    expect(auth.getState().status).toBe("unauthenticated");
    await world.until(auth.signIn(ADA));
    await world.clock.sleep(2 * 3_600_000);
    tab.signal("resumed");
    await world.advance(60_000);
    tab.signal("visible");
    await world.advance(60_000);
    expect(auth.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
    expect(opened.sent("/guest")).toHaveLength(1);
  });

  it("shows nobody once the guest start has failed, and tries again when the page wakes up", async () => {
    await using opened = await openTabs(0, { client });
    const { world } = opened;
    const refused = world.network.addFault({ match: "/guest", times: 99, answer: { status: 503 } });
    const { client: auth, tab } = opened.add();
    const ready = auth.ready();
    await world.advance(5_000);
    expect(await ready).toMatchObject({ status: "unauthenticated", reason: "none" });
    refused.remove();
    tab.signal("visible");
    await world.advance(5_000);
    expect(auth.getState()).toMatchObject({ status: "authenticated", identity: { isGuest: true } });
  });

  it.each([
    ["expired", "REFRESH_TOKEN_INVALID"],
    ["revoked", "REFRESH_TOKEN_REVOKED"],
  ])("has a new guest at once when the guest's session is %s, and tells of another identity", async (_, code) => {
    await using opened = await openTabs(0, { client });
    const { world } = opened;
    const { client: auth } = opened.add();
    await world.advance(5_000);
    const before = await auth.ready();
    const { states, events } = record(auth);
    let told: Identity | null = null;
    auth.on("identityChanged", ({ identity }) => void (told = identity));
    world.network.addFault({ match: REFRESH, answer: { status: 401, body: JSON.stringify({ detail: code }) } });
    await world.until(auth.refresh());
    await world.advance(5_000);
    expect(auth.getState()).toMatchObject({ status: "authenticated", identity: { isGuest: true } });
    expect(auth.getState()).not.toEqual(before);
    expect(states).not.toContain("unauthenticated");
    expect(auth.getState()).toMatchObject({ identity: told });
    expect(events).not.toContain("sessionEnded");
  });
});
