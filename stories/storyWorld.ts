import { Hono } from "hono";
import { createBrowserPlatform } from "../src/browser/createBrowserPlatform.ts";
import type { AuthClient, Readable } from "../src/core/authClient.ts";
import { createAuthClient } from "../src/core/createAuthClient.ts";
import type { SharedStorage, Signal, Signals } from "../src/core/ports.ts";
import { type AuthServer, createAuthServer } from "../src/server/createAuthServer.ts";
import { memoryStore } from "../src/server/memoryStore.ts";
import { pbkdf2PasswordHasher } from "../src/server/pbkdf2PasswordHasher.ts";
import { requireUser } from "../src/server/requireUser.ts";
import { addressOf, appFetch } from "../src/testing/appFetch.ts";
import { createCookieJar } from "../src/testing/cookieJar.ts";

/** Where the pages of every story believe to be. */
export const origin = "https://app.example";

export const password = "correct horse battery";

export interface StoryWorldOptions {
  guests?: "never" | "onRequest" | "automatic";
  onSessionEnd?: "reject" | "hold";
  accessTokenLifetimeSeconds?: number;
  refreshTokenLifetimeSeconds?: number;
  /** How long an answer takes. */
  latencyMs?: number;
  /** Asks for this code after the password. */
  code?: string;
  /** Whether a guest who registers stays who they are. */
  upgradeGuest?: boolean;
}

/** A request as the server saw it. */
export interface SeenRequest {
  readonly key: number;
  /** Who sent it: what {@link StoryWorld.fetchFrom} was told, or "app". */
  readonly source: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface StoryWorld {
  readonly server: AuthServer;
  /** What the tabs of this browser share their notes, locks and messages under. */
  readonly namespace: string;
  /** How long an answer takes. */
  readonly latencyMs: number;
  /** What the server was asked so far, oldest first; the same list until there is one more. */
  readonly requests: Readable<readonly SeenRequest[]>;
  /** One more client on the same cookies, channel and locks: one more tab. */
  openTab(): AuthClient;
  /** {@link fetch} under a name of its own. */
  fetchFrom(source: string): typeof globalThis.fetch;
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
    code,
    upgradeGuest = false,
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
    upgradeGuest,
    ...(code !== undefined && {
      secondFactor: {
        challenge: async () => ({ methods: ["totp"] }),
        verify: async (_subject: unknown, response: unknown) =>
          typeof response === "object" && response !== null && "code" in response && response.code === code
            ? { amr: ["otp"] }
            : false,
      },
    }),
  });
  // The app's own server: it takes what somebody with a live session sends.
  const app = new Hono()
    .get("/api/letters", requireUser(server), (context) => context.json([`A letter to ${context.var.user.subject}`]))
    .post("/api/:thing", requireUser(server, { checkSession: true }), (context) => context.json({ taken: true }, 201))
    .mount("/", (request: Request, environment: unknown) => server.app.fetch(request, environment as object));
  const listeners = new Set<(signal: Signal) => void>();
  const clients: AuthClient[] = [];
  const watchers = new Set<() => void>();
  let seen: readonly SeenRequest[] = [];
  let isOnline = true;

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
    const fetchFrom =
      (source: string): typeof globalThis.fetch =>
      async (input, init) => {
        const travel = async (): Promise<void> => {
          await new Promise((resolve) => setTimeout(resolve, latencyMs / 2));
          if (!isOnline) throw new TypeError("Failed to fetch");
        };
        if (!isOnline) throw new TypeError("Failed to fetch");
        await travel();
        const request = new Request(addressOf(input, origin), init);
        const answer = await appFetch(app, { origin, jar })(request);
        const { pathname: path } = new URL(request.url);
        seen = [...seen, { key: seen.length, source, method: request.method, path, status: answer.status }];
        for (const watcher of watchers) watcher();
        await travel();
        return answer;
      };
    const openTab = (): AuthClient => {
      const client = createAuthClient({
        namespace,
        platform: createBrowserPlatform({ fetch: fetchFrom("app"), signals, storage, origin }),
        ...(guests !== undefined && { guests }),
        ...(onSessionEnd !== undefined && { onSessionEnd }),
      });
      clients.push(client);
      return client;
    };
    const loseCookies = (): void => {
      jar = createCookieJar();
    };
    return { namespace, openTab, fetchFrom, loseCookies };
  }

  const browser = openBrowser();
  return {
    server,
    namespace: browser.namespace,
    latencyMs,
    requests: {
      getState: () => seen,
      subscribe: (watcher) => {
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
    },
    openTab: browser.openTab,
    openOtherBrowser: () => openBrowser().openTab(),
    fetchFrom: browser.fetchFrom,
    fetch: browser.fetchFrom("app"),
    setOnline: (next) => {
      isOnline = next;
      for (const listener of listeners) listener(next ? "online" : "offline");
    },
    refreshCount: () => seen.filter(({ path, status }) => path.endsWith("/jwt/refresh") && status === 200).length,
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
  const changes = new EventTarget();
  return {
    read: (key) => entries.get(key) ?? null,
    write(key, value) {
      if (value === null) entries.delete(key);
      else entries.set(key, value);
      setTimeout(() => changes.dispatchEvent(new Event(key)));
    },
    onChange(key, listener) {
      changes.addEventListener(key, listener);
      return () => changes.removeEventListener(key, listener);
    },
  };
}
