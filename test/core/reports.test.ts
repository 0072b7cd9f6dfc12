import { describe, expect, it, vi } from "vitest";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient } from "../../src/core/authClient.ts";
import { createAuthClient } from "../../src/core/createAuthClient.ts";
import { openSignedIn } from "./scene.ts";
import { ADA, BOB } from "./support.ts";
import { API, REFRESH, UNAUTHORIZED } from "./watchedTabs.ts";
import { unchallenged } from "../support/unchallenged.ts";

const ALWAYS = Number.POSITIVE_INFINITY;
const onEnd = { match: REFRESH, answer: { status: 401, body: '{"detail":"REFRESH_TOKEN_EXPIRED"}' } };

// S04
it("a client that is disposed of amid a wait leaves no rejection unhandled", async () => {
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  for (let turns = 0; turns < 8; turns += 1) {
    await using scene = await openSignedIn();
    await scene.clock.sleep(900_000);
    const waits = [scene.client.getAccessToken(), scene.client.refresh(), scene.client.fetchUser()].map((wait) =>
      wait.catch(() => {}),
    );
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    scene.client.dispose();
    await Promise.all(waits);
    await new Promise((resolve) => setImmediate(resolve));
  }
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

// S06
it("a sign-out that is confirmed twice takes no other one with it", async () => {
  await using scene = await openSignedIn(1);
  await scene.world.until(scene.client.signOut());
  const { network } = scene.world;
  network.addFault({ match: "/jwt/logout", cut: "before" });
  await scene.world.until(scene.client.signOut());
  const slow = network.addFault({ match: "/jwt/logout", hold: "after" });
  await scene.world.advance(4_000);
  const identity = unchallenged(await scene.world.until(scene.client.signIn(ADA)));
  scene.tab.signal("visible");
  await scene.world.settle();
  const lost = network.addFault({ match: "/jwt/logout", cut: "before", times: 1 });
  await scene.world.until(scene.client.signOut());
  slow.release();
  await scene.world.advance(30_000);
  expect(lost.hits).toBe(1);
  const named = scene.world
    .log()
    .filter(({ path, serverStatus }) => path.endsWith("/jwt/logout") && serverStatus === 204);
  expect(named.length).toBeGreaterThanOrEqual(3);
  const reloaded = scene.open(scene.world.open());
  await scene.world.advance(5_000);
  expect(reloaded.getState().status).toBe("unauthenticated");
  expect(identity.subject).toBeTruthy();
});

// S07
it("a network that is back two seconds after somebody's attempt is used within the floor", async () => {
  await using scene = await openSignedIn();
  await scene.clock.sleep(900_000);
  const outage = scene.world.network.addFault({ match: REFRESH, times: ALWAYS, cut: "before" });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await scene.world.until(scene.client.getAccessToken().catch(() => {}));
    await scene.world.advance(20_000);
  }
  await scene.world.until(scene.client.getAccessToken().catch(() => {}));
  await scene.world.advance(2_000);
  outage.remove();
  scene.forget();
  scene.tab.signal("online");
  await scene.world.advance(5_000);
  expect(scene.since()).toHaveLength(1);
  expect(scene.client.activity.getState().kind).toBe("idle");
});

// S08 https://github.com/logto-io/js/pull/1139
describe("refresh, called by hand", () => {
  it("asks each time, six times in ten seconds", async () => {
    await using scene = await openSignedIn();
    for (let call = 0; call < 6; call += 1) {
      await scene.world.until(scene.client.refresh());
      await scene.world.advance(1_500);
    }
    expect(scene.since()).toHaveLength(6);
    expect(scene.client.activity.getState().kind).toBe("idle");
  });

  it("says truthfully why it does not ask, and when it will, and shows no outage", async () => {
    await using scene = await openSignedIn();
    const failures: unknown[] = [];
    for (let call = 0; call < 30; call += 1) {
      await scene.world.until(scene.client.refresh().catch((error: unknown) => void failures.push(error)));
      await scene.world.advance(100);
    }
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("renewed several times"),
        retryAfterMs: expect.any(Number),
      });
    }
    expect(scene.client.activity.getState().kind).toBe("idle");
  });
});

// S09
describe("tokens that are refused again and again", () => {
  it.each([2, 3])("are replaced each time when %s changes of a role come within half a minute", async (changes) => {
    await using scene = await openSignedIn();
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    for (let change = 0; change < changes; change += 1) {
      scene.world.network.addFault({ match: "/users/me", answer: UNAUTHORIZED });
      expect((await scene.world.until(send(API))).status).toBe(200);
      await scene.world.advance(5_000);
    }
    expect(scene.since()).toHaveLength(changes);
  });

  it("by an endpoint that always answers 401 cost at most 8 refreshes in 21 calls", async () => {
    await using scene = await openSignedIn();
    const send = authorizeFetch(scene.client, { fetch: scene.tab.platform.fetch });
    scene.world.network.addFault({ match: "/users/me", times: ALWAYS, answer: UNAUTHORIZED });
    for (let call = 0; call < 21; call += 1) expect((await scene.world.until(send(API))).status).toBe(401);
    expect(scene.since().length).toBeLessThanOrEqual(8);
  });
});

/** A client that has heard who is signed in, and hears nothing more. */
async function openStopped(scene: Awaited<ReturnType<typeof openSignedIn>>): Promise<AuthClient> {
  const client = createAuthClient({ platform: scene.world.open().platform });
  scene.clients.push(client);
  const stop = client.start();
  await scene.world.settle();
  stop();
  return client;
}

// S12 https://github.com/hey-api/hey-api/issues/1001
describe("a client that is stopped or was never started", () => {
  it("gives no token of somebody who has signed out elsewhere", async () => {
    await using scene = await openSignedIn(1);
    const deaf = await openStopped(scene);
    await scene.world.until(scene.client.signOut());
    await expect(scene.world.until(deaf.getAccessToken())).rejects.toMatchObject({ code: "sessionEnded" });
  });

  it("sends nothing as somebody whom another has replaced", async () => {
    await using scene = await openSignedIn(1);
    const deaf = await openStopped(scene);
    const bob = unchallenged(await scene.world.until(scene.client.signIn(BOB)));
    const token = deaf.getAccessToken({ subject: scene.identity.subject });
    await expect(scene.world.until(token)).rejects.toMatchObject({ code: "identityChanged" });
    expect(deaf.getState()).toMatchObject({ identity: { subject: bob.subject } });
  });
});

// S13
it("tabs whose channel cannot be opened hear of each other by the storage", async () => {
  await using scene = await openSignedIn(2, { world: { channel: "throws" } });
  const [other] = scene.others;
  await scene.world.advance(10_000);
  expect(other?.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  await scene.world.until(scene.client.signOut());
  await scene.world.settle();
  expect(other?.getState()).toMatchObject({ status: "unauthenticated", reason: "signedOut" });
});

// N09
it("a session that ends soon is not renewed again and again in its last moments", async () => {
  await using scene = await openSignedIn(1, { server: { sessionLifetimeSeconds: 1_000 } });
  await scene.world.advance(990_000);
  scene.world.network.addFault({ times: 1, ...onEnd });
  const before = scene.since().length;
  await scene.world.advance(20_000);
  expect(scene.client.getState()).toMatchObject({ status: "unauthenticated", reason: "expired" });
  expect(scene.since().length - before).toBeLessThanOrEqual(2);
});
