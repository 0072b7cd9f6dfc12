import { describe, expect, it } from "vitest";
import { createSimulatedClock } from "../../src/testing.ts";

function createDiary() {
  const clock = createSimulatedClock({ startAt: 1_000_000 });
  const diary: string[] = [];
  const note = (what: string) => () => void diary.push(`${what}@${clock.monotonicNow()}`);
  return { clock, diary, note };
}

describe("createSimulatedClock", () => {
  it("runs timers by due time, then by age, with promise callbacks between them", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(note("late"), 20);
    clock.setTimer(() => {
      note("first")();
      void Promise.resolve().then(note("its promise"));
      clock.setTimer(note("its own timer"), 0);
    }, 10);
    clock.setTimer(note("second"), 10);
    await clock.advance(30);
    expect(diary).toEqual(["first@10", "its promise@10", "second@10", "its own timer@10", "late@20"]);
    expect([clock.now(), clock.monotonicNow()]).toEqual([1_000_030, 30]);
  });

  it("runs no timer that was cancelled", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(note("never"), 10)();
    await clock.advance(10);
    expect(diary).toEqual([]);
    expect(clock.pendingCount()).toBe(0);
  });

  it("waits for real work in the thread pool before it goes on", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(() => {
      const work = crypto.subtle.digest("SHA-256", new Uint8Array(1_000_000));
      void clock.loop.track(work).then(note("digest"));
    }, 10);
    clock.setTimer(note("later"), 11);
    await clock.advance(20);
    expect(diary).toEqual(["digest@10", "later@11"]);
  });

  it("jumps on the wall alone", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(note("timer"), 100);
    clock.jumpWall(3_600_000);
    expect(diary).toEqual([]);
    expect([clock.now(), clock.monotonicNow(), clock.worldNow()]).toEqual([4_600_000, 0, 1_000_000]);
    clock.jumpWall(-7_200_000);
    await clock.advance(100);
    expect(diary).toEqual(["timer@100"]);
    expect(clock.now()).toBe(1_000_000 - 3_600_000 + 100);
  });

  it("sleeps with the monotonic clock standing still, and timers that wait for the rest of their time", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(note("timer"), 100);
    clock.setWorldTimer(note("server"), 5_000);
    await clock.sleep(28_800_000);
    expect([clock.now(), clock.monotonicNow()]).toEqual([29_800_000, 0]);
    expect(diary).toHaveLength(1);
    await clock.advance(99);
    expect(diary).toHaveLength(1);
    await clock.advance(1);
    expect(diary[1]).toBe("timer@100");
  });

  it("sleeps with the monotonic clock moving, and runs what fell due when it wakes", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(note("timer"), 100);
    await clock.sleep(28_800_000, { monotonic: "moves" });
    expect(diary).toEqual(["timer@28800000"]);
  });

  it("fires a delay beyond 2^31-1 ms almost at once, as browsers do", async () => {
    const { clock, diary, note } = createDiary();
    clock.setTimer(note("overflown"), 2 ** 31);
    await clock.advance(1);
    expect(diary).toEqual(["overflown@1"]);
  });

  it("holds a frozen tab's timers back, then runs them in order", async () => {
    const { clock, diary, note } = createDiary();
    const tab = clock.createTabClock();
    tab.setTimer(note("b"), 20);
    tab.setTimer(note("a"), 10);
    clock.setTimer(note("other"), 15);
    tab.freeze();
    await clock.advance(100);
    expect(diary).toEqual(["other@15"]);
    tab.thaw();
    await clock.settle();
    expect(diary).toEqual(["other@15", "a@100", "b@100"]);
  });

  it("lets a hidden tab's timers run once a second", async () => {
    const { clock, diary, note } = createDiary();
    const tab = clock.createTabClock();
    tab.clamp(1_000);
    tab.setTimer(note("a"), 10);
    tab.setTimer(note("b"), 1_010);
    await clock.advance(3_000);
    expect(diary).toEqual(["a@1000", "b@2000"]);
  });

  it("goes on from timer to timer until a promise has settled", async () => {
    const { clock } = createDiary();
    const after = (ms: number) => new Promise<void>((resolve) => void clock.setTimer(resolve, ms));
    await clock.until(after(100).then(() => after(250)));
    expect(clock.monotonicNow()).toBe(350);
    await expect(clock.until(after(2_000), 1_000)).rejects.toThrow("did not settle within 1000 ms");
    await clock.advance(10_000);
    await expect(clock.until(new Promise(() => {}))).rejects.toThrow("no timer is set");
  });

  it("tells when timers keep firing without time passing", async () => {
    const { clock } = createDiary();
    const again = () => void clock.setTimer(again, 0);
    again();
    await expect(clock.advance(1)).rejects.toThrow("Timers keep firing");
  });
});
