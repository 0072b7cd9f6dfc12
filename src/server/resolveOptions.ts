import type { Context } from "hono";
import type { KeyRing } from "./accessTokenKeys.ts";
import type { OnAccountNotice } from "./accountNotice.ts";
import { argon2PasswordHasher } from "./argon2PasswordHasher.ts";
import type { AuditEvent } from "./auditEvent.ts";
import { authServerOptionRules } from "./authServerOptionRules.ts";
import type { AuthServerOptions, MergeGuest } from "./authServerOptions.ts";
import type { AuthStore } from "./authStore.ts";
import { checkOptions } from "./checkOptions.ts";
import { isProduction } from "./isProduction.ts";
import { OptionsError } from "./optionsError.ts";
import type { PasswordHasher } from "./passwordHasher.ts";
import type { CheckPassword } from "./passwordPolicy.ts";
import { printErrors } from "./printErrors.ts";
import type { RateLimitOptions } from "./rateLimits.ts";
import type { CookieOptions } from "./refreshCookie.ts";
import type { HonoEnvironment } from "./requestFacts.ts";
import { accessKeys, peekKeysOf, refreshSecretsOf } from "./resolveSecrets.ts";
import type { SecondFactorOptions } from "./secondFactor.ts";

/** The options with every default filled in, checked. */
export interface ResolvedOptions {
  readonly store: AuthStore;
  readonly keyRing: KeyRing;
  readonly refreshSecrets: Promise<readonly Uint8Array<ArrayBuffer>[]>;
  readonly peekKeys: readonly string[];
  readonly accessTokenLifetimeSeconds: number;
  readonly idleMs: number;
  readonly browserSessionIdleMs: number;
  readonly absoluteMs: number;
  readonly graceMs: number;
  readonly freshSignInMs: number;
  readonly prefix: string;
  readonly publicUrl: URL | undefined;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly nativeOrigins: ReadonlySet<string>;
  readonly allowInsecureCookies: boolean;
  readonly trustedProxies: readonly string[];
  readonly clientAddress: ((context: Context<HonoEnvironment>) => string | undefined) | undefined;
  readonly guests: boolean;
  readonly upgradeGuest: boolean;
  readonly mergeGuest: MergeGuest | undefined;
  readonly device: false | { readonly verificationUri: string | undefined };
  readonly cookie: CookieOptions;
  readonly sessionBinding: "optional" | "required" | undefined;
  readonly passwordHasher: PasswordHasher;
  readonly checkPassword: CheckPassword | undefined;
  readonly refuseCommonPasswords: boolean;
  readonly maxConcurrentHashes: number;
  readonly maxWaitingHashes: number;
  readonly requireVerifiedEmail: boolean;
  readonly secondFactor: SecondFactorOptions | undefined;
  readonly challengeMs: number;
  readonly audience: string;
  readonly issuer: string | undefined;
  readonly onAuditEvent: ((event: AuditEvent) => void | Promise<void>) | undefined;
  readonly onAccountNotice: OnAccountNotice | undefined;
  readonly onError: (error: unknown) => void;
  readonly rateLimits: RateLimitOptions | false;
}

/** @throws OptionsError naming the option that is unknown, makes no sense or would be unsafe. */
export function resolveOptions(options: AuthServerOptions): ResolvedOptions {
  checkOptions("createAuthServer", options, authServerOptionRules);
  if ((options.store as AuthStore | undefined) === undefined) throw new OptionsError("`store` is required.");
  const publicUrl = options.publicUrl === undefined ? undefined : parseUrl("publicUrl", options.publicUrl);
  if (publicUrl === undefined && isProduction()) {
    throw new OptionsError("`publicUrl` is required in production: it decides over cookies and origins.");
  }
  const lifetime = seconds("accessTokenLifetimeSeconds", options.accessTokenLifetimeSeconds, 900, 86_400);
  const accessTokenLifetimeSeconds = Math.ceil(lifetime);
  const prefix = (options.prefix ?? "/v1/auth").replace(/\/$/, "");
  if (!/^(\/[A-Za-z0-9._~-]+)*$/.test(prefix)) throw new OptionsError('`prefix` is a path such as "/v1/auth".');
  if (options.issuer !== undefined && !/^[\x21-\x7e]+$/.test(options.issuer)) {
    throw new OptionsError("`issuer` is a text without spaces, usually the server's address.");
  }
  const { keyRing, secrets } = accessKeys(options, accessTokenLifetimeSeconds * 1000);
  const refreshSecrets = refreshSecretsOf(options, secrets);
  const idleMs = milliseconds("refreshTokenLifetimeSeconds", options.refreshTokenLifetimeSeconds, 604_800);
  const browserLifetime = options.browserSessionLifetimeSeconds;

  return {
    store: options.store,
    keyRing,
    refreshSecrets,
    peekKeys: peekKeysOf(options),
    accessTokenLifetimeSeconds,
    idleMs,
    browserSessionIdleMs: Math.min(idleMs, milliseconds("browserSessionLifetimeSeconds", browserLifetime, 86_400)),
    absoluteMs: milliseconds("sessionLifetimeSeconds", options.sessionLifetimeSeconds, 7_776_000),
    graceMs: milliseconds("refreshGraceSeconds", options.refreshGraceSeconds, 30),
    freshSignInMs:
      options.freshSignInSeconds === 0 ? 0 : milliseconds("freshSignInSeconds", options.freshSignInSeconds, 300),
    prefix,
    publicUrl,
    allowedOrigins: new Set((options.allowedOrigins ?? []).map(parseOrigin)),
    nativeOrigins: nativeOriginsOf(options, publicUrl),
    allowInsecureCookies: options.allowInsecureCookies ?? false,
    trustedProxies: options.trustedProxies ?? [],
    clientAddress: options.clientAddress,
    guests: options.guests ?? true,
    upgradeGuest: upgradesGuests(options),
    mergeGuest: options.mergeGuest,
    device: deviceOptions(options, publicUrl),
    cookie: options.cookie ?? {},
    sessionBinding: bindingMode(options.sessionBinding),
    passwordHasher: options.passwordHasher ?? argon2PasswordHasher(),
    checkPassword: options.checkPassword,
    refuseCommonPasswords: options.refuseCommonPasswords ?? true,
    maxConcurrentHashes: wholeNumber("maxConcurrentHashes", options.maxConcurrentHashes ?? 4, 1),
    maxWaitingHashes: wholeNumber("maxWaitingHashes", options.maxWaitingHashes ?? 256, 0),
    requireVerifiedEmail: options.requireVerifiedEmail ?? false,
    secondFactor: secondFactorOf(options),
    challengeMs: milliseconds("secondFactor.lifetimeSeconds", options.secondFactor?.lifetimeSeconds, 300),
    audience: options.audience ?? "fastapi-users:auth",
    issuer: options.issuer,
    onAuditEvent: options.onAuditEvent,
    onAccountNotice: options.onAccountNotice,
    onError: options.onError ?? printErrors(() => options.store.clock()),
    rateLimits: options.rateLimits ?? {},
  };
}

function deviceOptions({ device }: AuthServerOptions, publicUrl: URL | undefined): ResolvedOptions["device"] {
  if (device === false) return false;
  if (device !== undefined) return { verificationUri: parseUrl("device.verificationUri", device.verificationUri).href };
  return { verificationUri: publicUrl === undefined ? undefined : new URL("/device", publicUrl).href };
}

function secondFactorOf({ secondFactor }: AuthServerOptions): SecondFactorOptions | undefined {
  const given: Partial<SecondFactorOptions> | undefined = secondFactor;
  if (given !== undefined && (given.challenge === undefined || given.verify === undefined)) {
    throw new OptionsError("`secondFactor` needs both `challenge` and `verify`.");
  }
  return secondFactor;
}

function upgradesGuests({ upgradeGuest = false, requireVerifiedEmail = false }: AuthServerOptions): boolean {
  if (upgradeGuest && requireVerifiedEmail) {
    throw new OptionsError(
      "`upgradeGuest` lets a guest go on under an address that nobody has confirmed, and `requireVerifiedEmail` forbids that: choose one.",
    );
  }
  return upgradeGuest;
}

function bindingMode(mode: AuthServerOptions["sessionBinding"]): ResolvedOptions["sessionBinding"] {
  if (mode === undefined || mode === "optional" || mode === "required") return mode;
  throw new OptionsError('`sessionBinding` is "optional" or "required".');
}

function seconds(option: string, value: number | undefined, fallback: number, max = 315_360_000): number {
  const chosen = value ?? fallback;
  if (!(chosen > 0 && chosen <= max)) throw new OptionsError(`\`${option}\` is a number of seconds, at most ${max}.`);
  return chosen;
}

function wholeNumber(option: string, value: number, min: number): number {
  if (!(Number.isInteger(value) && value >= min))
    throw new OptionsError(`\`${option}\` is a whole number from ${min} on.`);
  return value;
}

/** Whole milliseconds, since databases count in nothing smaller. */
function milliseconds(option: string, value: number | undefined, fallback: number): number {
  return Math.ceil(seconds(option, value, fallback) * 1000);
}

function parseUrl(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new OptionsError(`\`${option}\` is an http or https address.`);
  return url;
}

function parseOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text || !/^https?:[^*]*$/.test(text)) {
    throw new OptionsError(`\`allowedOrigins\` takes exact origins such as "https://app.example", not "${text}".`);
  }
  return text;
}

/** An origin is served by cookie or by body, never by both. */
function nativeOriginsOf({ nativeOrigins = [], allowedOrigins = [] }: AuthServerOptions, publicUrl: URL | undefined) {
  for (const text of nativeOrigins) {
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@*\s]+$/.test(text)) {
      throw new OptionsError(`\`nativeOrigins\` takes exact origins such as "capacitor://localhost", not "${text}".`);
    }
    if (text === publicUrl?.origin || allowedOrigins.includes(text)) {
      throw new OptionsError(
        `"${text}" is a page's origin: its refresh token stays in the cookie, out of \`nativeOrigins\`.`,
      );
    }
  }
  return new Set(nativeOrigins);
}
