import type { AuthClient, AuthEventName } from "../core/authClient.ts";
import type { RefreshTrigger } from "../core/authState.ts";
import { nameError } from "./nameError.ts";

export interface HistoryEntry {
  readonly key: number;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly event: AuthEventName;
  /** What it was about, without secrets. */
  readonly detail: string;
}

export interface RefreshEntry {
  readonly key: number;
  readonly at: number;
  /** Null where another tab did it: what it took there, and why, is not told. */
  readonly durationMs: number | null;
  readonly trigger: RefreshTrigger | null;
  readonly outcome: "refreshed" | "taken over" | "failed" | "session ended";
  readonly detail: string;
}

export interface AuthHistory {
  readonly entries: readonly HistoryEntry[];
  readonly refreshes: readonly RefreshEntry[];
}

export interface AuthHistoryStore {
  readonly getHistory: () => AuthHistory;
  readonly subscribe: (listener: () => void) => () => void;
  readonly clear: () => void;
}

const kept = 50;

/** Writes down what a client tells, newest first; listens only while somebody watches. */
export function createAuthHistory(client: AuthClient): AuthHistoryStore {
  const now = (): number => client.internals.platform.clock.now();
  const listeners = new Set<() => void>();
  let history: AuthHistory = { entries: [], refreshes: [] };
  let nextKey = 0;
  let underWay: { readonly since: number; readonly trigger: RefreshTrigger } | null = null;
  let stop: (() => void) | undefined;

  function assign(next: AuthHistory): void {
    history = next;
    for (const listener of listeners) listener();
  }

  function note(event: AuthEventName, detail: string): void {
    const entry = { key: nextKey++, at: now(), event, detail };
    assign({ ...history, entries: [entry, ...history.entries].slice(0, kept) });
  }

  function noteRefresh(outcome: RefreshEntry["outcome"], detail: string): void {
    const at = now();
    const durationMs = underWay === null ? null : at - underWay.since;
    const entry = { key: nextKey++, at, durationMs, trigger: underWay?.trigger ?? null, outcome, detail };
    underWay = null;
    assign({ ...history, refreshes: [entry, ...history.refreshes].slice(0, kept) });
  }

  function listen(): () => void {
    const watchActivity = (): void => {
      const activity = client.activity.getState();
      if (activity.kind === "refreshing") underWay ??= { since: now(), trigger: activity.trigger };
      // What brought nothing, an answer that was overtaken, is not the beginning of the next one.
      else underWay = null;
    };
    watchActivity();
    const undo = [
      client.activity.subscribe(watchActivity),
      client.on("signedIn", ({ identity }) => note("signedIn", identity.subject)),
      client.on("signedOut", ({ previousIdentity }) => note("signedOut", previousIdentity?.subject ?? "")),
      client.on("refreshed", ({ identity }) => {
        noteRefresh(underWay === null ? "taken over" : "refreshed", identity.subject);
        note("refreshed", identity.subject);
      }),
      client.on("refreshFailed", ({ error }) => {
        noteRefresh("failed", nameError(error));
        note("refreshFailed", nameError(error));
      }),
      client.on("sessionEnded", ({ reason, previousIdentity }) => {
        if (underWay !== null) noteRefresh("session ended", reason);
        note("sessionEnded", `${reason}${previousIdentity ? `, ${previousIdentity.subject}` : ""}`);
      }),
      client.on("stepUpRequired", ({ maxAgeSeconds, acrValues }) => {
        const asked = [maxAgeSeconds === null ? [] : `max_age ${maxAgeSeconds} s`, acrValues.join(" ")].flat();
        note("stepUpRequired", asked.filter((part) => part !== "").join(", "));
      }),
      client.on("identityChanged", ({ identity, previousIdentity }) =>
        note("identityChanged", `${previousIdentity?.subject ?? "nobody"} → ${identity?.subject ?? "nobody"}`),
      ),
    ];
    return () => undo.forEach((step) => step());
  }

  return {
    getHistory: () => history,
    subscribe: (listener) => {
      listeners.add(listener);
      stop ??= listen();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
        underWay = null;
      };
    },
    clear: () => assign({ entries: [], refreshes: [] }),
  };
}
