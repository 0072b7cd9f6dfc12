import { describe, expect, it } from "vitest";
import type { AuthState } from "../../src/core/authState.ts";
import { openClosed, openSignedIn, record } from "./scene.ts";
import { ADA, BOB } from "./support.ts";
import { unchallenged } from "../support/unchallenged.ts";

const NAMESPACE = "stay-signed-in:/v1/auth";
const KEY = `${NAMESPACE}:session`;
const stray = { number: 9e15, id: "x", end: "open", pendingSignOut: false, isGuest: false, issuedAt: null };
const message = (changes: object = {}) => ({ version: 1, kind: "told", ...stray, ...changes });
const STRAYS: readonly [string, object][] = [
  ["a later session", {}],
  ["a later guest", { isGuest: true }],
  ["a later end", { end: "expired" }],
  ["a later revocation", { end: "revoked" }],
  ["a later sign-out", { end: "signedOut" }],
  ["a later sign-out that is pending", { end: "signedOut", pendingSignOut: true }],
];

type Scene = Awaited<ReturnType<typeof openSignedIn>>;
const logouts = (scene: Scene) => scene.world.log().filter(({ path }) => path.endsWith("/jwt/logout"));
const written = (scene: Scene): string | undefined => scene.world.storage.contents()[KEY];

// S03, X11
describe.each(STRAYS)("%s that strays about", (_name, changes) => {
  it("over the channel changes nothing that is shown, and costs one refresh", async () => {
    await using scene = await openSignedIn(3);
    const logs = scene.clients.map(record);
    scene.world.channel.inject(NAMESPACE, message(changes));
    await scene.world.advance(30_000);
    for (const { states, events } of logs) {
      expect(new Set(states)).toEqual(new Set(["authenticated"]));
      expect(events.filter((event) => event !== "refreshed")).toEqual([]);
    }
    expect(scene.since()).toHaveLength(1);
    expect(logouts(scene)).toEqual([]);
  });

  it("in the record changes nothing that is shown, and is overwritten by the server's answer", async () => {
    await using scene = await openSignedIn(2);
    const logs = scene.clients.map(record);
    scene.world.storage.plant(KEY, JSON.stringify({ ...stray, ...changes }));
    for (const tab of scene.world.tabs) tab.signal("resumed");
    await scene.world.advance(30_000);
    for (const { states } of logs) expect(new Set(states)).toEqual(new Set(["authenticated"]));
    expect(scene.since().length).toBeLessThanOrEqual(2);
    expect(JSON.parse(written(scene) ?? "")).toMatchObject({ id: scene.identity.sessionId, end: "open" });
    expect(logouts(scene)).toEqual([]);
  });

  it("in the record of an earlier visit signs nobody out, here or at the server", async () => {
    await using scene = await openClosed();
    scene.world.storage.plant(KEY, JSON.stringify({ ...stray, ...changes }));
    const client = scene.open(scene.world.open());
    const { states } = record(client);
    await scene.world.advance(30_000);
    expect(states).toEqual(["loading", "authenticated"]);
    expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
    expect(JSON.parse(written(scene) ?? "")).toMatchObject({ id: scene.identity.sessionId, end: "open" });
    expect(logouts(scene).filter(({ path }) => !path.includes("x")).length).toBeLessThanOrEqual(1);
    await scene.world.until(client.refresh());
  });

  it("does not keep the tabs from somebody who signs in later", async () => {
    await using scene = await openSignedIn(2);
    scene.world.channel.inject(NAMESPACE, message(changes));
    scene.world.storage.plant(KEY, JSON.stringify({ ...stray, id: "y", ...changes }));
    await scene.world.advance(100);
    const identity = unchallenged(await scene.world.until(scene.client.signIn(BOB)));
    await scene.world.advance(30_000);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity });
  });

  it("does not undo a sign-out", async () => {
    await using scene = await openSignedIn(2);
    scene.world.channel.inject(NAMESPACE, message(changes));
    scene.world.storage.plant(KEY, JSON.stringify({ ...stray, id: "y", ...changes }));
    await scene.world.advance(1);
    await scene.world.until(scene.client.signOut());
    await scene.world.advance(60_000);
    for (const client of scene.clients) expect(client.getState().status).toBe("unauthenticated");
    const again = unchallenged(await scene.world.until(scene.client.signIn(ADA)));
    await scene.world.advance(10_000);
    for (const client of scene.clients) expect(client.getState()).toEqual({ status: "authenticated", identity: again });
  });
});

// T3
it("a stream of strays costs one refresh a floor", async () => {
  await using scene = await openSignedIn(1);
  for (let round = 0; round < 10; round += 1) {
    scene.world.channel.inject(NAMESPACE, message({ number: stray.number + round }));
    await scene.world.advance(300);
  }
  expect(scene.since()).toHaveLength(1);
  await scene.world.advance(30_000);
  expect(scene.since()).toHaveLength(2);
});

// T3
it("what is told after the clock was set back is asked about as soon as ever", async () => {
  await using scene = await openSignedIn(1);
  scene.world.channel.inject(NAMESPACE, message());
  await scene.world.advance(1_000);
  expect(scene.since()).toHaveLength(1);
  scene.clock.jumpWall(-3_600_000);
  scene.world.channel.inject(NAMESPACE, message());
  await scene.world.advance(30_000);
  expect(scene.since()).toHaveLength(2);
});

// T1
it.each([
  ["of another version", { version: 2 }],
  ["whose number is a text", { number: "9e15" }],
  ["whose number is none", { number: Number.POSITIVE_INFINITY }],
  ["whose name is longer than any", { id: "x".repeat(201) }],
  ["whose end nobody knows", { end: "gone" }],
])("a message %s is not heard", async (_name, changes) => {
  await using scene = await openSignedIn(1);
  scene.world.channel.inject(NAMESPACE, message(changes));
  await scene.world.advance(30_000);
  expect(scene.since()).toEqual([]);
});

// S03: what RequireAuth holds is not taken off the page
it.each([
  ["with the channel", {}],
  ["by the storage alone", { channel: "missing" as const }],
])("a sign-in of the same subject in another tab, %s, is an update", async (_name, world) => {
  await using scene = await openSignedIn(2, { world });
  await scene.world.advance(5_000);
  const [other] = scene.others;
  if (other === undefined) throw new Error("no other");
  const { states, events } = record(other);
  const identity = unchallenged(await scene.world.until(scene.client.signIn(ADA)));
  await scene.world.advance(10_000);
  expect(new Set(states)).toEqual(new Set(["authenticated"]));
  expect(events).not.toContain("signedIn");
  expect(other.getState()).toEqual({ status: "authenticated", identity });
});

// T5
it.each([
  ["with a request under way", 2_000],
  ["at rest", 0],
])("whoever signed in and out again elsewhere while this tab slept is heard, %s", async (_name, delayBeforeMs) => {
  await using scene = await openSignedIn(2);
  const [other] = scene.others;
  const [sleeper] = scene.otherTabs;
  if (other === undefined || sleeper === undefined) throw new Error("no other");
  if (delayBeforeMs > 0) scene.world.network.addFault({ match: "/jwt/logout", delayBeforeMs });
  sleeper.freeze();
  await scene.world.until(scene.client.signIn(BOB));
  void scene.client.signOut();
  await scene.world.advance(500);
  sleeper.thaw();
  await scene.world.advance(20_000);
  for (const client of scene.clients) {
    expect((client.getState() as Extract<AuthState, { status: "unauthenticated" }>).reason).toBe("signedOut");
  }
});
