import type { AuthServerContext } from "./authServerContext.ts";

export interface Sweeper {
  /**
   * Sweeps in the background if that was not done for an hour. No timer of its own: a server without requests has no
   * new rows.
   */
  poke(): void;
  sweep(): Promise<number>;
  /** Resolves when no sweep is under way. */
  idle(): Promise<void>;
}

const INTERVAL_MS = 3_600_000;
/** How long an ended session still answers `_REVOKED` or `_EXPIRED` rather than `_INVALID`. */
const RETENTION_MS = 7 * 86_400_000;
/** How long somebody may stay away and still be known by where they are. */
const PLACE_RETENTION_MS = 180 * 86_400_000;

export function createSweeper(server: AuthServerContext): Sweeper {
  const { store, options } = server;
  let sweptAt = options.store.clock();
  let running: Promise<void> = Promise.resolve();

  async function sweep(): Promise<number> {
    const ended = await store.sweep(RETENTION_MS);
    const guests = await store.sweepGuests(RETENTION_MS);
    for (const subject of guests) server.audit("guestRemoved", null, { subject });
    return ended + guests.length + (await store.sweepPlaces(PLACE_RETENTION_MS));
  }

  return {
    poke() {
      const now = options.store.clock();
      // A clock that was set back must not put it off for ever.
      if (now >= sweptAt && now - sweptAt < INTERVAL_MS) return;
      sweptAt = now;
      running = sweep().then(
        () => undefined,
        (error: unknown) => server.reportError(error),
      );
    },
    sweep,
    idle: () => running,
  };
}
