import { describe, expect, it } from "vitest";
import type { AuthClient } from "../../src/core/authClient.ts";
import { openSignedIn, record, unsigned } from "./scene.ts";
import { ADA, BOB, openWorld } from "./support.ts";
import { recordEvents } from "../support/recordEvents.ts";
import { unchallenged } from "../support/unchallenged.ts";

const NAMESPACE = "stay-signed-in:/v1/auth";
type World = Awaited<ReturnType<typeof openWorld>>["world"];

const written = (world: World): { id: string; end: string } =>
  JSON.parse(world.storage.contents()[`${NAMESPACE}:session`] ?? "{}");
const writesBy = (world: World, tab: number): string[] =>
  world.timeline
    .entries()
    .filter((entry) => entry.tab === tab && entry.what.includes(`:session = `))
    .map(({ what }) => what);

// One ordering for each rule of docs/tabs.md that random programs seldom miss.
describe("the orderings that single rules are there for", () => {
  // N2
  it("an answer that was under way while somebody signed in elsewhere is not written over them", async () => {
    await using scene = await openSignedIn(2);
    const { world } = scene;
    world.channel.dropRate = 1;
    const slow = world.network.addFault({ match: "/jwt/refresh", tab: 1, hold: "after" });
    void scene.client.refresh();
    await world.advance(100);
    const bob = unchallenged(await world.until((scene.others[0] as typeof scene.client).signIn(BOB)));
    slow.release();
    await world.advance(100);
    expect(written(world)).toMatchObject({ id: bob.sessionId, end: "open" });
    await world.advance(30_000);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
  });

  // N3
  it("a tab that slept over its second look at the record takes a third before it writes", async () => {
    await using scene = await openSignedIn(2);
    const { world } = scene;
    world.storage.plant(`${NAMESPACE}:session`, null);
    scene.tab.signal("visible");
    await world.advance(500);
    scene.tab.freeze();
    world.channel.dropRate = 1;
    await world.until((scene.others[0] as typeof scene.client).signOut());
    world.channel.dropRate = 0;
    await world.advance(10_000);
    world.storage.wipe();
    const before = writesBy(world, 1).length;
    await world.advance(60_000);
    world.channel.delayMs = 50;
    scene.tab.thaw();
    await world.advance(30_000);
    expect(
      writesBy(world, 1)
        .slice(before)
        .filter((what) => what.includes('"open"')),
    ).toEqual([]);
    for (const client of scene.clients) expect(client.getState()).toMatchObject({ reason: "signedOut" });
  });

  // N4
  it("a tab that did not hear of a sign-out is told by its next message, where nothing is written down", async () => {
    await using scene = await openSignedIn(2, { world: { storage: "missing" } });
    const { world } = scene;
    world.channel.dropRate = 1;
    world.network.addFault({ match: "/jwt/logout", hold: "before" });
    void (scene.others[0] as typeof scene.client).signOut().catch(() => {});
    await world.advance(1_000);
    world.channel.dropRate = 0;
    void scene.client.refresh();
    await world.advance(1_000);
    expect(scene.client.getState()).toMatchObject({ reason: "signedOut" });
  });

  // N5
  it("a tab that wakes writes no old token down before a sign-out has reached its storage", async () => {
    await using scene = await openSignedIn(2);
    const { world } = scene;
    world.storage.delayMs = 1_000;
    const slow = world.network.addFault({ match: "/jwt/refresh", tab: 1, hold: "after" });
    void scene.client.refresh().catch(() => {});
    await world.advance(100);
    scene.tab.suspend();
    await world.until((scene.others[0] as typeof scene.client).signOut());
    slow.release();
    const before = writesBy(world, 1).length;
    world.channel.delayMs = 50;
    scene.tab.restore();
    await world.advance(30_000);
    expect(
      writesBy(world, 1)
        .slice(before)
        .filter((what) => what.includes('"open"')),
    ).toEqual([]);
    expect(written(world).end).toBe("signedOut");
    for (const client of scene.clients) expect(client.getState()).toMatchObject({ reason: "signedOut" });
  });

  // T1
  it("a token whose claims are of somebody else than its message says is no token", async () => {
    await using scene = await openSignedIn(1);
    const { world, client, identity } = scene;
    const token = client.accessToken.getState();
    const { number } = JSON.parse(world.storage.contents()[`${NAMESPACE}:session`] ?? "{}");
    const issuedAt = Math.floor(world.clock.worldNow() / 1000) + 60;
    world.channel.inject(NAMESPACE, {
      version: 1,
      kind: "told",
      number,
      id: identity.sessionId,
      end: "open",
      pendingSignOut: false,
      isGuest: false,
      issuedAt,
      token: unsigned({ sub: "mallory", sid: identity.sessionId, iat: issuedAt, exp: issuedAt + 900 }),
      subject: identity.subject,
      sentAt: world.clock.worldNow(),
      count: 99,
      lifetimeMs: 900_000,
    });
    await world.advance(1_000);
    expect(client.accessToken.getState()).toBe(token);
    expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  // S4
  it("a tab that asks between two sign-ins of another one is shown no end, where nothing tells it of them", async () => {
    await using scene = await openSignedIn(2, { world: { storage: "missing" } });
    const { world, client } = scene;
    const other = scene.others[0] as typeof client;
    const told = recordEvents(other);
    world.channel.dropRate = 1;
    let logins = 0;
    const isSecond = ({ path }: { path: string }) => path.endsWith("/jwt/login") && (logins += 1) === 2;
    const slow = world.network.addFault({ match: isSecond, hold: "before" });
    void client.signIn(BOB).catch(() => {});
    const last = client.signIn(ADA);
    await world.advance(1_000);
    await world.until(other.refresh().catch(() => {}));
    slow.release();
    const ada = unchallenged(await world.until(last));
    await world.until(other.refresh());
    expect(told).not.toContain("sessionEnded");
    for (const each of scene.clients) expect(each.getState()).toEqual({ status: "authenticated", identity: ada });
  });

  // S1
  it("a sign-in counts when the next one of its tab fails, also where another tab signed in just before", async () => {
    await using scene = await openSignedIn(2);
    const { world, client } = scene;
    const slow = world.network.addFault({ match: "/jwt/login", tab: 2, hold: "after" });
    void (scene.others[0] as typeof client).signIn(BOB);
    await world.advance(100);
    void client.signIn(ADA).catch(() => {});
    const mistyped = client.signIn({ ...ADA, password: "wrong" }).catch(({ code }) => code as string);
    expect(await world.until(mistyped)).toBe("credentialsRejected");
    slow.release();
    await world.advance(5_000);
    for (const each of scene.clients) {
      expect(each.getState()).toMatchObject({ status: "authenticated", identity: { subject: scene.identity.subject } });
    }
  });

  // S4
  it("a sign-in that waits for another one of its tab is not sent after a sign-out", async () => {
    await using scene = await openSignedIn(1);
    const { world, client } = scene;
    const slow = world.network.addFault({ match: "/jwt/login", hold: "after" });
    const logins = () => world.network.requests.filter(({ path }) => path.endsWith("/jwt/login")).length;
    const before = logins();
    const both = [BOB, ADA].map((who) => client.signIn(who).catch(({ code }) => code as string));
    await world.advance(1_000);
    void client.signOut();
    slow.release();
    expect(await world.until(Promise.all(both))).toEqual(["superseded", "superseded"]);
    expect(logins() - before).toBe(1);
    expect(client.getState()).toMatchObject({ reason: "signedOut" });
  });

  // S4
  it("a sign-in whose answer is lost after a sign-out is signed out of as well", async () => {
    await using scene = await openSignedIn(1);
    const { world, client } = scene;
    world.network.addFault({ match: "/jwt/login", delayBeforeMs: 1_000, cut: "body" });
    const lost = client.signIn(BOB).catch(({ code }) => code as string);
    await world.advance(100);
    await world.until(client.signOut());
    expect(await world.until(lost)).toBe("unavailable");
    await world.advance(1_000);
    const next = scene.open(world.open());
    await world.advance(5_000);
    for (const each of [client, next]) expect(each.getState()).toMatchObject({ status: "unauthenticated" });
  });

  // S4
  it("a sign-out after a sign-in whose answer was lost ends that session as well", async () => {
    await using scene = await openSignedIn(1);
    const { world, client } = scene;
    world.network.addFault({ match: "/jwt/login", cut: "body" });
    const lost = client.signIn(BOB).catch(({ code }) => code as string);
    expect(await world.until(lost)).toBe("unavailable");
    expect(client.getState()).toMatchObject({ status: "authenticated", identity: scene.identity });
    await world.until(client.signOut());
    const next = scene.open(world.open());
    await world.advance(5_000);
    for (const each of [client, next]) expect(each.getState()).toMatchObject({ status: "unauthenticated" });
  });

  // S4
  it("the sign-out over a sign-in whose answer was lost does not wait for another one that is slow", async () => {
    await using opened = await openWorld(2);
    const { world } = opened;
    const [client, sibling] = opened.clients as [AuthClient, AuthClient];
    await world.advance(1_000);
    world.network.addFault({ match: "/jwt/login", delayBeforeMs: 1_000, cut: "body" });
    const slow = world.network.addFault({ match: "/jwt/logout", hold: "after" });
    const lost = client.signIn(BOB).catch(({ code }) => code as string);
    await world.advance(100);
    void client.signOut();
    expect(await world.until(lost)).toBe("unavailable");
    await world.advance(1_000);
    await world.until(sibling.refresh().catch(() => {}));
    expect(sibling.getState()).toMatchObject({ status: "unauthenticated" });
    slow.release();
    await world.advance(5_000);
    for (const each of [client, sibling]) expect(each.getState()).toMatchObject({ status: "unauthenticated" });
  });

  // S3
  it("a sign-out that names no session is heard by the tab that found that session just before", async () => {
    await using opened = await openWorld(1);
    const { world } = opened;
    const client = opened.clients[0] as (typeof opened.clients)[number];
    await world.settle();
    world.network.addFault({ match: "/jwt/login", delayBeforeMs: 1_000, cut: "body" });
    const lost = client.signIn(BOB).catch(({ code }) => code as string);
    await world.advance(100);
    await world.until(client.signOut());
    const slow = world.network.addFault({ match: "/jwt/logout", hold: "before" });
    expect(await world.until(lost)).toBe("unavailable");
    const sibling = opened.open(world.open());
    await world.advance(1_000);
    for (const each of [client, sibling]) expect(each.getState()).toMatchObject({ identity: { isGuest: false } });
    slow.release();
    await world.advance(1_000);
    for (const each of [client, sibling]) expect(each.getState()).toMatchObject({ reason: "signedOut" });
    await world.advance(60_000);
    const next = opened.open(world.open());
    await world.advance(1_000);
    expect(next.getState()).toMatchObject({ status: "unauthenticated" });
  });

  // S3
  it("a sign-out after two tabs signed in at once leaves neither session for the next page", async () => {
    await using opened = await openWorld(2);
    const { world } = opened;
    await world.settle();
    const late = world.network.addFault({ match: "/jwt/login", tab: 2, hold: "after" });
    const both = opened.clients.map((client) => client.signIn(ADA));
    await world.advance(10);
    late.release();
    await world.until(Promise.all(both));
    await world.until((opened.clients[0] as (typeof opened.clients)[number]).signOut());
    opened.open(world.open());
    await world.advance(5_000);
    for (const client of opened.clients) expect(client.getState()).toMatchObject({ status: "unauthenticated" });
  });

  // K6
  it("on a server without numbers a session that a slow start finds is older than a sign-in made meanwhile", async () => {
    await using opened = await openWorld(1, { isNumberless: true });
    const { world } = opened;
    await world.until((opened.clients[0] as (typeof opened.clients)[number]).signIn(ADA));
    await world.advance(1_000);
    world.storage.wipe();
    world.channel.dropRate = 1;
    const slow = world.network.addFault({ match: "/jwt/refresh", tab: 2, hold: "after" });
    opened.open(world.open());
    await world.advance(1_000);
    const bob = unchallenged(await world.until((opened.clients[0] as (typeof opened.clients)[number]).signIn(BOB)));
    await world.advance(1_000);
    world.channel.dropRate = 0;
    slow.release();
    await world.advance(60_000);
    for (const client of opened.clients) expect(client.getState()).toEqual({ status: "authenticated", identity: bob });
  });

  // K6
  it("on a server without numbers a sign-in counts over what its tab heard of meanwhile, also when the clock was set back", async () => {
    await using opened = await openWorld(1, { isNumberless: true });
    const { world, clock, clients } = opened;
    await world.until((clients[0] as (typeof clients)[number]).signIn(ADA));
    await world.advance(60_000);
    const slow = world.network.addFault({ match: "/jwt/login", hold: "after" });
    const bob = opened.open(world.open()).signIn(BOB);
    await world.advance(1_000);
    clock.jumpWall(-3_600_000);
    slow.release();
    const identity = unchallenged(await world.until(bob));
    await world.advance(5_000);
    for (const client of clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  // K6
  it("on a server without numbers a tab that finds what another one has signed out of makes no later session of it", async () => {
    await using scene = await openSignedIn(1, { isNumberless: true });
    const { world, client } = scene;
    await world.advance(1_000);
    world.network.addFault({ match: "/jwt/logout", cut: "before", times: 5 });
    await world.until(client.signOut());
    world.storage.plant(
      `${NAMESPACE}:session`,
      JSON.stringify({ number: 8.5e15, id: "stray", end: "open", pendingSignOut: false, isGuest: false }),
    );
    const { states } = record(client);
    scene.open(world.open());
    await world.advance(120_000);
    expect(states).not.toContain("authenticated");
    for (const each of scene.clients) expect(each.getState()).toMatchObject({ reason: "signedOut" });
  });
});
