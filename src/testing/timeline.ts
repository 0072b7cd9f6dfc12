/** One thing that happened in the simulated world. */
export interface TimelineEntry {
  /** World time, milliseconds since the timeline began. */
  readonly atMs: number;
  /** Grows by one with each entry: tells apart what happened at the same moment. */
  readonly order: number;
  /** The number of the tab that it happened in; null for the world itself. */
  readonly tab: number | null;
  /** What happened, for people. */
  readonly what: string;
}

/** What happened, in order: printed when a test fails. Holds no token, cookie or password. */
export interface Timeline {
  /** Adds an entry of this moment. */
  add(tab: number | null, what: string): TimelineEntry;
  /** All entries, in order. */
  entries(): readonly TimelineEntry[];
  /** One line an entry: `+12.345s  tab 2  frozen`. */
  toString(): string;
}

export function createTimeline(worldNow: () => number): Timeline {
  const beganAt = worldNow();
  const entries: TimelineEntry[] = [];
  return {
    add(tab, what) {
      const entry = { atMs: worldNow() - beganAt, order: entries.length, tab, what };
      entries.push(entry);
      return entry;
    },
    entries: () => entries,
    toString: () =>
      entries
        .map(
          ({ atMs, tab, what }) =>
            `+${(atMs / 1_000).toFixed(3)}s`.padEnd(14) + `${tab === null ? "world" : `tab ${tab}`}`.padEnd(8) + what,
        )
        .join("\n"),
  };
}
