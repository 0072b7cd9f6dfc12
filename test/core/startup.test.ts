import { describe, expect, it } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import { isAuthError } from "../../src/core/authError.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { openClosed, record } from "./scene.ts";
import { ADA, BOB } from "./support.ts";
import { unchallenged } from "../support/unchallenged.ts";

const API = "https://app.example/v1/auth/users/me";

describe("a page that loads", () => {
  // B127 https://github.com/firebase/flutterfire/issues/3356
  it.each([0, 400, 3_000, 9_000])("shows nobody signed out while the answer takes %s ms", async (delayAfterMs) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", delayAfterMs });
    const client = scene.open(scene.world.open());
    const { states, events } = record(client);
    await scene.world.advance(10_000);
    expect(states).toEqual(["loading", "authenticated"]);
    expect(events).toEqual(["signedIn"]);
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  // B219 https://github.com/react/react/issues/32351
  it("promises what it finds once: a component that asks at each render gets the same promise", async () => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", delayAfterMs: 300 });
    const client = scene.open(scene.world.open());
    const asked = client.ready();
    await scene.world.advance(100);
    expect(client.ready()).toBe(asked);
    const found = await scene.world.until(asked);
    expect(found).toBe(client.getState());
    expect(client.ready()).toBe(asked);
    await scene.world.until(client.refresh());
    expect(client.ready()).toBe(asked);
    await scene.world.until(client.signOut());
    expect(await client.ready()).toBe(client.getState());
  });

  // B219 https://github.com/react/react/issues/32351
  it("breaks the same promise until it is tried again", async () => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", cut: "before", times: 1 });
    const client = scene.open(scene.world.open());
    const asked = client.ready();
    expect(isAuthError(await scene.world.until(asked.catch((error: unknown) => error)), "unavailable")).toBe(true);
    expect(client.ready()).toBe(asked);
    await scene.world.advance(10_000);
    expect(await scene.world.until(client.ready())).toMatchObject({ status: "authenticated" });
  });

  it("that was never signed in goes from loading to nobody, without an event", async () => {
    await using scene = await openClosed();
    scene.world.jar.clear();
    scene.world.storage.wipe();
    const client = scene.open(scene.world.open());
    const { states, events } = record(client);
    await scene.world.advance(10_000);
    expect(states).toEqual(["loading", "unauthenticated"]);
    expect(events).toEqual([]);
    expect(client.getState()).toEqual({ status: "unauthenticated", reason: "none", previousIdentity: null });
  });

  it.each([
    ["REFRESH_TOKEN_REVOKED", "revoked"],
    ["REFRESH_TOKEN_EXPIRED", "expired"],
    ["REFRESH_TOKEN_MISSING", "expired"],
  ])("whose session is over (%s) says that it is %s", async (detail, reason) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", answer: { status: 401, body: JSON.stringify({ detail }) } });
    const client = scene.open(scene.world.open());
    const { states } = record(client);
    await scene.world.advance(5_000);
    expect(states).toEqual(["loading", "unauthenticated"]);
    expect(client.getState()).toMatchObject({ reason });
  });

  // B128 https://github.com/firebase/firebase-js-sdk/issues/4133
  it.each(["before", "after"] as const)(
    "lets somebody sign in while its refresh hangs, held %s the server has it",
    async (hold) => {
      await using scene = await openClosed();
      const held = scene.world.network.addFault({ match: "/jwt/refresh", hold });
      const client = scene.open(scene.world.open());
      const { states } = record(client);
      await scene.world.advance(1_000);
      const identity = unchallenged(await scene.world.until(client.signIn(BOB), 500));
      expect(client.getState()).toEqual({ status: "authenticated", identity });
      expect(identity.subject).not.toBe(scene.identity.subject);
      await scene.world.advance(29_000);
      held.release();
      await scene.world.advance(60_000);
      expect(client.getState()).toEqual({ status: "authenticated", identity });
      expect(states).toEqual(["loading", "authenticated"]);
    },
  );

  // B128 https://github.com/firebase/firebase-js-sdk/issues/4133
  it.each([undefined, 2_000])(
    "says in time that it does not know, with a time-out of %s ms, and goes on trying",
    async (requestTimeoutMs) => {
      await using scene = await openClosed();
      scene.world.network.addFault({ match: "/jwt/refresh", hold: "before", times: 1 });
      const client = createAuthClient({ platform: scene.world.open().platform, requestTimeoutMs });
      scene.clients.push(client);
      client.start();
      const ready = client.ready().then(
        () => null,
        (error: unknown) => error,
      );
      await scene.world.advance((requestTimeoutMs ?? 10_000) + 100);
      expect(isAuthError(await ready, "unavailable")).toBe(true);
      expect(client.getState().status).toBe("loading");
      await scene.world.advance(5_000);
      expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    },
  );

  // B138 https://github.com/Bike4Mind/bike4mind/pull/663
  it.each([1, 5, 50])("sends %s first requests with the token, and none before it is there", async (count) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", delayAfterMs: 400 });
    const tab = scene.world.open();
    const client = createAuthClient({ platform: tab.platform });
    scene.clients.push(client);
    const send = authorizeFetch(client, { fetch: tab.platform.fetch });
    // Children's effects run before the provider's: the requests come first, then the start.
    const answers = Promise.all(Array.from({ length: count }, () => send(API)));
    client.start();
    expect((await scene.world.until(answers)).every(({ status }) => status === 200)).toBe(true);
    expect(scene.since()).toHaveLength(1);
    expect(
      scene.world.log().filter(({ path, serverStatus }) => path.endsWith("/users/me") && serverStatus === 401),
    ).toEqual([]);
  });

  it.each([
    ["an outage", { cut: "before" }, "unavailable"],
    ["a failing server", { answer: { status: 503, body: "" } }, "unavailable"],
    ["a captive portal", { answer: { status: 200, body: "<html>" } }, "unavailable"],
    ["a wrong set-up", { answer: { status: 403, body: '{"detail":"ORIGIN_NOT_ALLOWED"}' } }, "originNotAllowed"],
  ] as const)("tells who waits of %s, and keeps the session", async (_name, fault, code) => {
    await using scene = await openClosed();
    scene.world.network.addFault({ match: "/jwt/refresh", times: Number.POSITIVE_INFINITY, ...fault });
    const client = scene.open(scene.world.open());
    const waits = [client.ready(), client.getAccessToken(), client.refresh()].map((wait) =>
      wait.then(
        () => "settled",
        (error: unknown) => (isAuthError(error) ? error.code : String(error)),
      ),
    );
    expect(await scene.world.until(Promise.all(waits))).toEqual([code, code, code]);
    expect(client.getState().status).toBe("loading");
  });

  // C02 (ZnDraw)
  it("says what the server says of a page that it refuses: which setting is missing", async () => {
    await using scene = await openClosed();
    const reason = "Set `allow_insecure_cookies` on a network that you trust.";
    const answer = { status: 403, body: JSON.stringify({ detail: { code: "ORIGIN_NOT_ALLOWED", reason } }) };
    for (const match of ["/jwt/refresh", "/jwt/login"])
      scene.world.network.addFault({ match, times: Number.POSITIVE_INFINITY, answer });
    const client = scene.open(scene.world.open());
    const refused = { code: "originNotAllowed", reason, message: expect.stringContaining(reason) };
    await expect(scene.world.until(client.ready())).rejects.toMatchObject(refused);
    await expect(scene.world.until(client.signIn(ADA))).rejects.toMatchObject(refused);
  });

  it.each([404, 405, 501])("of a server without refresh (%s) is of nobody", async (status) => {
    await using scene = await openClosed();
    scene.world.jar.clear();
    scene.world.storage.wipe();
    scene.world.network.addFault({
      match: "/jwt/refresh",
      times: Number.POSITIVE_INFINITY,
      answer: { status, body: "" },
    });
    const client = scene.open(scene.world.open());
    await scene.world.advance(1_000);
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "none" });
  });
});

describe("a sign-in", () => {
  // B130 https://github.com/auth0/auth0-react/issues/343
  it.each([0, 300])("that takes %s ms shows one step, token and state together", async (delayAfterMs) => {
    await using scene = await openClosed();
    scene.world.jar.clear();
    scene.world.storage.wipe();
    const client = scene.open(scene.world.open());
    await scene.world.advance(1_000);
    const { states } = record(client);
    const seen: [string, boolean][] = [];
    const look = (): void => void seen.push([client.getState().status, client.accessToken.getState() !== null]);
    client.subscribe(look);
    client.accessToken.subscribe(look);
    client.on("signedIn", look);
    scene.world.network.addFault({ match: "/jwt/login", delayAfterMs });
    await scene.world.until(client.signIn(ADA));
    expect(states).toEqual(["unauthenticated", "authenticated"]);
    expect(new Set(seen.map(String))).toEqual(new Set(["authenticated,true"]));
  });
});
