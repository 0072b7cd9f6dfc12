import { describe, expect, it } from "vitest";
import { ADA, BOB } from "./support.ts";
import { openSignedInTabs, openTabs, outcomeOf, REFRESH, UNAUTHORIZED } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

// Not the address that the client itself asks who somebody is.
const API = "/sessions";
const ADDRESS = "https://app.example/v1/auth/sessions";

describe("another user in another tab", () => {
  // B124 https://github.com/open-mercato/open-mercato/issues/1947
  it.each([1, 3, 10].flatMap((count) => [0, 150, 500].map((delayMs) => ({ count, delayMs }))))(
    "fails the $count requests of the one before, and sends none of them as the other (told after $delayMs ms)",
    async (given) => {
      await using opened = await openSignedInTabs(2);
      const { world, at, sent, identity } = opened;
      world.channel.delayMs = given.delayMs;
      await world.advance(60_000);
      opened.forget();
      const ofAda = world.network.addFault({
        match: API,
        tab: 1,
        times: given.count,
        hold: "after",
        answer: UNAUTHORIZED,
      });
      const outcomes = Array.from({ length: given.count }, () => outcomeOf(at(1).request(ADDRESS)));
      await world.settle();
      const bob = unchallenged(await world.until(at(2).client.signIn(BOB)));
      ofAda.release();
      await world.advance(5_000);
      expect(outcomes.map(({ value }) => value)).toEqual(Array<string>(given.count).fill("identityChanged"));
      expect(
        sent(API)
          .filter(({ tab }) => tab === 1)
          .map(({ subject }) => subject),
      ).toEqual(Array<string>(given.count).fill(identity.subject));
      expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: bob });
      expect(at(1).told).toContain("identityChanged");
    },
  );

  // B124 https://github.com/open-mercato/open-mercato/issues/1947
  it.each(["held lock", "no channel", "no lock", "no storage"] as const)(
    "is noticed at the next refresh at the latest, and before anything is sent again (%s)",
    async (how) => {
      await using opened = await openSignedInTabs(2, {
        world: {
          ...(how === "no channel" && { channel: "missing" }),
          ...(how === "no lock" && { lock: "missing" }),
          ...(how === "no storage" && { storage: "missing", channel: "missing" }),
        },
      });
      const { world, at, sent, identity } = opened;
      await world.advance(60_000);
      const bob = unchallenged(await world.until(at(2).client.signIn(BOB)));
      await world.settle();
      opened.forget();
      // As the first tab knows it, this is still a request of Ada's.
      const subjects = new Set<string>();
      at(1).client.subscribe(() => {
        const state = at(1).client.getState();
        if (state.status === "authenticated") subjects.add(state.identity.subject);
      });
      const wasAda = at(1).client.getState();
      world.network.addFault({ match: API, tab: 1, answer: UNAUTHORIZED });
      const outcome = outcomeOf(at(1).request(ADDRESS));
      await world.advance(20_000);
      if (wasAda.status === "authenticated" && wasAda.identity.subject === identity.subject) {
        expect(outcome.value).toBe("identityChanged");
        expect(sent(API).map(({ subject }) => subject)).toEqual([identity.subject]);
        expect(subjects).toEqual(new Set([bob.subject]));
      }
      expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: bob });
    },
  );

  // B125 https://github.com/lbryio/lbry-desktop/issues/6829
  it.each([
    ["a write", { method: "POST", body: '{"merge":true}' }],
    ["a read", {}],
  ])("found by a refresh fails %s that waited for it, unsent", async (_name, init) => {
    // Nothing tells the first tab: neither channel nor storage.
    await using opened = await openSignedInTabs(2, {
      world: { channel: "missing", storage: "missing", lock: "missing" },
    });
    const { world, at, sent, identity } = opened;
    const bob = unchallenged(await world.until(at(2).client.signIn(BOB)));
    await world.clock.sleep(900_000);
    opened.forget();
    const outcome = outcomeOf(at(1).request("https://app.example/v1/auth/sync", init));
    const order: string[] = [];
    at(1).client.on("identityChanged", ({ identity: next, previousIdentity }) => {
      order.push(`${previousIdentity?.subject ?? "nobody"} → ${next?.subject ?? "nobody"}`);
    });
    at(1).client.subscribe(() => order.push("rendered"));
    await world.advance(5_000);
    expect(outcome.value).toBe("identityChanged");
    expect(sent("/sync")).toHaveLength(0);
    expect(sent(REFRESH)).toHaveLength(1);
    expect(order).toEqual([`${identity.subject} → ${bob.subject}`, "rendered"]);
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: bob });
  });

  // B125 https://github.com/lbryio/lbry-desktop/issues/6829
  it("does not get a token asked for on behalf of the one before", async () => {
    await using opened = await openSignedInTabs(2);
    const { world, at, identity } = opened;
    const bob = unchallenged(await world.until(at(2).client.signIn(BOB)));
    await world.advance(1_000);
    const asAda = outcomeOf(at(1).client.getAccessToken({ subject: identity.subject }));
    const asBob = outcomeOf(at(1).client.getAccessToken({ subject: bob.subject }));
    await world.settle();
    expect([asAda.value, asBob.value]).toEqual(["identityChanged", "resolved"]);
  });

  // B163 https://github.com/AxaFrance/oidc-client/issues/1022
  it.each([0, 200, 1_000])(
    "is shown by every tab after the one before has gone from it (told after %i ms)",
    async (delayMs) => {
      await using opened = await openSignedInTabs(3);
      const { world, at, identity } = opened;
      world.channel.delayMs = delayMs;
      const histories = opened.tabs.map(({ client }) => {
        const history: string[] = [];
        client.subscribe(() => {
          const state = client.getState();
          const token = client.accessToken.getState();
          const subject =
            token === null ? "none" : (JSON.parse(atob(token.split(".")[1] ?? "")) as { sub: string }).sub;
          history.push(`${state.status === "authenticated" ? state.identity.subject : state.status} with ${subject}`);
        });
        return history;
      });
      await world.until(at(1).client.signOut());
      const bob = unchallenged(await world.until(at(1).client.signIn(BOB)));
      await world.advance(10_000);
      for (const [index, history] of histories.entries()) {
        expect(history[0]).toBe("unauthenticated with none");
        expect(history.at(-1)).toBe(`${bob.subject} with ${bob.subject}`);
        for (const shown of history) expect(shown).not.toContain(identity.subject);
        expect(at(index + 1).told.filter((event) => event === "identityChanged").length).toBeGreaterThanOrEqual(1);
      }
    },
  );

  // B163 https://github.com/AxaFrance/oidc-client/issues/1022
  it("is shown as another one even when nobody signed out in between", async () => {
    await using opened = await openSignedInTabs(3);
    const { world, at, identity } = opened;
    const changes: string[] = [];
    at(2).client.on("identityChanged", ({ identity: next, previousIdentity }) => {
      changes.push(`${previousIdentity?.subject ?? "nobody"} → ${next?.subject ?? "nobody"}`);
      const state = at(2).client.getState();
      expect(state).toEqual({ status: "authenticated", identity: next });
    });
    const bob = unchallenged(await world.until(at(1).client.signIn(BOB)));
    await world.advance(5_000);
    expect(changes).toEqual([`${identity.subject} → ${bob.subject}`]);
  });

  it("is no other when the same one signs in again: requests go on, nothing is reported", async () => {
    await using opened = await openSignedInTabs(2);
    const { world, at, identity } = opened;
    await world.advance(60_000);
    opened.forget();
    const held = world.network.addFault({ match: API, tab: 1, hold: "after", answer: UNAUTHORIZED });
    const outcome = outcomeOf(at(1).request(ADDRESS));
    await world.settle();
    const again = unchallenged(await world.until(at(2).client.signIn(ADA)));
    held.release();
    await world.advance(5_000);
    expect(again.subject).toBe(identity.subject);
    expect(again.sessionId).not.toBe(identity.sessionId);
    expect(outcome.value).toBe("resolved");
    expect(at(1).told).not.toContain("identityChanged");
    expect(at(1).client.getState()).toEqual({ status: "authenticated", identity: again });
  });

  it("is not taken from a message that a stranger writes", async () => {
    await using opened = await openTabs(2);
    const { world, at, tabs } = opened;
    const identity = unchallenged(await world.until(at(1).client.signIn(ADA)));
    await world.advance(60_000);
    opened.forget();
    const before = at(2).client.accessToken.getState();
    const part = (value: unknown): string => btoa(JSON.stringify(value)).replace(/=+$/, "");
    const token = `${part({ alg: "HS256" })}.${part({ sub: "mallory", sid: "s", iat: 2e9, exp: 3e9 })}.c2ln`;
    const told = {
      version: 1,
      kind: "told",
      id: "s",
      end: "open",
      pendingSignOut: false,
      isGuest: false,
      issuedAt: 2e9,
      token,
    };
    for (const number of [1, 1e15, Number.MAX_SAFE_INTEGER]) {
      const message = { ...told, number, lifetimeMs: 900_000, sentAt: world.clock.now(), count: 9, subject: "mallory" };
      world.channel.inject("stay-signed-in:/v1/auth", message);
      await world.advance(10_000);
    }
    for (const { client } of tabs) {
      expect(client.getState()).toEqual({ status: "authenticated", identity });
      await expect(world.until(client.fetchUser())).resolves.toMatchObject({ email: ADA.username });
    }
    expect(tabs.flatMap(({ told: events }) => events)).not.toContain("identityChanged");
    expect(before).not.toBeNull();
  });
});
