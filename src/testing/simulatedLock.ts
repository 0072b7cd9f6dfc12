import type { TabLock } from "../core/ports.ts";
import { notAllowed, type PortCondition } from "./portCondition.ts";
import type { SimulatedClock } from "./simulatedClock.ts";
import type { TabGate } from "./tabGate.ts";
import type { Timeline } from "./timeline.ts";

/** The lock that the tabs share. A frozen tab keeps what it holds, a crashed or closed one gives it up. */
export interface SimulatedLock {
  /** How long it takes to be granted a free lock, ms. 0 by default. */
  grantDelayMs: number;
  /** Holds `name` for nobody until {@link free}, as an orphan of a browser bug does. Waits for whoever holds it now. */
  orphan(name: string): void;
  /** Ends an orphan. */
  free(name: string): void;
  /** The number of the tab that holds `name`; 0 for an orphan, null when it is free. */
  holderOf(name: string): number | null;
  /** How many requests wait for `name`. */
  waitingCount(name: string): number;
}

export interface LockMember {
  readonly number: number;
  readonly gate: TabGate;
  isSuspended(): boolean;
  lockCondition: PortCondition;
  /** Throws the tab out of the page cache, as browsers do with a page there whose lock is wanted. */
  evict(): void;
}

interface Entry {
  /** Null for an orphan. */
  readonly member: LockMember | null;
  grant(): void;
}

interface Place {
  holder: Entry | null;
  readonly waiting: Entry[];
}

export function createSimulatedLock(world: { clock: SimulatedClock; timeline: Timeline }) {
  const { clock, timeline } = world;
  const places = new Map<string, Place>();
  const announcements = new Set<{ name: string; member: LockMember }>();

  function placeOf(name: string): Place {
    const place = places.get(name) ?? { holder: null, waiting: [] };
    places.set(name, place);
    return place;
  }

  function enqueue(name: string, entry: Entry): void {
    const place = placeOf(name);
    place.waiting.push(entry);
    if (place.holder?.member?.isSuspended()) place.holder.member.evict();
    else grantNext(name);
  }

  function grantNext(name: string): void {
    const place = placeOf(name);
    if (place.holder) return;
    const next = place.waiting.shift();
    if (!next) return;
    place.holder = next;
    next.grant();
  }

  function leave(name: string, entry: Entry): void {
    const place = placeOf(name);
    const at = place.waiting.indexOf(entry);
    if (at >= 0) place.waiting.splice(at, 1);
    if (place.holder !== entry) return;
    place.holder = null;
    grantNext(name);
  }

  function request<T>(
    member: LockMember,
    name: string,
    signal: AbortSignal,
    work: (waited: boolean) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (member.gate.isDead()) return;
      if (member.lockCondition !== "works") return reject(notAllowed("navigator.locks"));
      if (signal.aborted) return reject(signal.reason);
      const place = placeOf(name);
      const waited = place.holder !== null || place.waiting.length > 0;
      let isAborted = false;

      const run = () => {
        signal.removeEventListener("abort", onAbort);
        // Aborted between the grant and the tab's turn: the lock goes back unused.
        if (isAborted) return leave(name, entry);
        timeline.add(member.number, `holds ${name}${waited ? " after a wait" : ""}`);
        const leaveAfterwards = () => {
          if (place.holder === entry) timeline.add(member.number, `lets go of ${name}`);
          leave(name, entry);
        };
        let working: Promise<T>;
        try {
          working = work(waited);
        } catch (error) {
          working = Promise.reject(error);
        }
        working.then(leaveAfterwards, leaveAfterwards);
        working.then(resolve, reject);
      };
      const entry: Entry = {
        member,
        grant() {
          const deliver = () => member.gate.deliver(run);
          if (member.isSuspended()) member.evict();
          else if (lock.grantDelayMs > 0) clock.setTimer(deliver, lock.grantDelayMs);
          else deliver();
        },
      };
      const onAbort = () => {
        isAborted = true;
        if (place.holder !== entry) leave(name, entry);
        timeline.add(member.number, `gives up waiting for ${name}`);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (waited) timeline.add(member.number, `waits for ${name}`);
      enqueue(name, entry);
    });
  }

  const lock: SimulatedLock = {
    grantDelayMs: 0,
    orphan(name) {
      enqueue(name, { member: null, grant: () => timeline.add(null, `${name} is orphaned`) });
    },
    free(name) {
      const { holder } = placeOf(name);
      if (holder && !holder.member) leave(name, holder);
    },
    holderOf(name) {
      const holder = places.get(name)?.holder;
      return holder ? (holder.member?.number ?? 0) : null;
    },
    waitingCount: (name) => places.get(name)?.waiting.length ?? 0,
  };

  const entriesOf = (member: LockMember) =>
    [...places].flatMap(([name, { holder, waiting }]) =>
      [...(holder ? [holder] : []), ...waiting]
        .filter((entry) => entry.member === member)
        .map((entry) => ({ name, entry })),
    );

  return {
    lock,
    portFor: (member: LockMember): TabLock => ({
      request: (name, signal, work) => request(member, name, signal, work),
      announce(name) {
        if (member.lockCondition !== "works") throw notAllowed("navigator.locks");
        const announcement = { name, member };
        if (!member.gate.isDead()) announcements.add(announcement);
        return () => void announcements.delete(announcement);
      },
      countSiblings: (name) =>
        new Promise((resolve, reject) => {
          if (member.lockCondition !== "works") return reject(notAllowed("navigator.locks"));
          member.gate.deliver(() =>
            resolve([...announcements].filter((other) => other.name === name && other.member !== member).length),
          );
        }),
      isHeld: async (name) => lock.holderOf(name) !== null,
    }),
    /** What `member` holds, waits for or announces, for the list of leftovers. */
    countOf: (member: LockMember) =>
      entriesOf(member).length + [...announcements].filter((announcement) => announcement.member === member).length,
    /** The tab is gone, and with it all that it held. */
    leaveAll(member: LockMember) {
      for (const announcement of announcements) if (announcement.member === member) announcements.delete(announcement);
      for (const { name, entry } of entriesOf(member)) leave(name, entry);
    },
  };
}
