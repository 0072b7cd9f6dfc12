import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { VerifiedAccessToken } from "./accessTokens.ts";
import type { AuthServerOptions } from "./authServerOptions.ts";
import { type AuthServerContext, createAuthServerContext } from "./authServerContext.ts";
import { crossOrigin } from "./crossOrigin.ts";
import { RateLimitedError } from "./rateLimits.ts";
import type { HonoEnvironment } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { findLiveRecord } from "./requireLiveSession.ts";
import { peekInProcess } from "./peekInProcess.ts";
import { addAccountChangeRoutes } from "./routes/accountChangeRoutes.ts";
import { addAccountRoutes } from "./routes/accountRoutes.ts";
import { addChallengeRoute } from "./routes/challengeRoute.ts";
import { addDeviceRoutes } from "./routes/deviceRoutes.ts";
import { addDeviceTokenRoute } from "./routes/deviceTokenRoute.ts";
import { addInfoRoutes } from "./routes/infoRoutes.ts";
import { addPeekRoute } from "./routes/peekRoute.ts";
import { addRevokeRoute } from "./routes/revokeRoute.ts";
import { addSessionListRoutes } from "./routes/sessionListRoutes.ts";
import { addSessionRoutes } from "./routes/sessionRoutes.ts";
import { ServiceUnavailableError } from "./serviceUnavailableError.ts";
import type { ServerSession, VisitorRequest } from "./serverSession.ts";
import { createSubjectAdministration, type SubjectAdministration } from "./subjectAdministration.ts";
import { giveNonce } from "./sessionBinding.ts";
import { resolveOptions } from "./resolveOptions.ts";
import { createSessionStarter, type StartSession } from "./sessionStarter.ts";
import { createSweeper } from "./sweeper.ts";

/** The server: an app to mount, and what the program around it may ask of it. */
export interface AuthServer {
  /** A Hono app with every endpoint under the prefix. `app.fetch(request)` works in any runtime. */
  readonly app: Hono<HonoEnvironment>;
  /**
   * Signs somebody in whom a route of your own has recognised: by a passkey, a one-time code, an identity provider. Resolves
   * with the answer to hand on, which is that of a sign-in: cookie and token for a page, and by the same rules (403 for a
   * page of another site, 400 for a subject that is inactive).
   *
   * @throws RangeError when there is no such subject.
   * @example
   * app.post("/passkey", async (context) => {
   *   const passkey = await verifyPasskey(await context.req.json());
   *   if (passkey === null) return context.json({ detail: "PASSKEY_REJECTED" }, 400);
   *   return auth.startSession(passkey.subjectId, context.req.raw, { method: "passkey", amr: ["hwk"] });
   * });
   */
  readonly startSession: StartSession;
  /**
   * What a good access token says. Looks at no database: a session that ended lives on here until the token expires.
   * @throws AccessTokenError `TOKEN_EXPIRED`, `TOKEN_INVALID`.
   */
  verifyAccessToken(token: string): Promise<VerifiedAccessToken>;
  /** {@link getServerSession} for pages that this very process renders: no request, and no `peekKey`. */
  peekSession(request: VisitorRequest): Promise<ServerSession | null>;
  /** Whether the session of a good token still lives, by its row. */
  isSessionLive(token: VerifiedAccessToken): Promise<boolean>;
  /**
   * Calls `listener` with the id of each session that ends before its time; returns its removal. With `postgresStore` also of
   * those that another server ends, a moment later (LISTEN and NOTIFY), perhaps more than once; with other stores only of
   * those that this one ends.
   */
  onSessionEnded(listener: (sessionId: string) => void): () => void;
  /** For an operator's own administration. */
  readonly subjects: SubjectAdministration;
  /** Removes rows that ended a while ago, as the server does by itself about once an hour; returns how many. */
  sweep(): Promise<number>;
  /**
   * Resolves when the store and the password hasher can be used. Requests wait for the store by themselves; await it
   * before you listen to have a start that fails where something is missing.
   */
  ready(): Promise<void>;
  /**
   * Answers what has come in, refuses what comes later with 503, then closes the store. Whatever takes longer than
   * `timeoutSeconds` (default 10: a body that never ends, a database that hangs) is not waited for.
   */
  close(options?: { readonly timeoutSeconds?: number }): Promise<void>;
}

const MAX_BODY_BYTES = 16 * 1024;

/**
 * Makes the reference server of PROTOCOL.md.
 *
 * @throws OptionsError for options that are unknown, make no sense or would be unsafe, naming the option, and where a peer
 *   that they need is not installed, naming what to install.
 * @example
 * const auth = createAuthServer({
 *   store: sqliteStore({ path: "auth.db" }),
 *   accessTokenSecret: process.env.AUTH_SECRET,
 *   publicUrl: "https://app.example",
 * });
 * serve({ fetch: auth.app.fetch, port: 3000 }); // @hono/node-server
 */
export function createAuthServer(options: AuthServerOptions): AuthServer {
  const resolved = resolveOptions(options);
  const context = createAuthServerContext(resolved);
  const sweeper = createSweeper(context);
  const requests = new Set<Promise<void>>();
  let closing: Promise<void> | undefined;

  /** What every endpoint has, and what `startSession` answers. */
  function withRules(rules: Hono<HonoEnvironment>): Hono<HonoEnvironment> {
    rules.use(crossOrigin(resolved));
    rules.use(giveNonce(context));
    rules.use(async (_, next) => {
      if (closing !== undefined) throw new ServiceUnavailableError("The server is closing.");
      const work = next();
      const settled = work.catch(() => undefined).finally(() => requests.delete(settled));
      requests.add(settled);
      await work;
      sweeper.poke();
    });
    rules.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));
    rules.use(async (_, next) => {
      await context.store.ready();
      await next();
    });
    rules.notFound((honoContext) => honoContext.json({ detail: "Not Found" }, 404));
    rules.onError((error, honoContext) => answerError(context, error, honoContext));
    return rules;
  }

  const app = withRules(new Hono<HonoEnvironment>().basePath(resolved.prefix));
  addAccountRoutes(app, context);
  addAccountChangeRoutes(app, context);
  addSessionRoutes(app, context);
  addChallengeRoute(app, context);
  addPeekRoute(app, context);
  addRevokeRoute(app, context);
  addSessionListRoutes(app, context);
  addDeviceRoutes(app, context);
  addDeviceTokenRoute(app, context);
  addInfoRoutes(app, context);

  async function closeWithin(limitMs: number): Promise<void> {
    const deadline = startDeadline(limitMs);
    try {
      await deadline.orUntil(Promise.all([...requests, sweeper.idle()]));
      await deadline.orUntil(Promise.all([context.stopWatching(), context.store.close()]));
    } finally {
      deadline.cancel();
    }
  }

  return {
    app,
    startSession: createSessionStarter(context, withRules),
    verifyAccessToken: (token) => context.accessTokens.verify(token),
    peekSession: (request) => peekInProcess(context, request),
    isSessionLive: async (token) => (await findLiveRecord(context, token)) !== null,
    onSessionEnded: (listener) => context.onSessionEnded(listener),
    subjects: createSubjectAdministration(context),
    sweep: () => sweeper.sweep(),
    async ready() {
      await Promise.all([context.store.ready(), resolved.passwordHasher.ready?.()]);
    },
    close({ timeoutSeconds = 10 } = {}) {
      closing ??= closeWithin(timeoutSeconds * 1000);
      return closing;
    },
  };
}

function tooLarge(context: Context): Response {
  return context.json({ detail: "BODY_TOO_LARGE" }, 413);
}

/** Waits for work, but for all of it together no longer than `limitMs`. */
function startDeadline(limitMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  return {
    orUntil: (work: Promise<unknown>): Promise<unknown> => Promise.race([work, passed]),
    cancel: () => clearTimeout(timer),
  };
}

/** The only place that turns an error into an answer: no message of a foreign error ever leaves the server. */
function answerError(server: AuthServerContext, error: Error, context: Context<HonoEnvironment>): Response {
  if (error instanceof RequestRefusedError) {
    for (const [name, value] of Object.entries(error.headers)) context.header(name, value);
    return context.json(error.body, error.status);
  }
  if (error instanceof RateLimitedError) {
    context.header("Retry-After", String(error.retryAfterSeconds));
    return context.json({ detail: "RATE_LIMITED" }, 429);
  }
  server.reportError(error);
  if (error instanceof ServiceUnavailableError) {
    context.header("Retry-After", "1");
    return context.json({ detail: error.code }, 503);
  }
  return context.json({ detail: "INTERNAL_ERROR" }, 500);
}
