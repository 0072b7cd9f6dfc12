import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultMinValidityMs,
  readLifetimeMs,
  refreshAheadOf,
  refreshFloorMs,
  remainingMs,
} from "../../src/core/lifetime.ts";
import { createSimulatedClock } from "../../src/testing/simulatedClock.ts";
import { claimsOf } from "./sessionOf.ts";

const NOW = 1_900_000_000_000;
const MINUTE_MS = 60_000;

describe("readLifetimeMs", () => {
  it.each<[string, number | null, { iat?: number; exp?: number } | null, number | null, number | null]>([
    ["`expires_in` first", 600, { iat: 100, exp: 200 }, NOW, 600_000],
    ["then exp - iat, whatever any clock says", null, { iat: 100, exp: 200 }, NOW, 100_000],
    // T01
    [
      "the smaller of both, since an answer may carry a token that is not new",
      null,
      { iat: NOW / 1000 - 500, exp: NOW / 1000 + 100 },
      NOW,
      100_000,
    ],
    ["then exp against the server's clock", null, { exp: NOW / 1000 + 90 }, NOW + 30_000, 60_000],
    ["then exp against ours", null, { exp: NOW / 1000 + 90 }, null, 90_000],
    ["an `expires_in` of zero says nothing", 0, { iat: 100, exp: 200 }, NOW, 100_000],
    ["nor does a negative one", -5, { iat: 100, exp: 200 }, NOW, 100_000],
    ["nor NaN", Number.NaN, { iat: 100, exp: 200 }, NOW, 100_000],
    ["an end before its beginning is unknown", null, { iat: 200, exp: 100 }, NOW, null],
    ["an end that has passed is unknown: a 401 will tell", null, { exp: NOW / 1000 - 60 }, null, null],
    ["no end is unknown", null, { iat: 100 }, NOW, null],
    ["an opaque token alone is unknown", null, null, NOW, null],
    ["ten years at most", 1e20, null, null, 10 * 365 * 24 * 3600 * 1000],
  ])("%s", (_name, expiresIn, claims, serverNow, expected) => {
    const read = claims && claimsOf({ issuedAt: claims.iat ?? null, expiresAt: claims.exp ?? null });
    expect(readLifetimeMs(expiresIn, read, serverNow, NOW)).toBe(expected);
  });

  it("is null or a positive number of milliseconds, whatever comes in", () => {
    const anything = fc.option(fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 1e300, -1e300)));
    fc.assert(
      fc.property(anything, anything, anything, anything, (expiresIn, issuedAt, expiresAt, serverNow) => {
        const read = readLifetimeMs(expiresIn, claimsOf({ issuedAt, expiresAt }), serverNow, NOW);
        expect(read === null || (read > 0 && Number.isFinite(read))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("remainingMs", () => {
  const sentNow = (clock: ReturnType<typeof createSimulatedClock>, lifetimeMs: number | null) => ({
    sentAt: clock.now(),
    sentAtMonotonic: clock.monotonicNow(),
    lifetimeMs,
  });

  it("is what either clock leaves, the stricter one", async () => {
    const clock = createSimulatedClock();
    const lifetime = sentNow(clock, 15 * MINUTE_MS);
    await clock.advance(5 * MINUTE_MS);
    expect(remainingMs(lifetime, clock)).toBe(10 * MINUTE_MS);
    clock.jumpWall(7 * MINUTE_MS);
    expect(remainingMs(lifetime, clock)).toBe(3 * MINUTE_MS);
    clock.jumpWall(-3_600_000);
    expect(remainingMs(lifetime, clock)).toBe(10 * MINUTE_MS);
  });

  it.each(["standsStill", "moves"] as const)(
    "counts the machine's sleep, while the monotonic clock %s",
    async (monotonic) => {
      const clock = createSimulatedClock();
      const lifetime = sentNow(clock, 15 * MINUTE_MS);
      await clock.sleep(14 * MINUTE_MS, { monotonic });
      expect(remainingMs(lifetime, clock)).toBe(MINUTE_MS);
    },
  );

  it("never ends where the lifetime is unknown", async () => {
    const clock = createSimulatedClock();
    const lifetime = sentNow(clock, null);
    await clock.advance(1e9);
    expect(remainingMs(lifetime, clock)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("refreshAheadOf", () => {
  it.each([
    ["the default lifetime", 15 * MINUTE_MS, undefined, 2 * MINUTE_MS],
    ["five minutes", 5 * MINUTE_MS, undefined, MINUTE_MS],
    ["a minute", MINUTE_MS, undefined, 12_000],
    ["nine seconds", 9_000, undefined, 3_000],
    ["three seconds", 3_000, undefined, 1_000],
    ["thirty days", 30 * 24 * 3_600_000, undefined, 2 * MINUTE_MS],
    ["a margin of its own", 15 * MINUTE_MS, 30_000, 30_000],
    ["no margin", 15 * MINUTE_MS, 0, 0],
    // B029 https://github.com/AxaFrance/oidc-client/issues/1244
    ["a margin as long as the lifetime", MINUTE_MS, MINUTE_MS, 20_000],
    // B040 https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/512
    ["five minutes of margin for five minutes", 5 * MINUTE_MS, 5 * MINUTE_MS, 100_000],
    // B136 https://github.com/apache/texera/pull/3703
    ["a margin longer than the lifetime", 5 * MINUTE_MS, 10 * MINUTE_MS, 100_000],
  ])("with %s", (_name, lifetimeMs, asked, expected) => {
    expect(refreshAheadOf(lifetimeMs, asked)).toBe(expected);
  });

  it("leaves every token at least two thirds of its life", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e12, noNaN: true }),
        fc.option(fc.double({ min: 0, max: 1e12, noNaN: true })),
        (lifetimeMs, asked) => {
          const aheadMs = refreshAheadOf(lifetimeMs, asked ?? undefined);
          expect(aheadMs).toBeGreaterThanOrEqual(0);
          expect(aheadMs).toBeLessThanOrEqual(lifetimeMs / 3);
        },
      ),
    );
  });
});

describe("what a token must still be good for", () => {
  it.each([
    [null, 0],
    [900_000, 5_000],
    [50_000, 5_000],
    [20_000, 2_000],
    [1_000, 100],
  ])("with a lifetime of %s ms: %s ms", (lifetimeMs, expected) => {
    expect(defaultMinValidityMs(lifetimeMs)).toBe(expected);
  });
});

describe("the least time between two refreshes", () => {
  it.each([
    [null, 5_000],
    [900_000, 5_000],
    [10_000, 5_000],
    [4_000, 2_000],
    [1_000, 1_000],
    [1, 1_000],
  ])("with a lifetime of %s ms: %s ms", (lifetimeMs, expected) => {
    expect(refreshFloorMs(lifetimeMs)).toBe(expected);
  });
});
