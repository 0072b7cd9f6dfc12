import { describe, expect, it } from "vitest";
import { isAuthError } from "../../src/core/authError.ts";
import type { PortCondition } from "../../src/testing/portCondition.ts";
import { openClosed, openSignedIn, record } from "./scene.ts";
import { BOB } from "./support.ts";

const NAMESPACE = "stay-signed-in:/v1/auth";
const conditions: PortCondition[] = ["works", "missing", "throws"];

describe.each(["works", "missing", "throws", "full"] as const)("where storage %s", (storage) => {
  // B079 https://github.com/paulvanbladel/aurelia-auth/issues/160
  // B080 https://github.com/MichalZalecki/storage-factory/issues/10
  it.each(conditions.flatMap((lock) => conditions.map((channel) => ({ lock, channel }))))(
    "with a lock that $lock and a channel that $channel, a session begins, goes on, changes hands and ends",
    async ({ lock, channel }) => {
      await using scene = await openSignedIn(1, { world: { storage, lock, channel } });
      const { events } = record(scene.client);
      expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
      await scene.world.advance(3_600_000);
      expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
      expect(scene.since().length).toBeLessThanOrEqual(6);
      await scene.world.until(scene.client.signIn(BOB));
      await scene.world.until(scene.client.signOut());
      expect(scene.client.getState()).toMatchObject({ reason: "signedOut" });
      expect(events).not.toContain("sessionEnded");
      expect(events).not.toContain("refreshFailed");
      expect(new Set(scene.tab.warnings).size).toBeLessThanOrEqual(2);
    },
  );

  it("an outage is still no loop, and still no end", async () => {
    await using scene = await openSignedIn(1, { world: { storage } });
    scene.world.network.addFault({ match: "/jwt/refresh", cut: "before", times: Number.POSITIVE_INFINITY });
    scene.clock.jumpWall(3_600_000);
    scene.tab.signal("visible");
    await scene.world.advance(600_000);
    const attempts = scene.world.network.requests.filter(
      ({ path, outcome }) => path.endsWith("/jwt/refresh") && outcome === "failed",
    );
    expect(attempts.length).toBeLessThanOrEqual(20);
    expect(scene.client.getState().status).toBe("authenticated");
  });

  it("a sign-out that cannot be told is remembered, or said to be not", async () => {
    await using scene = await openSignedIn(1, { world: { storage } });
    scene.world.network.addFault({ match: "/jwt/logout", cut: "before", times: 1 });
    const outcome = await scene.world.until(
      scene.client.signOut().then(
        () => "resolved",
        (error: unknown) => (isAuthError(error) ? error.code : String(error)),
      ),
    );
    expect(outcome).toBe(storage === "works" ? "resolved" : "unavailable");
    expect(scene.client.getState()).toMatchObject({ reason: "signedOut" });
    await scene.world.advance(10_000);
    expect(
      scene.world
        .log()
        .filter(({ path }) => path.endsWith("/jwt/logout"))
        .map(({ serverStatus }) => serverStatus),
    ).toEqual([204]);
  });
});

describe("a note of a stranger", () => {
  it.each([
    "",
    "null",
    "{",
    "[]",
    '"text"',
    "{}",
    '{"number":1}',
    '{"number":"9","id":"x","end":"open","pendingSignOut":false,"isGuest":false}',
    '{"number":-1,"id":"x","end":"signedOut","pendingSignOut":false,"isGuest":false}',
    '{"number":1e400,"id":"x","end":"signedOut","pendingSignOut":false,"isGuest":false}',
    '{"number":9e15,"id":"x","end":"gone","pendingSignOut":false,"isGuest":false}',
  ])("%s changes nothing", async (text) => {
    await using scene = await openSignedIn(1);
    scene.world.storage.plant(`${NAMESPACE}:session`, text);
    scene.world.storage.plant(`${NAMESPACE}:attempt`, text);
    scene.tab.signal("resumed");
    await scene.world.until(scene.client.refresh());
    await scene.world.advance(5_000);
    expect(scene.client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  it.each([
    [
      "a next attempt in a year",
      (now: number) => ({ nextAt: now + 3e10, madeAt: now, failures: 3, stuckUntil: 0, earlyAt: 0 }),
    ],
    [
      "an attempt made in the future",
      (now: number) => ({ nextAt: now + 1e5, madeAt: now + 1e9, failures: 3, stuckUntil: 0, earlyAt: now + 1e9 }),
    ],
    [
      "a thousand failures",
      (now: number) => ({ nextAt: now - 1, madeAt: now - 2, failures: 1_000, stuckUntil: 0, earlyAt: 0 }),
    ],
    [
      "a lock stuck for ever",
      (now: number) => ({ nextAt: 0, madeAt: now, failures: 0, stuckUntil: now + 3e10, earlyAt: 0 }),
    ],
  ])("with %s keeps nobody from a token", async (_name, attempt) => {
    await using scene = await openSignedIn(1);
    scene.clock.jumpWall(3_600_000);
    scene.world.storage.plant(`${NAMESPACE}:attempt`, JSON.stringify(attempt(scene.clock.now())));
    await scene.world.until(scene.client.getAccessToken());
    expect(scene.since()).toHaveLength(1);
  });

  it("with a next attempt in a year does not keep the timer from renewing", async () => {
    await using scene = await openSignedIn(1);
    await scene.world.advance(600_000);
    const now = scene.clock.now();
    const attempt = { nextAt: now + 3e10, madeAt: now, failures: 3, stuckUntil: 0, earlyAt: 0 };
    scene.world.storage.plant(`${NAMESPACE}:attempt`, JSON.stringify(attempt));
    await scene.world.advance(290_000);
    expect(scene.since().map(({ serverStatus }) => serverStatus)).toEqual([200]);
  });

  it("that is wiped in the middle of a session is written anew", async () => {
    await using scene = await openSignedIn(2);
    scene.world.storage.wipe();
    await scene.world.until(scene.client.refresh());
    await scene.world.advance(5_000);
    expect(scene.world.storage.contents()[`${NAMESPACE}:session`]).toContain('"end":"open"');
    for (const client of scene.clients)
      expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });

  // N2
  it("is written by no tab that has found nobody signed in", async () => {
    await using scene = await openClosed();
    const answer = { status: 401, body: '{"detail":"REFRESH_TOKEN_EXPIRED"}' };
    scene.world.network.addFault({ match: "/jwt/refresh", answer, times: 1 });
    const tab = scene.world.open();
    const client = scene.open(tab);
    await scene.world.advance(1_000);
    expect(client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
    scene.world.storage.wipe();
    tab.signal("visible");
    await scene.world.advance(10_000);
    expect(scene.world.storage.contents()).not.toHaveProperty([`${NAMESPACE}:session`]);
  });

  it("never holds a token, whatever happens", async () => {
    await using scene = await openSignedIn(2);
    const tokens = [scene.client.accessToken.getState()];
    await scene.world.until(scene.client.refresh());
    tokens.push(scene.client.accessToken.getState());
    await scene.world.until(scene.client.signOut());
    const kept = JSON.stringify(scene.world.storage.contents()) + scene.world.timeline.toString();
    for (const token of tokens) expect(kept).not.toContain(token?.split(".")[2]);
  });
});
