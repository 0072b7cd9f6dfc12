import { describe, expect, it } from "vitest";
import { foreseeSessionEnd } from "../../src/endings/foreseeSessionEnd.ts";
import { createTestAuthClient } from "../../src/testing/createTestAuthClient.ts";
import { openForeign, openSignedIn, unsigned } from "../core/scene.ts";
import { recordEvents } from "../support/recordEvents.ts";

const MINUTE = 60_000;

/** A server whose sessions end ten minutes after their last renewal, and an hour after `began` at the latest. */
const answerUntil = (began: number) => (now: number) => {
  const endsIn = Math.round((began + 60 * MINUTE - now) / 1_000);
  const claims = { sub: "ada", iat: Math.floor(now / 1_000), exp: Math.floor(now / 1_000) + 3_600 };
  return {
    access_token: unsigned({ ...claims, jti: String(now) }),
    expires_in: 3_600,
    session: { id: "s1", number: 1, expires_in: Math.min(600, endsIn), ends_in: endsIn },
  };
};

async function openTenMinutes() {
  let answer: ((now: number) => object) | null = null;
  return openForeign((now) => (answer ??= answerUntil(now))(now), { client: { refreshAheadMs: 1_000 } });
}

describe("the end of a session", () => {
  it("is known to all tabs, from the answer that one of them got", async () => {
    await using scene = await openSignedIn(2);
    const ends = scene.clients.map(({ sessionEndsAt }) => sessionEndsAt.getState());
    expect(ends[0]).toBeGreaterThan(scene.clock.worldNow());
    expect(new Set(ends).size).toBe(1);
    await scene.world.until(scene.client.signOut());
    await scene.world.settle();
    expect(scene.clients.map(({ sessionEndsAt }) => sessionEndsAt.getState())).toEqual([null, null]);
  });

  it("is the earlier one of the idle and the absolute end", async () => {
    await using scene = await openTenMinutes();
    const left = () => ((scene.client.sessionEndsAt.getState() ?? 0) - scene.clock.worldNow()) / MINUTE;
    expect(left()).toBeCloseTo(10, 1);
    for (let step = 0; step < 6; step += 1) {
      await scene.world.advance(9 * MINUTE);
      await scene.world.until(scene.client.refresh());
    }
    expect(left()).toBeCloseTo(6, 1);
  });

  it("is moved by `extend`, which says when it cannot be", async () => {
    await using scene = await openTenMinutes();
    await scene.world.advance(9 * MINUTE);
    const first = await scene.world.until(scene.client.extend());
    expect(first).toEqual({ endsAt: scene.client.sessionEndsAt.getState(), isExtended: true });
    for (let step = 0; step < 5; step += 1) {
      await scene.world.advance(9 * MINUTE);
      await scene.world.until(scene.client.extend());
    }
    await scene.world.advance(MINUTE);
    expect(await scene.world.until(scene.client.extend())).toMatchObject({ isExtended: false });
  });
});

describe("an end that is foreseen", () => {
  it("is told once, two minutes before, and no more when it has moved", async () => {
    await using scene = await openTenMinutes();
    const events = recordEvents(scene.client);
    const ending = foreseeSessionEnd(scene.client);
    await scene.world.advance(7 * MINUTE);
    expect([ending.getState(), events]).toEqual([null, []]);
    await scene.world.advance(MINUTE + 5_000);
    expect(ending.getState()).toBe(scene.client.sessionEndsAt.getState());
    expect(events).toEqual(["sessionEnding"]);
    await scene.world.until(scene.client.extend());
    expect(ending.getState()).toBeNull();
    await scene.world.advance(8 * MINUTE + 5_000);
    expect(events.filter((name) => name === "sessionEnding")).toHaveLength(2);
    ending.stop();
  });

  it("is told at once where it is near, and not anew for a second more or less", () => {
    const client = createTestAuthClient({ identity: { subject: "ada" } });
    const { clock } = client.internals.platform;
    const events = recordEvents(client);
    client.setSessionEndsAt(clock.now() + MINUTE);
    const ending = foreseeSessionEnd(client);
    expect(events).toEqual(["sessionEnding"]);
    client.setSessionEndsAt(clock.now() + MINUTE + 500);
    expect(events).toEqual(["sessionEnding"]);
    client.setSessionEndsAt(null);
    expect(ending.getState()).toBeNull();
    ending.stop();
  });

  it("asks for a span that makes sense", () => {
    const client = createTestAuthClient();
    expect(() => foreseeSessionEnd(client, { leadMs: -1 })).toThrow(/`leadMs` must be a positive number/);
  });
});
