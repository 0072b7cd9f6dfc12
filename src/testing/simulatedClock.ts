import type { Clock } from "../core/ports.ts";
import { createEventLoop, type EventLoop } from "./eventLoop.ts";

/** What one tab sees of the machine's clock: the same time, but timers of its own that can be held back. */
export interface TabClock extends Clock {
  /** Holds all timers back until {@link thaw}; those that fell due meanwhile then run at once, in order. */
  freeze(): void;
  /** Lets the timers go on. */
  thaw(): void;
  /**
   * Lets timers run only at multiples of `intervalMs` (1,000 in a hidden tab, 60,000 after a while); null: at any
   * time.
   */
  clamp(intervalMs: number | null): void;
  /** Drops all timers, as a browser does with those of a closed tab, and takes no more. */
  stop(): void;
  /** How many timers wait. */
  pendingCount(): number;
}

/** The clock of one machine, moved by hand. Wall and monotonic time move together unless told otherwise. */
export interface SimulatedClock extends Clock {
  /** What a right clock shows, milliseconds since 1970: a server's time. {@link jumpWall} does not move it. */
  worldNow(): number;
  /**
   * Lets `ms` pass: runs the timers that fall due in their order, and after each waits until nothing is under way any
   * more.
   * @throws Error when timers keep firing without time passing, or when an `advance` is under way already.
   */
  advance(ms: number): Promise<void>;
  /** Waits until nothing is under way; runs what is due at this very moment. */
  settle(): Promise<void>;
  /** Sets the wall clock forward or back, as a user or a time server does; no time passes. */
  jumpWall(ms: number): void;
  /**
   * The machine sleeps for `ms`: no timer of its tabs runs before it wakes, then those that are due do. The server's
   * time goes on. The monotonic clock stands still, as in most browsers, or moves.
   */
  sleep(ms: number, options?: { monotonic?: "standsStill" | "moves" }): Promise<void>;
  /** A clock for one tab. */
  createTabClock(): TabClock;
  /** A timer of the world outside (network, server): runs while this machine sleeps, too. */
  setWorldTimer(callback: () => void, delayMs: number): () => void;
  /**
   * Lets as much time pass as `work` needs to settle, from timer to timer; returns what it comes to.
   * @throws Error when it has not settled after `withinMs` (10 minutes), or waits for nothing that time could bring.
   */
  until<T>(work: Promise<T>, withinMs?: number): Promise<T>;
  /** How many timers wait, of whatever kind. */
  pendingCount(): number;
  /** What {@link settle} waits for; hand it work of your own by `loop.track`. */
  readonly loop: EventLoop;
}

interface Holder {
  isFrozen: boolean;
  isStopped: boolean;
  clampMs: number | null;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
  /** Whose timer it is; null for the world outside. */
  readonly holder: Holder | null;
}

const LONGEST_DELAY_MS = 2 ** 31 - 1;
const TIMERS_AT_ONE_MOMENT = 10_000;
const DEFAULT_START_AT = Date.UTC(2030, 0, 1);

/**
 * Time that moves only when told to.
 *
 * @example
 * const clock = createSimulatedClock();
 * clock.setTimer(() => console.log("a minute later"), 60_000);
 * await clock.advance(60_000);
 */
export function createSimulatedClock(options: { startAt?: number } = {}): SimulatedClock {
  const startAt = options.startAt ?? DEFAULT_START_AT;
  const loop = createEventLoop();
  const machine: Holder = { isFrozen: false, isStopped: false, clampMs: null };
  const timers = new Set<Timer>();
  let worldMs = 0;
  let stoodStillMs = 0;
  let wallShiftMs = 0;
  let isAsleep = false;
  let isMoving = false;

  const monotonicNow = () => worldMs - stoodStillMs;

  function setTimer(holder: Holder | null, callback: () => void, delayMs: number): () => void {
    if (holder?.isStopped) return () => {};
    // Longer delays overflow in browsers and fire at once; a client that relies on them must fail here as well.
    const delay = delayMs > LONGEST_DELAY_MS ? 1 : Math.max(0, delayMs) || 0;
    const timer: Timer = { dueAt: (holder ? monotonicNow() : worldMs) + delay, callback, holder };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  /** When the timer can run, in world time; never while its holder is frozen or the machine sleeps. */
  function dueInWorld({ dueAt, holder }: Timer): number {
    if (!holder) return dueAt;
    if (isAsleep || holder.isFrozen) return Number.POSITIVE_INFINITY;
    const aligned = holder.clampMs === null ? dueAt : Math.ceil(dueAt / holder.clampMs) * holder.clampMs;
    return aligned + stoodStillMs;
  }

  function nextDue(until: number): Timer | null {
    let next: Timer | null = null;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const timer of timers) {
      const dueAt = dueInWorld(timer);
      if (dueAt <= until && dueAt < nextAt) {
        next = timer;
        nextAt = dueAt;
      }
    }
    return next;
  }

  async function moveTo(until: number): Promise<void> {
    if (isMoving) throw new Error("The clock is being moved already: await the former advance or settle first.");
    isMoving = true;
    try {
      await loop.quiet();
      let atThisMoment = 0;
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        const dueAt = Math.max(worldMs, dueInWorld(timer));
        atThisMoment = dueAt === worldMs ? atThisMoment + 1 : 0;
        if (atThisMoment > TIMERS_AT_ONE_MOMENT) throw new Error("Timers keep firing although no time passes.");
        worldMs = dueAt;
        timers.delete(timer);
        timer.callback();
        await loop.quiet();
      }
      worldMs = until;
    } finally {
      isMoving = false;
    }
  }

  async function until<T>(work: Promise<T>, withinMs = 600_000): Promise<T> {
    let isSettled = false;
    const note = () => {
      isSettled = true;
    };
    work.then(note, note);
    const last = worldMs + withinMs;
    for (await moveTo(worldMs); !isSettled; ) {
      const next = nextDue(Number.MAX_SAFE_INTEGER);
      if (!next) throw new Error("This promise waits for nothing that time could bring: no timer is set.");
      if (dueInWorld(next) > last) throw new Error(`This promise did not settle within ${withinMs} ms.`);
      await moveTo(Math.max(worldMs, dueInWorld(next)));
    }
    return work;
  }

  function createTabClock(): TabClock {
    const holder: Holder = { isFrozen: false, isStopped: false, clampMs: null };
    return {
      now: clock.now,
      monotonicNow,
      setTimer: (callback, delayMs) => setTimer(holder, callback, delayMs),
      freeze() {
        holder.isFrozen = true;
      },
      thaw() {
        holder.isFrozen = false;
      },
      clamp(intervalMs) {
        holder.clampMs = intervalMs;
      },
      stop() {
        holder.isStopped = true;
        for (const timer of timers) if (timer.holder === holder) timers.delete(timer);
      },
      pendingCount: () => [...timers].filter((timer) => timer.holder === holder).length,
    };
  }

  const clock: SimulatedClock = {
    now: () => startAt + worldMs + wallShiftMs,
    monotonicNow,
    worldNow: () => startAt + worldMs,
    setTimer: (callback, delayMs) => setTimer(machine, callback, delayMs),
    setWorldTimer: (callback, delayMs) => setTimer(null, callback, delayMs),
    createTabClock,
    pendingCount: () => timers.size,
    loop,
    advance: (ms) => moveTo(worldMs + ms),
    settle: () => moveTo(worldMs),
    until,
    jumpWall(ms) {
      wallShiftMs += ms;
    },
    async sleep(ms, { monotonic = "standsStill" } = {}) {
      await loop.quiet();
      isAsleep = true;
      try {
        await moveTo(worldMs + ms);
      } finally {
        isAsleep = false;
        if (monotonic === "standsStill") stoodStillMs += ms;
      }
      await moveTo(worldMs);
    },
  };
  return clock;
}
