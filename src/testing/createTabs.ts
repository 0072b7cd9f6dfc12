import { checkOptions, type OptionRules } from "../core/checkOptions.ts";
import type { Platform } from "../core/ports.ts";
import { type CookieJar, createCookieJar } from "./cookieJar.ts";
import type { RequestRecord } from "./requestRecord.ts";
import { createSeededRandom } from "./seededRandom.ts";
import { createSimulatedChannel, type SimulatedChannel } from "./simulatedChannel.ts";
import { createSimulatedClock, type SimulatedClock, type TabClock } from "./simulatedClock.ts";
import { createSimulatedLock, type SimulatedLock } from "./simulatedLock.ts";
import { createSimulatedNetwork, type SimulatedNetwork } from "./simulatedNetwork.ts";
import { createSimulatedStorage, type SimulatedStorage } from "./simulatedStorage.ts";
import {
  createSimulatedTab,
  type SimulatedTab,
  type TabConditions,
  type TabMember,
  type TabParts,
} from "./simulatedTab.ts";
import { createTabGate } from "./tabGate.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import type { ServerApp } from "./wire.ts";

/** The server, the origin, and the conditions in which tabs are opened. */
export interface TabsOptions extends TabConditions {
  /** The server at the other end of every request. */
  app: ServerApp;
  /** The origin of the pages. Default: `https://app.example`. */
  origin?: string;
  /** The machine's clock; pass the one whose `worldNow` the server reads. Default: a new one. */
  clock?: SimulatedClock;
  /** A whole number that decides all that is drawn by chance, in the tabs and between them. Default: 1. */
  seed?: number;
  /** The browser's cookies. Default: an empty jar. */
  jar?: CookieJar;
}

/** A browser with several tabs, a network and a server, where nothing happens by chance and time moves by hand. */
export interface SimulatedTabs {
  /** All that were ever opened; tab number n is at n - 1. */
  readonly tabs: readonly SimulatedTab[];
  /** Opens one more. Conditions that are left out are those of {@link TabsOptions}. */
  open(conditions?: TabConditions): SimulatedTab;
  /** The machine's clock; it moves by hand. */
  readonly clock: SimulatedClock;
  /** The browser's cookies. */
  readonly jar: CookieJar;
  /** How requests travel, and what goes wrong. */
  readonly network: SimulatedNetwork;
  /** The channel between the tabs. */
  readonly channel: SimulatedChannel;
  /** The locks of the origin. */
  readonly lock: SimulatedLock;
  /** What the tabs share. */
  readonly storage: SimulatedStorage;
  /** What has happened so far: print it when a test fails. */
  readonly timeline: Timeline;
  /** The requests that reached the server, in the order of their arrival. */
  log(): RequestRecord[];
  /** Those of them that asked for a refresh: their path ends in `/jwt/refresh`. */
  refreshes(): RequestRecord[];
  /** Waits until nothing is under way; no time passes. */
  settle(): Promise<void>;
  /** Lets time pass: as `clock.advance`. */
  advance(ms: number): Promise<void>;
  /** Lets as much time pass as `work` needs to settle: as `clock.until`. */
  until<T>(work: Promise<T>, withinMs?: number): Promise<T>;
  /** What open tabs still have going: timers, listeners, channels, locks, requests. */
  leftovers(): string[];
  /**
   * Ends all tabs.
   * @throws Error when there are {@link leftovers}: dispose of the clients first.
   */
  dispose(): void;
}

const RULES: OptionRules<TabsOptions> = {
  app: true,
  origin: true,
  clock: true,
  seed: true,
  jar: true,
  lock: true,
  channel: true,
  storage: true,
};

/**
 * Several tabs on one in-memory hub: one client on each `platform` is one client in each tab.
 *
 * @example
 * const clock = createSimulatedClock();
 * const world = createTabs(2, { app, clock });
 * const [first, second] = world.tabs.map((tab) => createAuthClient({ platform: tab.platform }));
 * world.network.addFault({ match: "/jwt/refresh", cut: "after" });
 * await world.advance(15 * 60_000);
 */
export function createTabs(count: number, options: TabsOptions): SimulatedTabs {
  checkOptions(options, RULES, "`createTabs`");
  const origin = new URL(options.origin ?? "https://app.example").origin;
  const seed = options.seed ?? 1;
  const clock = options.clock ?? createSimulatedClock();
  const jar = options.jar ?? createCookieJar({ now: clock.now });
  const timeline = createTimeline(clock.worldNow);
  const random = createSeededRandom(seed);
  const { network, fetchFor, cutAll, abandonAll } = createSimulatedNetwork({
    app: options.app,
    origin,
    jar,
    clock,
    timeline,
    random,
  });
  const channels = createSimulatedChannel({ clock, timeline, random });
  const locks = createSimulatedLock({ clock, timeline });
  const storages = createSimulatedStorage({ clock, timeline });
  const parts: Array<TabParts & { clock: TabClock }> = [];
  const tabs: SimulatedTab[] = [];

  function portsOf(member: TabMember): Omit<Platform, "signals" | "clock" | "warn"> {
    return {
      origin,
      fetch: fetchFor(member),
      // Its own numbers for each tab: what one draws does not shift what another does.
      random: createSeededRandom(seed * 1_000_003 + member.number),
      lock: member.lockCondition === "missing" ? undefined : locks.portFor(member),
      openChannel:
        member.channelCondition === "missing" ? undefined : (name, onMessage) => channels.open(member, name, onMessage),
      storage: member.storageCondition === "missing" ? undefined : storages.portFor(member),
    };
  }

  function open(conditions: TabConditions = {}): SimulatedTab {
    const { lock, channel, storage } = { ...options, ...conditions };
    const tabClock = clock.createTabClock();
    const part = createSimulatedTab({
      number: tabs.length + 1,
      conditions: { ...(lock && { lock }), ...(channel && { channel }), ...(storage && { storage }) },
      gate: createTabGate(clock.loop),
      clock: tabClock,
      timeline,
      ports: portsOf,
      onOffline: cutAll,
      onGone(member) {
        abandonAll(member);
        channels.closeAll(member);
        storages.leave(member);
        locks.leaveAll(member);
      },
    });
    parts.push({ ...part, clock: tabClock });
    tabs.push(part.tab);
    timeline.add(part.tab.number, "opens");
    return part.tab;
  }

  const log = () =>
    network.requests
      .filter((request) => request.reached !== null)
      .sort((one, other) => (one.reached?.order ?? 0) - (other.reached?.order ?? 0));

  function leftovers(): string[] {
    return parts.flatMap(({ member, listenerCount, clock: tabClock }) => {
      const counts: Array<[number, string]> = [
        [tabClock.pendingCount(), "timer(s)"],
        [listenerCount(), "signal listener(s)"],
        [storages.listenerCount(member), "storage listener(s)"],
        [channels.channel.openCount(member.number), "channel(s) open"],
        [locks.countOf(member), "lock(s) held, waited for or announced"],
        [network.pendingCount(member.number), "request(s) under way"],
      ];
      return counts.filter(([many]) => many > 0).map(([many, what]) => `tab ${member.number}: ${many} ${what}`);
    });
  }

  for (let made = 0; made < count; made += 1) open();

  return {
    tabs,
    open,
    clock,
    jar,
    network,
    channel: channels.channel,
    lock: locks.lock,
    storage: storages.storage,
    timeline,
    log,
    refreshes: () => log().filter(({ path }) => path.endsWith("/jwt/refresh")),
    settle: clock.settle,
    advance: clock.advance,
    until: clock.until,
    leftovers,
    dispose() {
      const left = leftovers();
      network.clearFaults();
      for (const tab of tabs) tab.crash();
      if (left.length > 0) throw new Error(`The simulated tabs were left with work going on:\n${left.join("\n")}`);
    },
  };
}
