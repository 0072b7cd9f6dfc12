import type { Client } from "pg";
import type { EndingsChannel } from "./endSessionsWhere.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** A connection that died without a word is noticed by the next of these. */
const HEARTBEAT_MS = 20_000;
/** What ended so shortly before the last sign of life may not have been told any more. */
const MARGIN_MS = 10_000;

/** A connection that is not shared with others. */
export interface OwnConnection {
  readonly client: Client;
  release(): Promise<void>;
}

/**
 * Hears by LISTEN of the sessions that other servers end. When the connection was lost, what ended meanwhile is told as soon
 * as there is another. Returns its end, which resolves when the connection is given back.
 */
export function watchPostgresEndings(
  connect: () => Promise<OwnConnection>,
  { name, sender }: EndingsChannel,
  listener: (sessionId: string) => void,
): () => Promise<void> {
  let isOver = false;
  let wake = () => {};
  const startedAt = Date.now();
  /** By the database's clock; null until it was heard of for the first time. */
  let heardAt: number | null = null;

  const over = run();
  return () => {
    isOver = true;
    wake();
    return over;
  };

  async function run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!isOver) {
      try {
        await listen(() => (retryMs = FIRST_RETRY_MS));
      } catch {
        // The database is away; requests tell of it. What matters here is only to be back soon.
      }
      if (!isOver) await pause(retryMs);
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
  }

  /** Until the connection fails or the watch ends. */
  async function listen(onConnected: () => void): Promise<void> {
    const { client, release } = await connect();
    let isLost = false;
    const onLost = () => {
      isLost = true;
      wake();
    };
    client
      .on("error", onLost)
      .on("end", onLost)
      .on("notification", ({ payload = "" }) => {
        const [from, sessionId] = payload.split(" ");
        if (from !== sender && sessionId !== undefined) listener(sessionId);
      });
    try {
      await client.query(`listen "${name}"`);
      const now = await readClock(client);
      await catchUp(client, (heardAt ?? now - (Date.now() - startedAt)) - MARGIN_MS);
      heardAt = now;
      onConnected();
      while (!isOver && !isLost) {
        await pause(HEARTBEAT_MS);
        if (!isOver && !isLost) heardAt = await readClock(client);
      }
    } finally {
      await release().catch(() => undefined);
    }
  }

  async function catchUp(client: Client, since: number): Promise<void> {
    const missed = await client.query<{ id: string }>("select id from auth_sessions where ended_at >= $1", [since]);
    for (const { id } of missed.rows) listener(id);
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      // A server that does nothing but listen may end.
      timer.unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function readClock(client: Client): Promise<number> {
  const statement = "select floor(extract(epoch from clock_timestamp()) * 1000) as now";
  const { rows } = await client.query<{ now: string }>(statement);
  return Number(rows[0]?.now);
}
