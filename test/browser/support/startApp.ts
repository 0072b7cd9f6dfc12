import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AuthClientOptions } from "../../../src/core/createAuthClient.ts";
import type { AuthServerOptions } from "../../../src/server/authServerOptions.ts";
import { type AuthServer, createAuthServer } from "../../../src/server/createAuthServer.ts";
import { memoryStore } from "../../../src/server/memoryStore.ts";
import type { HonoEnvironment } from "../../../src/server/requestFacts.ts";

export interface AppOptions {
  /** For the server. */
  readonly server?: Partial<AuthServerOptions>;
  /** For the client in the page. */
  readonly client?: AuthClientOptions;
  /** Whether the page binds its sessions to a key. */
  readonly isBound?: boolean;
  /** Whether the page renders under React's StrictMode. */
  readonly isStrict?: boolean;
  /** Signs out whoever is away so long. */
  readonly idle?: { readonly afterMs: number; readonly warnMs: number };
  /** The script of the page at `/other/`. Default: the same. */
  readonly otherScript?: string;
  /** How long the answer to a refresh takes at least. Default 0. */
  readonly refreshTakesMs?: number;
}

export type Call = "load" | "refresh" | "login" | "guest" | "logout" | "me";

export interface App {
  readonly port: number;
  readonly origin: string;
  readonly auth: AuthServer;
  /** How often the page or the test has asked for each, whatever the answer was; `load` is the page itself. */
  readonly counts: Record<Call, number>;
  /** When each refresh came in, in milliseconds that never go back. */
  readonly refreshedAt: readonly number[];
  /** Statuses of the answers to `GET /api/subject`. */
  readonly apiStatuses: number[];
  /** Whom the API took the requests for that it answered with 200. */
  readonly apiSubjects: string[];
  /** Every access and refresh token that was handed out. */
  readonly tokens: ReadonlySet<string>;
  /**
   * Lets the next refreshes (default: all) stand still, before the server acts or with its answer on the way, until the
   * returned function is called.
   */
  holdRefreshes(where: "before" | "after", count?: number): () => void;
  /** Resolves when the refresh with this number has come in (`before`) or been acted on (`after`). */
  untilRefresh(number: number): Promise<void>;
  /** The API takes none of the access tokens that were handed out so far, as after a key was revoked. */
  refuseTokens(): void;
  /** Lets time pass on the server. */
  passTime(spanMs: number): void;
  close(): Promise<void>;
}

const calls: Readonly<Record<string, Call>> = {
  "/v1/auth/jwt/refresh": "refresh",
  "/v1/auth/jwt/login": "login",
  "/v1/auth/guest": "guest",
  "/v1/auth/jwt/logout": "logout",
  "/v1/auth/users/me": "me",
};

/** The real server on a free port, with a page that uses the package and an API behind it. */
export async function startApp(script: string, options: AppOptions = {}): Promise<App> {
  let passedMs = 0;
  const auth = createAuthServer({
    store: memoryStore({ now: () => Date.now() + passedMs }),
    accessTokenSecret: "a-secret-of-at-least-thirty-two-bytes",
    rateLimits: false,
    ...options.server,
  });
  const counts: Record<Call, number> = { load: 0, refresh: 0, login: 0, guest: 0, logout: 0, me: 0 };
  const refreshedAt: number[] = [];
  const apiStatuses: number[] = [];
  const apiSubjects: string[] = [];
  const accessTokens = new Set<string>();
  const tokens = new Set<string>();
  const refused = new Set<string>();
  let held: { readonly where: "before" | "after"; readonly released: Promise<void>; left: number } | null = null;
  let reached = 0;
  const waiters = new Set<() => void>();

  /** Takes the hold's next place, if there is one. */
  function takeHold(): typeof held {
    if (held === null || held.left === 0) return null;
    held.left -= 1;
    return held;
  }

  function reach(): void {
    reached += 1;
    for (const waiter of waiters) waiter();
  }

  async function keepTokens(response: Response): Promise<void> {
    for (const cookie of response.headers.getSetCookie()) {
      const value = /^[^=]+=([^;]+)/.exec(cookie)?.[1];
      if (value) tokens.add(value);
    }
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null);
    if (typeof body !== "object" || body === null || !("access_token" in body)) return;
    if (typeof body.access_token === "string") tokens.add(body.access_token);
    accessTokens.add(String(body.access_token));
  }

  const app = new Hono<HonoEnvironment>();
  app.all("/v1/auth/*", async (context) => {
    const call = calls[context.req.path];
    if (call !== undefined) counts[call] += 1;
    if (call === "refresh") refreshedAt.push(performance.now());
    const hold = call === "refresh" ? takeHold() : null;
    if (hold?.where === "before") {
      reach();
      await hold.released;
    }
    const response = await auth.app.fetch(context.req.raw, context.env);
    await keepTokens(response);
    if (call !== "refresh") return response;
    if (hold?.where !== "before") reach();
    if (hold?.where === "after") await hold.released;
    await new Promise((resolve) => setTimeout(resolve, options.refreshTakesMs ?? 0));
    return response;
  });
  app.get("/api/subject", async (context) => {
    const token = /^Bearer (.+)$/.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    const verified = refused.has(token) ? null : await auth.verifyAccessToken(token).catch(() => null);
    apiStatuses.push(verified === null ? 401 : 200);
    if (verified !== null) apiSubjects.push(verified.subject);
    return verified === null
      ? context.json({ detail: "Unauthorized" }, 401)
      : context.json({ subject: verified.subject });
  });
  const javaScript = { "Content-Type": "text/javascript" };
  app.get("/page.js", (context) => context.body(script, 200, javaScript));
  app.get("/other.js", (context) => context.body(options.otherScript ?? script, 200, javaScript));
  app.get("/elsewhere", (context) => context.html("<!doctype html><title>Elsewhere</title>"));
  for (const [place, source] of Object.entries({ "/": "/page.js", "/other/": "/other.js" })) {
    app.get(place, (context) => {
      counts.load += 1;
      const pageOptions = JSON.stringify({
        client: options.client ?? {},
        isStrict: options.isStrict ?? false,
        isBound: options.isBound ?? false,
        idle: options.idle ?? null,
      });
      return context.html(
        `<!doctype html><link rel="icon" href="data:,"><body><script>var pageOptions = ${pageOptions}</script><script src="${source}"></script>`,
      );
    });
  }

  const listening = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(started as Server));
  });
  const { port } = listening.address() as AddressInfo;

  return {
    port,
    origin: `http://localhost:${port}`,
    auth,
    counts,
    refreshedAt,
    apiStatuses,
    apiSubjects,
    tokens,
    holdRefreshes(where, count = Number.POSITIVE_INFINITY) {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      held = { where, released, left: count };
      return () => {
        held = null;
        release();
      };
    },
    untilRefresh(number) {
      return new Promise((resolve) => {
        const look = () => {
          if (reached < number) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      });
    },
    refuseTokens() {
      for (const token of accessTokens) refused.add(token);
    },
    passTime(spanMs) {
      passedMs += spanMs;
    },
    async close() {
      listening.closeAllConnections();
      await new Promise((resolve) => listening.close(resolve));
      await auth.close();
    },
  };
}
