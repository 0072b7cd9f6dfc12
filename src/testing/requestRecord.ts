import type { TimelineEntry } from "./timeline.ts";

/**
 * A request that a tab made, and what became of it. Moments are entries of the timeline, so their `order` tells races
 * apart.
 */
export interface RequestRecord {
  /** 1 for the first of all tabs. */
  readonly number: number;
  /** The number of the tab that made it. */
  readonly tab: number;
  /** `GET`, `POST` and so on. */
  readonly method: string;
  /** The path of its address. */
  readonly path: string;
  /** The `sub` of the bearer token it carried; null without one, or with one that is no JWT. */
  readonly subject: string | null;
  /** The `sid` of that token. */
  readonly sessionId: string | null;
  /** Whether it outlives its page. */
  readonly isKeepalive: boolean;
  /** When the tab sent it. */
  readonly sent: TimelineEntry;
  /** When the server had it; null when it never got there. */
  reached: TimelineEntry | null;
  /** When the server had acted. */
  answered: TimelineEntry | null;
  /** When it was over for the tab, one way or the other. */
  settled: TimelineEntry | null;
  /** What the server answered; null when it was not asked. */
  serverStatus: number | null;
  /** `abandoned`: the tab aborted, crashed or was closed. */
  outcome: "pending" | "answered" | "failed" | "abandoned";
}

/** Whether the two were under way at the same time, as the tabs see it. */
export function overlap(one: RequestRecord, other: RequestRecord): boolean {
  const endOf = (record: RequestRecord) => record.settled?.order ?? Number.POSITIVE_INFINITY;
  return one.sent.order < endOf(other) && other.sent.order < endOf(one);
}

/** Whose bearer token the header carries. Reads, never verifies, and keeps nothing of the token itself. */
export function readBearer(authorization: string | null): { subject: string | null; sessionId: string | null } {
  const payload = /^Bearer [^.]+\.([^.]+)\./.exec(authorization ?? "")?.[1];
  if (payload === undefined) return { subject: null, sessionId: null };
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return { subject: textOf(claims, "sub"), sessionId: textOf(claims, "sid") };
  } catch {
    return { subject: null, sessionId: null };
  }
}

function textOf(claims: unknown, name: string): string | null {
  if (typeof claims !== "object" || claims === null) return null;
  const value: unknown = Reflect.get(claims, name);
  return typeof value === "string" ? value : null;
}
