import type { AuthClient, AuthEventName } from "../core/authClient.ts";
import type { RefreshTrigger } from "../core/authState.ts";
import { maskToken } from "./maskToken.ts";
import { nameError } from "./nameError.ts";

export interface HistoryEntry {
  readonly key: number;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly event: AuthEventName;
  /** What it was about, without secrets. */
  readonly detail: string;
}

export const refreshOutcomes = ["refreshed", "waited", "adopted", "failed", "session ended"] as const;

/**
 * What one tab had to do with one refresh: it asked the server, waited until another tab had, or adopted what another tab told
 * without having asked for anything.
 */
export interface RefreshEntry {
  readonly key: number;
  readonly at: number;
  /** Null where this tab did nothing for it. */
  readonly durationMs: number | null;
  readonly trigger: RefreshTrigger | null;
  readonly outcome: (typeof refreshOutcomes)[number];
  /** The error or the reason of an end, else the subject. */
  readonly detail: string;
  /** The masked token that it brought; what tabs with the same one have to do with is the same refresh. */
  readonly token: string | null;
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

/**
 * Writes down what a client tells, newest first; listens only while somebody watches.
 *
 * @param waitsSince since when the client has waited for another tab's refresh, or null.
 */
export function createAuthHistory(client: AuthClient, waitsSince: () => number | null): AuthHistoryStore {
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
    const since = underWay?.since ?? (outcome === "waited" ? waitsSince() : null);
    const durationMs = since === null ? null : at - since;
    const current = client.accessToken.getState();
    const token = outcome === "failed" || current === null ? null : maskToken(current);
    const entry = { key: nextKey++, at, durationMs, trigger: underWay?.trigger ?? null, outcome, detail, token };
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
        const outcome = underWay !== null ? "refreshed" : waitsSince() !== null ? "waited" : "adopted";
        noteRefresh(outcome, identity.subject);
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
