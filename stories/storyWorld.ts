import { createBrowserPlatform } from "../src/browser/createBrowserPlatform.ts";
import type { AuthClient } from "../src/core/authClient.ts";
import { createAuthClient } from "../src/core/createAuthClient.ts";
import type { SharedStorage, Signal, Signals } from "../src/core/ports.ts";
import { createAuthServer } from "../src/server/createAuthServer.ts";
import { memoryStore } from "../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../src/server/pbkdf2PasswordHasher.ts";
import { appFetch } from "../src/testing/appFetch.ts";
import { createCookieJar } from "../src/testing/cookieJar.ts";

const origin = "https://app.example";

export const password = "correct horse battery";

export interface StoryWorldOptions {
  guests?: "never" | "onRequest" | "automatic";
  onSessionEnd?: "reject" | "hold";
  accessTokenLifetimeSeconds?: number;
  refreshTokenLifetimeSeconds?: number;
  /** How long an answer takes. */
  latencyMs?: number;
}

export interface StoryWorld {
  /** One more client on the same cookies, channel and locks: one more tab. */
  openTab(): AuthClient;
  /** A client of another browser, with cookies of its own. */
  openOtherBrowser(): AuthClient;
  /** A fetch as a page of this browser has it, for the app's own requests. */
  fetch: typeof globalThis.fetch;
  setOnline(isOnline: boolean): void;
  refreshCount(): number;
  /** Makes an account whose password is {@link password}. */
  addAccount(email: string): Promise<void>;
  /** Lets the session of `auth` end as if its owner had been away for a week; the client learns of it at its next request. */
  loseSession(auth: AuthClient): Promise<void>;
  dispose(): void;
}

/**
 * The real server in this page's memory, and browsers that reach it through a network of our own: a story needs nothing beside it.
 */
export function createStoryWorld(options: StoryWorldOptions = {}): StoryWorld {
  const {
    accessTokenLifetimeSeconds = 900,
    refreshTokenLifetimeSeconds,
    latencyMs = 80,
    guests,
    onSessionEnd,
  } = options;
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const server = createAuthServer({
    store: memoryStore(),
    accessTokenSecret: secret,
    publicUrl: origin,
    passwordHasher: pbkdf2PasswordHasher({ iterations: 1_000 }),
    accessTokenLifetimeSeconds,
    ...(refreshTokenLifetimeSeconds !== undefined && { refreshTokenLifetimeSeconds }),
    rateLimits: false,
  });
  const listeners = new Set<(signal: Signal) => void>();
  const clients: AuthClient[] = [];
  let isOnline = true;
  let refreshes = 0;

  const signals: Signals = {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    isVisible: () => true,
    isOnline: () => isOnline,
  };

  function openBrowser() {
    let jar = createCookieJar();
    const storage = createMemoryStorage();
    const namespace = `story-${crypto.randomUUID()}`;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (!isOnline) throw new TypeError("Failed to fetch");
      await new Promise((resolve) => setTimeout(resolve, latencyMs));
      if (!isOnline) throw new TypeError("Failed to fetch");
      const address = typeof input === "object" && "url" in input ? input.url : String(input);
      if (address.endsWith("/jwt/refresh")) refreshes += 1;
      return appFetch(server.app, { origin, jar })(input, init);
    };
    const openTab = (): AuthClient => {
      const client = createAuthClient({
        namespace,
        platform: createBrowserPlatform({ fetch, signals, storage, origin }),
        ...(guests !== undefined && { guests }),
        ...(onSessionEnd !== undefined && { onSessionEnd }),
      });
      clients.push(client);
      return client;
    };
    const loseCookies = (): void => {
      jar = createCookieJar();
    };
    return { openTab, fetch, loseCookies };
  }

  const browser = openBrowser();
  return {
    openTab: browser.openTab,
    openOtherBrowser: () => openBrowser().openTab(),
    fetch: browser.fetch,
    setOnline: (next) => {
      isOnline = next;
      for (const listener of listeners) listener(next ? "online" : "offline");
    },
    refreshCount: () => refreshes,
    addAccount: async (email) => {
      const answer = await appFetch(server.app, { origin })("/v1/auth/register", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email, password }),
      });
      if (!answer.ok && answer.status !== 400) throw new Error(`The account was not made: ${answer.status}`);
    },
    loseSession: async (auth) => {
      const state = auth.getState();
      if (state.status !== "authenticated" || state.identity.sessionId === null) return;
      await appFetch(server.app, { origin })(`/v1/auth/sessions/${state.identity.sessionId}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${auth.accessToken.getState()}` },
      });
      browser.loseCookies();
    },
    dispose: () => clients.forEach((client) => client.dispose()),
  };
}

function createMemoryStorage(): SharedStorage {
  const entries = new Map<string, string>();
  return {
    read: (key) => entries.get(key) ?? null,
    write: (key, value) => void (value === null ? entries.delete(key) : entries.set(key, value)),
  };
}
