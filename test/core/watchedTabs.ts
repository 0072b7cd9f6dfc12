import { unchallenged } from "../support/unchallenged.ts";
import { authorizeFetch } from "../../src/adapters/authorizeFetch.ts";
import type { AuthClient, AuthEventName } from "../../src/core/authClient.ts";
import type { RequestRecord } from "../../src/testing/requestRecord.ts";
import type { SimulatedTab } from "../../src/testing/simulatedTab.ts";
import { recordEvents } from "../support/recordEvents.ts";
import { ADA, openWorld } from "./support.ts";

export const REFRESH = "/jwt/refresh";
export const LOCK = "stay-signed-in:/v1/auth:refresh";
export const API = "https://app.example/v1/auth/users/me";
export const UNAUTHORIZED = { status: 401, body: '{"detail":"Unauthorized"}' } as const;
/** The default lifetime of an access token, and with it a moment at which every tab wants another one. */
export const LIFETIME_MS = 900_000;

export interface WatchedTab {
  readonly tab: SimulatedTab;
  readonly client: AuthClient;
  /** The names of what the client told, in order; `forget` empties it. */
  readonly told: AuthEventName[];
  /** Sends as an app would: with the token, renewed when it must be. */
  readonly request: (input?: string, init?: RequestInit) => Promise<Response>;
}

/** {@link openWorld} with everything that its clients tell written down. */
export async function openTabs(tabCount: number, options: Parameters<typeof openWorld>[1] = {}) {
  const opened = await openWorld(tabCount, options);
  const { world } = opened;
  const watch = (tab: SimulatedTab, client: AuthClient): WatchedTab => {
    const told = recordEvents(client);
    const send = authorizeFetch(client, { fetch: tab.platform.fetch });
    return { tab, client, told, request: (input = API, init) => send(input, init) };
  };
  const tabs = world.tabs.map((tab, index) => watch(tab, opened.clients[index] as AuthClient));
  let seen = 0;
  const sent = (path: string): RequestRecord[] =>
    world.network.requests.slice(seen).filter((request) => request.path.endsWith(path));
  await world.advance(1_000);
  const forget = (): void => {
    seen = world.network.requests.length;
    for (const { told } of tabs) told.length = 0;
  };
  forget();
  return {
    ...opened,
    tabs,
    at: (number: number): WatchedTab => tabs[number - 1] as WatchedTab,
    /** Opens one more tab with a client. */
    add(): WatchedTab {
      const tab = world.open();
      const watched = watch(tab, opened.open(tab));
      tabs.push(watched);
      return watched;
    },
    /** What the tabs sent since the last `forget` to addresses that end so, whether or not it arrived. */
    sent,
    forget,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** {@link openTabs} in which Ada has signed in at the first tab, and all know. */
export async function openSignedInTabs(tabCount: number, options: Parameters<typeof openWorld>[1] = {}) {
  const opened = await openTabs(tabCount, options);
  const identity = unchallenged(await opened.world.until(opened.at(1).client.signIn(ADA)));
  await opened.world.advance(1_000);
  opened.forget();
  return { ...opened, identity };
}

/** What a promise came to, as a word: its error's code, "resolved", or "pending". */
export function outcomeOf(work: Promise<unknown>): { value: string } {
  const outcome = { value: "pending" };
  work.then(
    () => {
      outcome.value = "resolved";
    },
    (error: unknown) => {
      outcome.value = error instanceof Error && "code" in error ? String(error.code) : String(error);
    },
  );
  return outcome;
}
