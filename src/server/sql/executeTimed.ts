import type { Kysely, RawBuilder } from "kysely";
import type { SqlClock } from "./sqlClock.ts";
import type { AuthDatabase } from "./sqlSchema.ts";

export type Timed<Row> = Row & { now: number };

/** The statement's rows; takes up the database's time, which they carry. */
export async function executeTimed<Row extends { now: number }>(
  database: Kysely<AuthDatabase>,
  clock: SqlClock,
  statement: RawBuilder<Row>,
): Promise<Row[]> {
  const askedAt = Date.now();
  const { rows } = await statement.execute(database);
  const [first] = rows;
  if (first !== undefined) clock.learn(Number(first.now), askedAt);
  return rows;
}
