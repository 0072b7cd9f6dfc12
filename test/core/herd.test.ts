import { describe, expect, it } from "vitest";
import { createNotes } from "../../src/core/note.ts";
import { createPacing } from "../../src/core/pacing.ts";
import type { Platform } from "../../src/core/ports.ts";
import { createScheduler } from "../../src/core/scheduler.ts";
import { createSeededRandom } from "../../src/testing/seededRandom.ts";
import { createSimulatedClock } from "../../src/testing/simulatedClock.ts";
import { knowledgeOf, tokenOf } from "./knowledgeOf.ts";
import { openSignedIn } from "./scene.ts";

/** The largest share of `moments` within any `spanMs`. */
function crowdOf(moments: readonly number[], spanMs: number): number {
  const sorted = [...moments].sort((one, other) => one - other);
  const most = Math.max(
    ...sorted.map((moment, index) => sorted.slice(index).filter((one) => one < moment + spanMs).length),
  );
  return most / moments.length;
}

describe("a thousand clients", () => {
  // B232 https://github.com/LanternOps/breeze/issues/3984
  it.each([30_000, 60_000, 300_000])("told to come back in %s ms come one by one, none too early", (retryAfterMs) => {
    const moments = Array.from({ length: 1_000 }, (_, index) => {
      const clock = createSimulatedClock();
      const pacing = createPacing(
        createNotes("n", clock, undefined, () => {}),
        clock,
        createSeededRandom(index + 1),
      );
      return pacing.noteFailure(retryAfterMs) - clock.now();
    });
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(retryAfterMs);
    expect(Math.max(...moments)).toBeLessThanOrEqual(retryAfterMs * 1.5);
    expect(crowdOf(moments, 1_000)).toBeLessThanOrEqual(0.12);
  });

  // B232 https://github.com/LanternOps/breeze/issues/3984
  it("whose server fails come apart within a few attempts, and no gap shrinks", () => {
    const last: number[] = [];
    for (let index = 0; index < 1_000; index += 1) {
      let now = 0;
      const clock = { ...createSimulatedClock(), now: () => now, monotonicNow: () => now };
      const pacing = createPacing(
        createNotes("n", clock, undefined, () => {}),
        clock,
        createSeededRandom(index + 1),
      );
      const gaps = Array.from({ length: 12 }, () => {
        const gap = pacing.noteFailure(null) - now;
        now += gap;
        if (last.length === index && now > 10_000) last.push(now);
        return gap;
      });
      for (const [at, gap] of gaps.entries()) {
        expect(gap).toBeLessThanOrEqual(66_000);
        // At its longest a gap still varies by a tenth, so as not to come into step again.
        if (at > 0 && at < 6) expect(gap).toBeGreaterThanOrEqual((gaps[at - 1] ?? 0) * 0.999);
      }
    }
    expect(crowdOf(last, 1_000)).toBeLessThanOrEqual(0.35);
  });

  // B233 https://github.com/mozilla/fxa-oauth-server/issues/370
  it.each([
    [900_000, 60_000],
    [300_000, 20_000],
    [60_000, 4_000],
  ])(
    "signed in at one moment, with a lifetime of %s ms, renew over more than %s ms, none too late",
    async (lifetimeMs, spreadMs) => {
      const clock = createSimulatedClock();
      const startedAt = clock.now();
      const moments: number[] = [];
      for (let index = 0; index < 1_000; index += 1) {
        const lifetime = { sentAt: clock.now(), sentAtMonotonic: clock.monotonicNow(), lifetimeMs };
        const scheduler = createScheduler({
          platform: { clock, random: createSeededRandom(index + 1) } as unknown as Platform,
          refreshAheadMs: undefined,
          isRenewable: () => true,
          onDue: () => void moments.push(clock.now() - startedAt),
          onEnd: () => expect.unreachable(),
          warn: () => {},
        });
        scheduler.arm(knowledgeOf(1, { token: tokenOf("a", { lifetime }) }), null);
        // Armed again, as each change does: the moment of a token stays the one that was drawn.
        scheduler.arm(knowledgeOf(1, { token: tokenOf("a", { lifetime }) }), null);
      }
      await clock.advance(lifetimeMs);
      expect(moments).toHaveLength(1_000);
      expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThanOrEqual(spreadMs);
      expect(Math.max(...moments)).toBeLessThanOrEqual(lifetimeMs - 5_000);
      expect(crowdOf(moments, spreadMs / 60)).toBeLessThanOrEqual(0.05);
    },
  );
});

describe("forty tabs of one browser", () => {
  it.each([
    ["429", { status: 429, headers: { "Retry-After": "30" }, body: "{}" }],
    ["503", { status: 503, headers: { "Retry-After": "30" }, body: "" }],
  ])("that are told to wait (%s) knock once, after that time", async (_name, answer) => {
    await using scene = await openSignedIn(10);
    await scene.world.advance(1_000);
    const fault = scene.world.network.addFault({ match: "/jwt/refresh", times: Number.POSITIVE_INFINITY, answer });
    await scene.world.until(scene.client.refresh().catch(() => {}));
    expect(fault.hits).toBe(1);
    await scene.world.advance(29_000);
    expect(fault.hits).toBe(1);
    scene.world.network.clearFaults();
    await scene.world.advance(20_000);
    expect(
      scene.world.network.requests.filter(({ path }) => path.endsWith("/jwt/refresh")).length - 10,
    ).toBeLessThanOrEqual(3);
    for (const client of scene.clients)
      expect(client.getState()).toEqual({ status: "authenticated", identity: scene.identity });
  });
});
