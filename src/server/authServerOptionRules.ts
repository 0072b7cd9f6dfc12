import type { AccessTokenKey } from "./accessTokenKeys.ts";
import type { AuthServerOptions } from "./authServerOptions.ts";
import {
  aFunction,
  aNumber,
  anObject,
  aSecret,
  aText,
  falseOr,
  listOf,
  objectOf,
  type OptionRule,
  type OptionRules,
  trueOrFalse,
} from "./checkOptions.ts";
import type { RateLimit, RateLimitOptions } from "./rateLimits.ts";
import type { SecondFactorOptions } from "./secondFactor.ts";
import type { CookieOptions } from "./refreshCookie.ts";

const aLimit = falseOr(objectOf<RateLimit>({ points: aNumber, perSeconds: aNumber }));
const aStore: OptionRule = {
  ...anObject,
  expected: "a store: `sqliteStore({ path })`, `postgresStore(…)`, `memoryStore()`",
};

const aTextOrTexts: OptionRule = {
  expected: "a text or a list of them",
  accepts: (value) => [value].flat().every((text) => typeof text === "string"),
};

const rateLimits = objectOf<RateLimitOptions>({
  signIn: aLimit,
  signInAddress: aLimit,
  signInDelay: aLimit,
  challenge: aLimit,
  register: aLimit,
  guest: aLimit,
  refresh: aLimit,
  password: aLimit,
  deviceCode: aLimit,
  deviceToken: aLimit,
  userCode: aLimit,
});

/** What `createAuthServer` knows, and of what kind each of its options is. */
export const authServerOptionRules: OptionRules<AuthServerOptions> = {
  store: aStore,
  accessTokenSecret: aSecret,
  accessTokenKeys: listOf(objectOf<AccessTokenKey>({ privateKey: anObject, publishedAt: anObject })),
  revokedKeys: listOf(aText),
  refreshTokenKeys: aSecret,
  peekKey: aTextOrTexts,
  accessTokenLifetimeSeconds: aNumber,
  refreshTokenLifetimeSeconds: aNumber,
  browserSessionLifetimeSeconds: aNumber,
  sessionLifetimeSeconds: aNumber,
  refreshGraceSeconds: aNumber,
  freshSignInSeconds: aNumber,
  prefix: aText,
  publicUrl: aText,
  allowedOrigins: listOf(aText),
  nativeOrigins: listOf(aText),
  allowInsecureCookies: trueOrFalse,
  trustedProxies: listOf(aText),
  clientAddress: aFunction,
  guests: trueOrFalse,
  upgradeGuest: trueOrFalse,
  mergeGuest: aFunction,
  sessionBinding: aText,
  device: falseOr(objectOf<{ readonly verificationUri: string }>({ verificationUri: aText })),
  cookie: objectOf<CookieOptions>({
    name: aText,
    path: aText,
    domain: aText,
    secure: trueOrFalse,
    partitioned: trueOrFalse,
    formerly: objectOf<NonNullable<CookieOptions["formerly"]>>({ path: aText, domain: aText }),
  }),
  passwordHasher: anObject,
  checkPassword: aFunction,
  refuseCommonPasswords: trueOrFalse,
  maxConcurrentHashes: aNumber,
  maxWaitingHashes: aNumber,
  requireVerifiedEmail: trueOrFalse,
  secondFactor: objectOf<SecondFactorOptions>({ challenge: aFunction, verify: aFunction, lifetimeSeconds: aNumber }),
  audience: aText,
  issuer: aText,
  onAuditEvent: aFunction,
  onAccountNotice: aFunction,
  onError: aFunction,
  rateLimits: falseOr(rateLimits),
};
