import { describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { openSignedIn, record } from "./scene.ts";
import { ADA, BOB } from "./support.ts";

const LIFETIME_MS = 900_000;
const NAMESPACE = "stay-signed-in:/v1/auth";
type Scene = Awaited<ReturnType<typeof openSignedIn>>;

const postsOf = ({ world }: Scene, kind: string): number =>
  world.timeline.entries().filter(({ what }) => what === `posts "${kind}"`).length;
const requestsBy = ({ world }: Scene, tab: number): number =>
  world.network.requests.filter((one) => one.tab === tab).length;

describe("what one tab does, all know", () => {
  // N4
  it("a token that they did not hear of, as soon as its tab wakes", async () => {
    await using scene = await openSignedIn(2);
    await scene.world.advance(60_000);
    scene.world.channel.dropRate = 1;
    await scene.world.until(scene.client.refresh());
    await scene.world.advance(1_000);
    const token = scene.client.accessToken.getState();
    expect(scene.others[0]?.accessToken.getState()).not.toBe(token);
    scene.world.channel.dropRate = 0;
    scene.tab.signal("resumed");
    await scene.world.advance(1_000);
    expect(scene.others[0]?.accessToken.getState()).toBe(token);
  });

  // B081 https://github.com/nextauthjs/next-auth/issues/2071
  it.each([2, 6, 12])("a refresh: one call of the server for %s tabs", async (tabCount) => {
    await using scene = await openSignedIn(tabCount);
    const requests = scene.world.network.requests.length;
    await scene.world.until(scene.client.refresh());
    await scene.world.advance(50);
    expect(scene.since()).toHaveLength(1);
    expect(scene.world.network.requests.length).toBe(requests + 1);
    const token = scene.client.accessToken.getState();
    expect(token).not.toBe(null);
    for (const client of scene.clients) expect(client.accessToken.getState()).toBe(token);
  });

  // B085 https://github.com/better-auth/better-auth/issues/8120
  it.each<[string, (client: AuthClient) => Promise<unknown>, string[], string]>([
    ["a sign-out", (client) => client.signOut(), ["signedOut", "identityChanged"], "unauthenticated"],
    ["another sign-in of the same subject", (client) => client.signIn(ADA), ["refreshed"], "authenticated"],
    ["a sign-in of another subject", (client) => client.signIn(BOB), ["identityChanged", "signedIn"], "authenticated"],
    ["a refresh", (client) => client.refresh(), ["refreshed"], "authenticated"],
  ])("%s, without a request of their own", async (_name, act, expected, status) => {
    await using scene = await openSignedIn(3);
    const logs = scene.others.map(record);
    const before = [2, 3].map((tab) => requestsBy(scene, tab));
    await scene.world.until(act(scene.client));
    await scene.world.settle();
    for (const { events } of logs) expect([...events].sort()).toEqual([...expected].sort());
    for (const client of scene.others) {
      expect(client.getState()).toEqual(scene.client.getState());
      expect(client.getState().status).toBe(status);
      expect(client.accessToken.getState()).toBe(scene.client.accessToken.getState());
    }
    // T2: message and record agree, so that nobody has to ask the server whose token it is.
    expect([2, 3].map((tab) => requestsBy(scene, tab))).toEqual(before);
    expect(scene.since().filter(({ tab }) => tab !== 1)).toEqual([]);
  });

  // B196 https://github.com/bluesky-social/social-app/pull/8679
  it.each([2, 3, 8])("in one message for %s tabs, and an echo of it calls forth none", async (tabCount) => {
    await using scene = await openSignedIn(tabCount);
    const heard: unknown[] = [];
    scene.world.channel.decide = (message) => {
      heard.push(message);
      return null;
    };
    const before = postsOf(scene, "told");
    await scene.world.until(scene.client.refresh());
    await scene.world.settle();
    expect(postsOf(scene, "told")).toBe(before + 1);
    const shown = scene.clients.map((client) => client.accessToken.getState());
    for (let echo = 0; echo < 3; echo += 1) {
      for (const message of heard.slice()) scene.world.channel.inject(NAMESPACE, message);
      await scene.world.settle();
    }
    expect(postsOf(scene, "told")).toBe(before + 1);
    expect(scene.clients.map((client) => client.accessToken.getState())).toEqual(shown);
    expect(scene.since()).toHaveLength(1);
  });

  it.each([
    ["dropped", { drop: true }],
    ["late", { delayMs: 5_000 }],
    ["doubled", { duplicateAfterMs: 700 }],
  ])("or find out when they need it: every message %s", async (_name, fate) => {
    await using scene = await openSignedIn(3);
    scene.world.channel.decide = () => fate;
    await scene.world.advance(LIFETIME_MS + 20_000);
    scene.world.channel.decide = null;
    for (const client of scene.clients) {
      expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
      await scene.world.until(client.getAccessToken());
    }
  });
});

describe("a message of a stranger", () => {
  const told = {
    version: 1,
    kind: "told",
    number: 1e15,
    id: "x",
    end: "open",
    pendingSignOut: false,
    isGuest: false,
    issuedAt: null,
  };
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a text", "signOut"],
    ["a list", [1, 2]],
    ["another version", { ...told, version: 2, end: "signedOut" }],
    ["no version", { ...told, version: undefined, end: "signedOut" }],
    ["an unknown kind", { ...told, kind: "wipe" }],
    ["a number that is none", { ...told, number: Number.NaN }],
    ["a negative number", { ...told, number: -1 }],
    ["an endless number", { ...told, number: Number.POSITIVE_INFINITY }],
    ["an unknown end", { ...told, end: "gone" }],
    ["an id without end", { ...told, id: "x".repeat(10_000) }],
    ["an object that throws nothing", { version: 1, kind: "told", number: {}, id: {}, end: {} }],
  ])("that is %s changes nothing", async (_name, message) => {
    await using scene = await openSignedIn(2);
    const [first, second] = scene.clients.map(record);
    const requests = scene.world.network.requests.length;
    scene.world.channel.inject(NAMESPACE, message);
    await scene.world.advance(10_000);
    expect([...(first?.events ?? []), ...(second?.events ?? [])]).toEqual([]);
    expect(scene.world.network.requests.length).toBe(requests);
  });

  it.each([
    ["a session without a token", {}],
    ["a token that is none", { token: "x", subject: "eve", sentAt: 1, count: 1, lifetimeMs: 1 }],
    [
      "a token of another subject than it says",
      { token: "e30.eyJzdWIiOiJldmUifQ.x", subject: "ada", sentAt: 1, count: 1 },
    ],
  ])("that tells of a later session (%s) signs nobody in and ends nothing", async (_name, extra) => {
    await using scene = await openSignedIn(2);
    const logs = scene.clients.map(record);
    scene.world.channel.inject(NAMESPACE, { ...told, ...extra });
    await scene.world.advance(15_000);
    for (const client of scene.clients)
      expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    for (const { events } of logs)
      for (const event of ["sessionEnded", "signedOut", "identityChanged"]) expect(events).not.toContain(event);
    expect(scene.since().length).toBeLessThanOrEqual(4);
  });

  const encoded = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll("=", "");
  const forged = {
    ...told,
    token: `${encoded({ alg: "none" })}.${encoded({ sub: "eve", sid: "x", iat: 1, exp: 9e9 })}.`,
    subject: "eve",
    sentAt: 0,
    count: 1,
    lifetimeMs: 900_000,
  };
  it.each([
    ["with its token", [forged]],
    ["and then of its token", [told, forged]],
    ["and then of its end", [told, { ...told, end: "revoked" }]],
    ["and then of another's end", [forged, { ...told, number: 2e15, end: "expired" }]],
  ])("that tells a tab which has just been opened of a later session %s names no subject", async (_name, messages) => {
    await using scene = await openSignedIn(1);
    const tab = scene.world.open();
    const client = scene.open(tab);
    const subjects = new Set<string>();
    const { events } = record(client);
    client.subscribe(() => {
      const state = client.getState();
      if (state.status === "authenticated") subjects.add(state.identity.subject);
    });
    for (const message of messages) scene.world.channel.inject(NAMESPACE, message, tab.number);
    await scene.world.advance(15_000);
    expect([...subjects]).toEqual([scene.identity.subject]);
    expect(events).not.toContain("sessionEnded");
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  it("does not hide a sign-out that is heard meanwhile", async () => {
    await using scene = await openSignedIn(2);
    const [other] = scene.others;
    scene.world.channel.inject(NAMESPACE, told, 2);
    scene.world.network.addFault({ match: "/jwt/logout", delayBeforeMs: 2_000 });
    const out = scene.client.signOut();
    await scene.world.until(out);
    await scene.world.advance(15_000);
    expect(other?.getState()).toMatchObject({ status: "unauthenticated" });
    expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
  });
});

describe("the note of a later session", () => {
  it("is not written over by the late answer of an earlier sign-in", async () => {
    await using scene = await openSignedIn(2);
    const [other] = scene.others;
    await scene.world.advance(1_000);
    scene.world.network.addFault({ match: "/jwt/login", delayAfterMs: 300 });
    // The first tab has not made sure yet whose the later session is when its own answer arrives.
    scene.world.network.addFault({ match: "/users/me", delayAfterMs: 2_000 });
    const early = scene.client.signIn(ADA).catch(() => {});
    await scene.world.advance(50);
    await scene.world.until((other as AuthClient).signIn(BOB));
    const written = (): { id: string } => JSON.parse(scene.world.storage.contents()[`${NAMESPACE}:session`] ?? "{}");
    const { id } = written();
    await scene.world.until(early);
    expect(written().id).toBe(id);
    await scene.world.advance(5_000);
    expect(written().id).toBe(id);
    const state = other?.getState();
    expect(state?.status === "authenticated" && state.identity.sessionId).toBe(id);
  });
});

describe("a channel that fails", () => {
  // B091 https://github.com/supabase/auth-js/pull/626
  it.each(["throws", "missing"] as const)("(%s) costs no session, and is told once", async (channel) => {
    await using scene = await openSignedIn(2, { world: { channel } });
    await scene.world.advance(LIFETIME_MS);
    await scene.world.until(scene.client.refresh());
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    expect(new Set(scene.tab.warnings).size).toBe(channel === "throws" ? 1 : 0);
  });

  // B091 https://github.com/supabase/auth-js/pull/626
  it("only when something is posted undoes nothing", async () => {
    await using scene = await openSignedIn(2);
    scene.tab.setConditions({ channel: "throws" });
    await scene.world.until(scene.client.refresh());
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    await scene.world.until(scene.client.signOut());
    expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
    expect(new Set(scene.tab.warnings).size).toBe(1);
    scene.tab.setConditions({ channel: "works" });
  });
});
