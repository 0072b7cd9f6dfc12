import type { AuthClient, Readable } from "../core/authClient.ts";
import { type Fields, isFields, parseText } from "../core/parse.ts";
import { createReadable } from "../core/readable.ts";
import { type AuthHistoryStore, type RefreshEntry, refreshOutcomes } from "./authHistory.ts";
import { maskToken } from "./maskToken.ts";

/** What one tab tells the devtools of the others. Its token is masked. */
export interface TabDetails {
  readonly id: string;
  /** Wall clock, milliseconds since 1970, as every moment here. */
  readonly openedAt: number;
  readonly heardAt: number;
  readonly isClosed: boolean;
  readonly path: string;
  readonly isVisible: boolean;
  readonly status: string;
  readonly activity: string;
  readonly token: string | null;
  readonly plannedAt: number | null;
}

export interface TabRefresh extends RefreshEntry {
  /** The `id` of the tab. */
  readonly from: string;
}

export interface Board {
  readonly ownId: string;
  /** The oldest first; those that are gone stay, as their refreshes do. */
  readonly tabs: readonly TabDetails[];
  /** Of all tabs, the newest first. */
  readonly refreshes: readonly TabRefresh[];
}

export interface TabBoard extends Readable<Board> {
  /** Begins to tell and to listen; returns its end. */
  attach(): () => void;
  clear(): void;
}

const VERSION = 1;
const kept = 60;

/** What the devtools of all tabs tell each other, on a channel of their own: a page without devtools tells nothing. */
export function createTabBoard(client: AuthClient, history: AuthHistoryStore): TabBoard {
  const { platform, namespace, planned } = client.internals;
  const { clock, signals } = platform;
  // Drawn when it attaches: a page that is rendered on a server asks for nothing random and for no clock.
  let ownId = "";
  let openedAt = 0;
  const board = createReadable<Board>({ ownId, tabs: [], refreshes: [] }, (error) => console.error(error));
  const change = (next: Partial<Board>): void => board.assign({ ...board.getState(), ...next })();

  function describeSelf(isClosed: boolean): TabDetails {
    const state = client.getState();
    const token = client.accessToken.getState();
    return {
      id: ownId,
      openedAt,
      heardAt: clock.now(),
      isClosed,
      path: typeof location === "undefined" ? "/" : location.pathname,
      isVisible: signals.isVisible(),
      status: state.status === "unauthenticated" ? `out: ${state.reason}` : state.status,
      activity: client.activity.getState().kind,
      token: token === null ? null : maskToken(token),
      plannedAt: planned()?.at ?? null,
    };
  }

  function noteTab(tab: TabDetails): void {
    const others = board.getState().tabs.filter(({ id }) => id !== tab.id);
    change({ tabs: [...others, tab].sort((a, b) => a.openedAt - b.openedAt || a.id.localeCompare(b.id)) });
  }

  function noteRefresh(refresh: TabRefresh): void {
    const { refreshes } = board.getState();
    if (refreshes.some(({ from, key }) => from === refresh.from && key === refresh.key)) return;
    change({ refreshes: [refresh, ...refreshes].sort((a, b) => b.at - a.at).slice(0, kept) });
  }

  function attach(): () => void {
    if (ownId === "") {
      ownId = platform.random().toString(36).slice(2, 10) || "tab";
      openedAt = clock.now();
      change({ ownId });
    }
    const channel = openChannel((message) => {
      if (!isFields(message) || message["version"] !== VERSION) return;
      const tab = parseTab(message["tab"], clock.now());
      const refresh = parseRefresh(message["refresh"]);
      if (tab !== null) noteTab(tab);
      if (refresh !== null) noteRefresh(refresh);
      if (message["asks"] === true) tellSelf();
    });
    const post = (message: Fields): void => {
      try {
        channel?.post({ version: VERSION, ...message });
      } catch {
        // A closed or blocked channel: this tab then knows itself alone.
      }
    };
    function tellSelf(more: Fields = {}, isClosed = false): void {
      const tab = describeSelf(isClosed);
      noteTab(tab);
      post({ ...more, tab });
    }
    const told = new Set(history.getHistory().refreshes.map(({ key }) => key));
    const tellRefreshes = (): void => {
      for (const entry of history
        .getHistory()
        .refreshes.filter(({ key }) => !told.has(key))
        .reverse()) {
        told.add(entry.key);
        const refresh = { ...entry, from: ownId };
        noteRefresh(refresh);
        post({ refresh });
      }
    };
    const tell = (): void => tellSelf();
    const undo = [
      history.subscribe(tellRefreshes),
      client.subscribe(tell),
      client.activity.subscribe(tell),
      client.accessToken.subscribe(tell),
      signals.subscribe(tell),
    ];
    tellSelf({ asks: true });
    return () => {
      for (const step of undo) step();
      tellSelf({}, true);
      channel?.close();
    };
  }

  function openChannel(onMessage: (message: unknown) => void) {
    try {
      return platform.openChannel?.(`${namespace}:devtools`, onMessage);
    } catch {
      return undefined;
    }
  }

  return { getState: board.getState, subscribe: board.subscribe, attach, clear: () => change({ refreshes: [] }) };
}

function parseTab(given: unknown, heardAt: number): TabDetails | null {
  if (!isFields(given)) return null;
  const { id, openedAt, path, status, activity, token, plannedAt, isVisible, isClosed } = given;
  const texts = [id, path, status, activity].map(parseText);
  if (texts.includes(null) || typeof openedAt !== "number") return null;
  return {
    id: String(id),
    openedAt,
    heardAt,
    isClosed: isClosed === true,
    path: String(path),
    isVisible: isVisible === true,
    status: String(status),
    activity: String(activity),
    token: parseText(token),
    plannedAt: typeof plannedAt === "number" ? plannedAt : null,
  };
}

function parseRefresh(given: unknown): TabRefresh | null {
  if (!isFields(given)) return null;
  const { from, key, at, durationMs, trigger, detail, token } = given;
  const outcome = refreshOutcomes.find((known) => known === given["outcome"]);
  if (outcome === undefined || typeof from !== "string" || typeof key !== "number" || typeof at !== "number")
    return null;
  return {
    from,
    key,
    at,
    durationMs: typeof durationMs === "number" ? durationMs : null,
    trigger: (parseText(trigger) as RefreshEntry["trigger"]) ?? null,
    outcome,
    detail: parseText(detail) ?? "",
    token: parseText(token),
  };
}
