import type { Platform, Signal } from "../core/ports.ts";
import type { PortCondition } from "./portCondition.ts";
import type { StorageCondition } from "./simulatedStorage.ts";
import type { TabClock } from "./simulatedClock.ts";
import type { TabGate } from "./tabGate.ts";
import type { Timeline } from "./timeline.ts";

/** How the ports of one tab are. All work when left out; may be changed while the tab is open, but for "missing". */
export interface TabConditions {
  /** Whether there are locks. Default: `works`. */
  lock?: PortCondition;
  /** Whether there is a channel. Default: `works`. */
  channel?: PortCondition;
  /** Whether there is a storage. Default: `works`. */
  storage?: StorageCondition;
}

/** How a tab is; it comes back from `frozen` and `suspended`, from the others never. */
export type TabStatus = "running" | "frozen" | "suspended" | "crashed" | "closed" | "evicted";

/**
 * One tab: a platform for a client, and what happens to a tab. Nothing of it reaches the client but through the
 * platform.
 */
export interface SimulatedTab {
  /** 1 for the first. */
  readonly number: number;
  /** What to make a client with. */
  readonly platform: Platform;
  /** What the client told the developer. */
  readonly warnings: readonly string[];
  /** How it is now. */
  status(): TabStatus;
  /** Timers, messages and answers wait until {@link thaw}; a lock that it holds stays held. */
  freeze(): void;
  /** Tells the client `resumed`, then hands over what waited. */
  thaw(): void;
  /** Into the back/forward cache: tells the client `hidden` and `suspended`, then as frozen. */
  suspend(): void;
  /** Out of it: `resumed`, `restored`, `visible`. */
  restore(): void;
  /** Into the background, where timers run once a second; once a minute after some minutes (`throttle: "minute"`). */
  hide(options?: { throttle?: "second" | "minute" | "none" }): void;
  /** Tells the client `visible`; its timers run at any time again. */
  show(): void;
  /** The network is gone, and the client told; what is under way fails, unless `inFlight: "continues"`. */
  goOffline(options?: { inFlight?: "fails" | "continues" }): void;
  /** The network is back, and the client told. */
  goOnline(): void;
  /** Closed or navigated away: tells the client `hidden` and `suspended`, then it runs no more. */
  close(): void;
  /** Gone without a word. */
  crash(): void;
  /** Tells the client something that did not happen, or once too often, as browsers do. */
  signal(name: Signal): void;
  /** Changes how its ports behave from now on. */
  setConditions(conditions: TabConditions): void;
}

/** What the ports of a tab need to know of it. */
export interface TabMember {
  readonly number: number;
  readonly gate: TabGate;
  lockCondition: PortCondition;
  channelCondition: PortCondition;
  storageCondition: StorageCondition;
  isSuspended(): boolean;
  isOnline(): boolean;
  evict(): void;
}

export interface TabParts {
  tab: SimulatedTab;
  member: TabMember;
  listenerCount(): number;
}

/** The life of a tab; `ports` gives it what the world has for it, and learns when it is gone. */
export function createSimulatedTab(world: {
  number: number;
  conditions: TabConditions;
  gate: TabGate;
  clock: TabClock;
  timeline: Timeline;
  ports(member: TabMember): Omit<Platform, "signals" | "clock" | "warn">;
  onOffline(member: TabMember): void;
  onGone(member: TabMember): void;
}): TabParts {
  const { number, gate, clock, timeline } = world;
  const listeners = new Set<(signal: Signal) => void>();
  const warnings: string[] = [];
  let status: TabStatus = "running";
  let isVisible = true;
  let isOnline = true;

  const member: TabMember = {
    number,
    gate,
    lockCondition: world.conditions.lock ?? "works",
    channelCondition: world.conditions.channel ?? "works",
    storageCondition: world.conditions.storage ?? "works",
    isSuspended: () => status === "suspended",
    isOnline: () => isOnline,
    evict: () => end("evicted"),
  };

  function emit(signal: Signal): void {
    if (gate.isDead()) return;
    // A page that does not run hears of it when it does.
    if (gate.isHeld()) gate.deliver(() => tell(signal));
    else tell(signal);
  }

  function tell(signal: Signal): void {
    timeline.add(number, `signal ${signal}`);
    for (const listener of [...listeners]) listener(signal);
  }

  function stop(how: "frozen" | "suspended"): void {
    if (status !== "running") return;
    if (how === "suspended") {
      isVisible = false;
      emit("hidden");
      emit("suspended");
    }
    status = how;
    timeline.add(number, how);
    gate.hold();
    clock.freeze();
  }

  function resume(from: "frozen" | "suspended"): void {
    if (status !== from) return;
    status = "running";
    timeline.add(number, from === "frozen" ? "thaws" : "comes back from the page cache");
    clock.thaw();
    const waiting = () => gate.release();
    if (from === "suspended") isVisible = true;
    // The events come first, in the same turn; only then the tasks that waited.
    tell("resumed");
    if (from === "suspended") {
      tell("restored");
      tell("visible");
    }
    waiting();
  }

  function end(how: "crashed" | "closed" | "evicted"): void {
    if (gate.isDead()) return;
    if (how === "closed" && status === "running") {
      isVisible = false;
      emit("hidden");
      emit("suspended");
    }
    status = how;
    timeline.add(number, how);
    gate.kill();
    clock.stop();
    listeners.clear();
    world.onGone(member);
  }

  const tab: SimulatedTab = {
    number,
    platform: {
      ...world.ports(member),
      clock,
      signals: {
        subscribe(listener) {
          if (!gate.isDead()) listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        isVisible: () => isVisible,
        isOnline: () => isOnline,
      },
      warn: (message) => void warnings.push(message),
    },
    warnings,
    status: () => status,
    freeze: () => stop("frozen"),
    thaw: () => resume("frozen"),
    suspend: () => stop("suspended"),
    restore: () => resume("suspended"),
    hide({ throttle = "second" } = {}) {
      clock.clamp(throttle === "none" ? null : throttle === "second" ? 1_000 : 60_000);
      isVisible = false;
      emit("hidden");
    },
    show() {
      clock.clamp(null);
      isVisible = true;
      emit("visible");
    },
    goOffline({ inFlight = "fails" } = {}) {
      isOnline = false;
      if (inFlight === "fails") world.onOffline(member);
      emit("offline");
    },
    goOnline() {
      isOnline = true;
      emit("online");
    },
    close: () => end("closed"),
    crash: () => end("crashed"),
    signal: emit,
    setConditions(conditions) {
      member.lockCondition = conditions.lock ?? member.lockCondition;
      member.channelCondition = conditions.channel ?? member.channelCondition;
      member.storageCondition = conditions.storage ?? member.storageCondition;
    },
  };
  return { tab, member, listenerCount: () => listeners.size };
}
