import type { Clock, SharedStorage, TabLock } from "../core/ports.ts";

// A hidden tab may be let run once a minute only: two of its beats may be missed before it no longer counts.
const BEAT_MS = 30_000;
const COUNTS_FOR_MS = 150_000;

type Presence = Pick<TabLock, "announce" | "countSiblings">;

/**
 * Which tabs are there, as a list in shared storage that each renews its own entry of. Of two that write at once one loses its
 * entry until it sees so, and a crashed tab counts for 150 s: a wrong answer costs a refresh or a short wait.
 */
export function createStoragePresence(world: {
  storage: SharedStorage;
  clock: Clock;
  ownName: () => string;
}): Presence {
  const { storage, clock, ownName } = world;
  const keyOf = (name: string) => `${name}.tabs`;

  function read(name: string): Record<string, number> {
    const now = clock.now();
    const entries = Object.entries(parseBeats(storage.read(keyOf(name))));
    return Object.fromEntries(entries.filter(([, at]) => at <= now && now - at <= COUNTS_FOR_MS));
  }

  /** Whether it worked: in blocked storage nobody counts anybody. */
  function write(name: string, isHere: boolean): boolean {
    try {
      const { [ownName()]: _, ...others } = read(name);
      const beats = isHere ? { ...others, [ownName()]: clock.now() } : others;
      storage.write(keyOf(name), Object.keys(beats).length > 0 ? JSON.stringify(beats) : null);
      return true;
    } catch {
      return false;
    }
  }

  function isListed(name: string): boolean {
    try {
      return ownName() in read(name);
    } catch {
      return true;
    }
  }

  return {
    announce(name) {
      let cancel = () => {};
      let isWithdrawn = false;
      const beat = () => {
        cancel();
        if (write(name, true)) cancel = clock.setTimer(beat, BEAT_MS);
      };
      beat();
      const unwatch = storage.onChange?.(keyOf(name), () => {
        if (!isListed(name)) beat();
      });
      return () => {
        if (isWithdrawn) return;
        isWithdrawn = true;
        unwatch?.();
        cancel();
        write(name, false);
      };
    },
    async countSiblings(name) {
      try {
        return Object.keys(read(name)).filter((other) => other !== ownName()).length;
      } catch {
        return 0;
      }
    },
  };
}

function parseBeats(text: string | null): Record<string, number> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    );
  } catch {
    return {};
  }
}
