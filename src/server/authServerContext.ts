import type { Context } from "hono";
import { createNoticeSender } from "./accountNotice.ts";
import { type AccessTokens, createAccessTokens } from "./accessTokens.ts";
import type { AuditEvent, AuditEventType } from "./auditEvent.ts";
import type { ResolvedOptions } from "./resolveOptions.ts";
import type { AuthStore, EndedSession, SessionEndReason } from "./authStore.ts";
import { type ChallengeTokens, createChallengeTokens } from "./challengeTokens.ts";
import { createDpopNonces, type DpopNonces } from "./dpopNonces.ts";
import { guardStore } from "./guardStore.ts";
import { judgeOrigin, mayComeFromPage, type OriginVerdict } from "./originRule.ts";
import { createPasswords, type Passwords } from "./passwords.ts";
import { createPasswordPolicy, type PasswordPolicy } from "./passwordPolicy.ts";
import { createRateLimits, RateLimitedError, type RateLimits } from "./rateLimits.ts";
import type { CookieProfile } from "./cookieProfile.ts";
import { createRefreshCookie } from "./refreshCookie.ts";
import { createRefreshTokens, type RefreshTokens } from "./refreshTokens.ts";
import { type HonoEnvironment, readAddress, readRequestFacts, type RequestFacts } from "./requestFacts.ts";
import { createAddressMatcher } from "./trustedProxies.ts";

type AuditFields = Partial<Pick<AuditEvent, "subject" | "sessionId" | "keyId" | "reason" | "limit" | "method">>;

const MIN_NONCE_MS = 300_000;

/** What the routes share: the options and everything that was made of them. */
export interface AuthServerContext {
  readonly options: ResolvedOptions;
  readonly store: AuthStore;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly passwords: Passwords;
  readonly passwordPolicy: PasswordPolicy;
  readonly rateLimits: RateLimits;
  readonly dpopNonces: DpopNonces;
  readonly challengeTokens: ChallengeTokens;
  facts(context: Context<HonoEnvironment>): RequestFacts;
  judgeOrigin(facts: RequestFacts): OriginVerdict;
  mayComeFromPage(facts: RequestFacts): boolean;
  cookieProfile(facts: RequestFacts): CookieProfile | null;
  audit(type: AuditEventType, facts: RequestFacts | null, fields?: AuditFields): void;
  /** Tells everybody concerned that these sessions are over. */
  announceEnd(ended: readonly EndedSession[], reason: SessionEndReason, facts: RequestFacts | null): void;
  onSessionEnded(listener: (sessionId: string) => void): () => void;
  /** Hears no longer what other servers end. */
  stopWatching(): Promise<void>;
  /** Hands `error` to the hook; what the hook does with it changes nothing. */
  reportError(error: unknown): void;
}

export function createAuthServerContext(options: ResolvedOptions): AuthServerContext {
  const store = guardStore(options.store);
  const isTrustedProxy = createAddressMatcher(options.trustedProxies);
  const refreshCookie = createRefreshCookie(options);
  const endListeners = new Set<(sessionId: string) => void>();
  let stopWatching: (() => Promise<void>) | undefined;
  const sendNotice = options.onAccountNotice ? createNoticeSender(store, options.onAccountNotice) : null;
  const { allowedOrigins, nativeOrigins } = options;
  const originRule = { allowedOrigins, nativeOrigins, publicOrigin: options.publicUrl?.origin };

  function ignoringFailure(hook: () => unknown): void {
    try {
      void Promise.resolve(hook()).catch(() => undefined);
    } catch {
      // A hook that fails must not change what the server answers.
    }
  }

  function tellEnded(sessionId: string): void {
    for (const listener of endListeners) ignoringFailure(() => listener(sessionId));
  }

  const context: AuthServerContext = {
    options,
    store,
    accessTokens: createAccessTokens({
      keyRing: options.keyRing,
      audience: options.audience,
      issuer: options.issuer,
      lifetimeSeconds: options.accessTokenLifetimeSeconds,
      clock: () => options.store.clock(),
    }),
    refreshTokens: createRefreshTokens(options.refreshSecrets, options.issuer ?? ""),
    passwords: createPasswords(options.passwordHasher, options.maxConcurrentHashes, options.maxWaitingHashes),
    passwordPolicy: createPasswordPolicy(options),
    rateLimits: createRateLimits(options.rateLimits, store),
    dpopNonces: createDpopNonces(
      options.refreshSecrets,
      // The next refresh still has the nonce of the last one.
      Math.max(MIN_NONCE_MS, options.accessTokenLifetimeSeconds * 1000),
      () => options.store.clock(),
    ),
    challengeTokens: createChallengeTokens(options.refreshSecrets, options.issuer ?? "", options.challengeMs, () =>
      options.store.clock(),
    ),
    facts(honoContext) {
      const facts = readRequestFacts(honoContext, isTrustedProxy);
      const address = options.clientAddress?.(honoContext);
      return address === undefined ? facts : { ...facts, address: readAddress(address) };
    },
    judgeOrigin: (facts) => judgeOrigin(facts, originRule),
    mayComeFromPage: (facts) => mayComeFromPage(facts, nativeOrigins),
    cookieProfile: (facts) => refreshCookie.profileFor(facts),
    audit(type, facts, fields = {}) {
      const { onAuditEvent } = options;
      if (onAuditEvent === undefined && sendNotice === null) return;
      const event: AuditEvent = {
        type,
        at: options.store.clock(),
        subject: null,
        sessionId: null,
        address: facts?.address ?? null,
        userAgent: facts?.userAgent ?? null,
        keyId: null,
        ...fields,
      };
      ignoringFailure(() => onAuditEvent?.(event));
      ignoringFailure(() => sendNotice?.(event));
    },
    announceEnd(ended, reason, facts) {
      for (const { id: sessionId, subjectId } of ended) {
        context.audit("sessionEnded", facts, { subject: subjectId, sessionId, reason });
        tellEnded(sessionId);
      }
    },
    onSessionEnded(listener) {
      // A wrapper of its own, so that the same function given twice is told twice and removed once.
      const entry = (sessionId: string) => listener(sessionId);
      endListeners.add(entry);
      // Only for who wants to know: it takes a connection of its own.
      stopWatching ??= store.watchEndedSessions?.(tellEnded);
      return () => void endListeners.delete(entry);
    },
    async stopWatching() {
      await stopWatching?.();
    },
    reportError(error) {
      ignoringFailure(() => options.onError(error));
    },
  };
  return context;
}

/** Runs a limit's check and tells the audit hook when it refuses. */
export async function limited(context: AuthServerContext, facts: RequestFacts, check: Promise<void>): Promise<void> {
  try {
    await check;
  } catch (error) {
    if (error instanceof RateLimitedError) context.audit("rateLimited", facts, { limit: error.limit });
    throw error;
  }
}
