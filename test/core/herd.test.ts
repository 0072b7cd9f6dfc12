import { describe, expect, it } from "vitest";
import { createPacing } from "../../src/core/pacing.ts";
import type { Pacing, Parts } from "../../src/core/parts.ts";
import type { Clock } from "../../src/core/ports.ts";
import { createSharedRecord } from "../../src/core/record.ts";
import { createSchedule } from "../../src/core/schedule.ts";
import { initialState } from "../../src/core/transition.ts";
import { createSeededRandom } from "../../src/testing/seededRandom.ts";
import { createSimulatedClock } from "../../src/testing/simulatedClock.ts";
import { openSignedIn } from "./scene.ts";
import { openSessionOf, tokenOf } from "./sessionOf.ts";

/** The largest share of `moments` within any `spanMs`. */
function crowdOf(moments: readonly number[], spanMs: number): number {
  const sorted = [...moments].sort((one, other) => one - other);
  const most = Math.max(
    ...sorted.map((moment, index) => sorted.slice(index).filter((one) => one < moment + spanMs).length),
  );
  return most / moments.length;
}

/** The pacing of a client by itself: a thousand whole ones would take a minute. */
function pacingOf(clock: Clock, seed: number): Pacing {
  const parts = {
    platform: { clock, random: createSeededRandom(seed) },
    options: { namespace: "n" },
  } as unknown as Parts;
  return createPacing({ ...parts, record: createSharedRecord(parts) });
}

describe("a thousand clients", () => {
  // B232 https://github.com/LanternOps/breeze/issues/3984
  it.each([30_000, 60_000, 300_000])("told to come back in %s ms come one by one, none too early", (retryAfterMs) => {
    const moments = Array.from({ length: 1_000 }, (_, index) => {
      const clock = createSimulatedClock();
      const pacing = pacingOf(clock, index + 1);
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
      const pacing = pacingOf(clock, index + 1);
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
        let session = openSessionOf(1, "ada", tokenOf("a", { lifetime }));
        const schedule = createSchedule({
          platform: {
            clock,
            random: createSeededRandom(index + 1),
            signals: { isOnline: () => true, isVisible: () => true },
          },
          options: { refreshWhileHidden: true },
          store: { getState: () => ({ ...initialState, initialized: true, session }) },
          refresh: {
            isRenewable: () => true,
            retry: () => null,
            run: () => void moments.push(clock.now() - startedAt),
          },
          lifecycle: { isStarted: () => true },
        } as unknown as Parts);
        schedule.arm();
        // Armed again, as each change does: the moment of a token stays the one that was drawn.
        session = { ...session };
        schedule.arm();
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
