import type { SharedStorage } from "../core/ports.ts";
import { notAllowed } from "./portCondition.ts";
import type { SimulatedClock } from "./simulatedClock.ts";
import type { TabGate } from "./tabGate.ts";
import type { Timeline } from "./timeline.ts";

/** How a tab's storage is: as a {@link PortCondition}, or read-only as with a full quota. */
export type StorageCondition = "works" | "missing" | "throws" | "full";

/** The storage that the tabs share. */
export interface SimulatedStorage {
  /** How long a write takes to be seen by other tabs and to survive its own, ms. 0 by default: at once. */
  delayMs: number;
  /** Throws everything away, as a user who clears site data does. No tab is told. */
  wipe(): void;
  /** What a new tab would find. */
  contents(): Record<string, string>;
  /** Writes as a stranger would: another app on the origin, an extension, an old version. */
  plant(key: string, value: string | null): void;
}

export interface StorageMember {
  readonly number: number;
  readonly gate: TabGate;
  storageCondition: StorageCondition;
}

interface View {
  readonly member: StorageMember;
  readonly values: Map<string, string>;
  /**
   * Writes of its own that are still on their way, by key: until they have arrived, it sees no older one of another
   * tab.
   */
  readonly onTheirWay: Map<string, number>;
  readonly listeners: Set<{ key: string; listener: () => void }>;
}

export function createSimulatedStorage(world: { clock: SimulatedClock; timeline: Timeline }) {
  const { clock, timeline } = world;
  const committed = new Map<string, string>();
  const views = new Set<View>();

  function commit(key: string, value: string | null, writer: View | null): void {
    assign(committed, key, value);
    for (const view of views) {
      if (view === writer || view.onTheirWay.get(key)) continue;
      if ((view.values.get(key) ?? null) === value) continue;
      assign(view.values, key, value);
      for (const entry of view.listeners) {
        if (entry.key === key) view.member.gate.deliver(() => view.listeners.has(entry) && entry.listener());
      }
    }
  }

  function write(view: View, key: string, value: string | null): void {
    timeline.add(view.member.number, `writes ${key} = ${value === null ? "nothing" : value.slice(0, 160)}`);
    assign(view.values, key, value);
    if (storage.delayMs <= 0) return commit(key, value, view);
    view.onTheirWay.set(key, (view.onTheirWay.get(key) ?? 0) + 1);
    clock.setWorldTimer(() => {
      view.onTheirWay.set(key, (view.onTheirWay.get(key) ?? 1) - 1);
      commit(key, value, view);
    }, storage.delayMs);
  }

  const storage: SimulatedStorage = {
    delayMs: 0,
    wipe() {
      timeline.add(null, "storage wiped");
      committed.clear();
      for (const view of views) view.values.clear();
    },
    contents: () => Object.fromEntries(committed),
    plant(key, value) {
      timeline.add(null, `a stranger writes ${key}`);
      commit(key, value, null);
    },
  };

  return {
    storage,
    portFor(member: StorageMember): SharedStorage {
      const view: View = { member, values: new Map(committed), onTheirWay: new Map(), listeners: new Set() };
      views.add(view);
      return {
        read(key) {
          if (member.storageCondition === "throws") throw notAllowed("localStorage");
          return view.values.get(key) ?? null;
        },
        write(key, value) {
          if (member.storageCondition === "throws") throw notAllowed("localStorage");
          if (member.storageCondition === "full" && value !== null)
            throw new DOMException("Full.", "QuotaExceededError");
          if (!member.gate.isDead()) write(view, key, value);
        },
        onChange(key, listener) {
          const entry = { key, listener };
          view.listeners.add(entry);
          return () => void view.listeners.delete(entry);
        },
      };
    },
    listenerCount: (member: StorageMember) =>
      [...views].reduce((count, view) => count + (view.member === member ? view.listeners.size : 0), 0),
    leave(member: StorageMember) {
      for (const view of views) if (view.member === member) views.delete(view);
    },
  };
}

function assign(values: Map<string, string>, key: string, value: string | null): void {
  if (value === null) values.delete(key);
  else values.set(key, value);
}
