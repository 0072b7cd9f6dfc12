import { type RawBuilder, sql } from "kysely";

/** The time of a database, in statements and as an estimate between them. */
export interface SqlClock {
  /** The database's own time in milliseconds since 1970. */
  readonly now: RawBuilder<number>;
  /** Its time as well as it is known without asking. */
  estimate(): number;
  /** Takes up the time that an answer carried, which was asked for at `askedAt` by the local clock. */
  learn(databaseNow: number, askedAt: number): void;
}

/** An answer that was longer under way says little about the time. */
const MAX_ROUND_TRIP_MS = 2_000;

/**
 * A database's clock, learned from its answers: several servers then agree on what has expired, whatever their own
 * clocks say.
 */
export function createSqlClock(now: RawBuilder<number>): SqlClock {
  let offsetMs = 0;
  return {
    now,
    estimate: () => Math.round(Date.now() + offsetMs),
    learn(databaseNow, askedAt) {
      const answeredAt = Date.now();
      const roundTripMs = answeredAt - askedAt;
      if (roundTripMs >= 0 && roundTripMs <= MAX_ROUND_TRIP_MS) offsetMs = databaseNow - (askedAt + answeredAt) / 2;
    },
  };
}

/** A clock that a test moves by hand. */
export function createFixedSqlClock(now: () => number): SqlClock {
  return {
    get now() {
      return sql<number>`cast(${now()} as bigint)`;
    },
    estimate: now,
    learn() {},
  };
}
