import type { Context } from "hono";
import {
  type AccessTokenKey,
  createPrivateKeyRing,
  createSecretRing,
  algorithmOf,
  type KeyRing,
} from "./accessTokenKeys.ts";
import type { OnAccountNotice } from "./accountNotice.ts";
import { argon2PasswordHasher } from "./argon2PasswordHasher.ts";
import type { AuditEvent } from "./auditEvent.ts";
import { authServerOptionRules } from "./authServerOptionRules.ts";
import type { AuthStore } from "./authStore.ts";
import { checkOptions } from "./checkOptions.ts";
import { deriveBytes, utf8 } from "./encoding.ts";
import { OptionsError } from "./optionsError.ts";
import type { PasswordHasher } from "./passwordHasher.ts";
import type { CheckPassword } from "./passwordPolicy.ts";
import { printErrors } from "./printErrors.ts";
import type { RateLimitOptions } from "./rateLimits.ts";
import type { CookieOptions } from "./refreshCookie.ts";
import type { HonoEnvironment } from "./requestFacts.ts";
import type { SecondFactorOptions } from "./secondFactor.ts";

/** Bytes, or a text that stands for its UTF-8 bytes; at least 32 of them. */
export type Secret = string | Uint8Array;

/** How {@link createAuthServer} issues, keeps and ends sessions. */
export interface AuthServerOptions {
  /** Where sessions are kept: `sqliteStore({ path })`, `postgresStore({ connectionString })`, `memoryStore()`. */
  readonly store: AuthStore;
  /**
   * The HS256 secret of access tokens, at least 32 bytes (RFC 7518 §3.2), or a ring of them, newest first. Share it
   * only with backends that you trust as much as this server; for all others use {@link accessTokenKeys}. One of
   * the two is required.
   */
  readonly accessTokenSecret?: Secret | readonly Secret[] | undefined;
  /** Asymmetric keys instead; their public halves are a JWK set. Needs {@link refreshTokenKeys}. Default: none. */
  readonly accessTokenKeys?: readonly AccessTokenKey[] | undefined;
  /** Key ids (`kid`) that leaked: their tokens are refused at once. Default none. */
  readonly revokedKeys?: readonly string[] | undefined;
  /**
   * The ring of secrets for refresh tokens, newest first, each at least 32 bytes: the first signs, all verify. Add a
   * new one last on every server before it moves to the front. Default: derived from `accessTokenSecret`, apart from
   * it.
   */
  readonly refreshTokenKeys?: Secret | readonly Secret[] | undefined;
  /**
   * What servers that render pages show to be given a short access token for a visitor's cookie (`POST /jwt/peek`,
   * {@link getServerSession}): at least 32 printable characters without spaces, or a ring of them, all of which count.
   * It opens nothing without a cookie, and no page may have it. Default: there is no such endpoint.
   */
  readonly peekKey?: string | readonly string[] | undefined;
  /** Default 900; at most a day. Whole seconds. */
  readonly accessTokenLifetimeSeconds?: number | undefined;
  /** How long a session lives without a refresh. Default 604,800 (7 days). */
  readonly refreshTokenLifetimeSeconds?: number | undefined;
  /**
   * The same for a session that is to end with the browser (`persistent: false`): browsers that open their windows again
   * bring such cookies back, so the server sees to its end. Default 86,400 (a day); never more than the one above.
   */
  readonly browserSessionLifetimeSeconds?: number | undefined;
  /** How long a session lives at all. Default 7,776,000 (90 days). */
  readonly sessionLifetimeSeconds?: number | undefined;
  /**
   * How long the current and the previous refresh token may be repeated. Longer than a client's time-out. Default 30.
   */
  readonly refreshGraceSeconds?: number | undefined;
  /**
   * How old a sign-in may be where an account without a password approves a device; an account with one gives it with
   * the request. 0 never allows it. Default 300.
   */
  readonly freshSignInSeconds?: number | undefined;
  /** What all paths begin with. Default "/v1/auth". */
  readonly prefix?: string | undefined;
  /** The address of the page that people open (`https://app.example`). Required when `NODE_ENV` is `production`. */
  readonly publicUrl?: string | undefined;
  /** Other origins of the same site whose pages may use this server. Default none. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Origins of apps that are made of a web page (`capacitor://localhost`, `tauri://localhost`, `chrome-extension://…`), which
   * then get their refresh token in the answer's body, as programs do (`stay-signed-in/native`). Scripts of such an app can
   * read it, and so can whatever else has that origin on a device: name those of your own app alone. Default none.
   */
  readonly nativeOrigins?: readonly string[] | undefined;
  /**
   * Lets refresh tokens travel in the clear over plain http, where everybody on the way can take them. Default false.
   * @deprecated Dangerous: for a closed test network only. http://localhost works without it.
   */
  readonly allowInsecureCookies?: boolean | undefined;
  /** Addresses or CIDR blocks whose `X-Forwarded-*` headers count. Default none. */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Where the runtime does not tell the client's address as @hono/node-server does (Cloudflare, Deno): find it here.
   * Default: as told, and {@link trustedProxies}.
   */
  readonly clientAddress?: ((context: Context<HonoEnvironment>) => string | undefined) | undefined;
  /** Whether `POST /guest` starts sessions. Default true. */
  readonly guests?: boolean | undefined;
  /** Whether the device grant (RFC 8628) is offered, and where its page is. Default: `<publicUrl>/device`. */
  readonly device?: false | { readonly verificationUri: string } | undefined;
  /** Name, path and domain of the refresh cookie. Default: by the address, as strict as it allows. */
  readonly cookie?: CookieOptions | undefined;
  /**
   * Whether sessions are bound to a key of the client that nobody can copy (RFC 9449, `bindSession` of
   * `stay-signed-in/bound`): `optional` where the client proves one at sign-in, `required` always. Sessions that were made
   * without one end at `required`. Default: none is.
   */
  readonly sessionBinding?: "optional" | "required" | undefined;
  /** Default {@link argon2PasswordHasher}. */
  readonly passwordHasher?: PasswordHasher | undefined;
  /**
   * Looks at each new password that is long enough and no common one: what it returns is why the password is refused, as a
   * sentence that the person is shown. Null, undefined: it will do. Where it throws, the answer is 503. Default: none.
   */
  readonly checkPassword?: CheckPassword | undefined;
  /** Whether the most common passwords are refused, by a list that is part of this package. Default true. */
  readonly refuseCommonPasswords?: boolean | undefined;
  /** How many passwords are hashed at once; further ones wait for their turn. Default 4, as many as Node has threads. */
  readonly maxConcurrentHashes?: number | undefined;
  /**
   * How many passwords may wait, addresses taking turns; beyond that whoever has most of them waiting is answered 503.
   * Default 256, which is a few seconds.
   */
  readonly maxWaitingHashes?: number | undefined;
  /** Whether an account can sign in only once `subjects.change` has marked it as verified. Default false. */
  readonly requireVerifiedEmail?: boolean | undefined;
  /**
   * A second factor after the password (`POST /jwt/login` then answers 202 with a challenge, `POST /jwt/challenge` takes the
   * answer). Other ways in, by `startSession`, say by themselves what they proved. Default: the password will do.
   */
  readonly secondFactor?: SecondFactorOptions | undefined;
  /** The claim `aud`. Default "fastapi-users:auth". */
  readonly audience?: string | undefined;
  /** The claim `iss`, and part of every refresh token: changing it ends every session. Default none. */
  readonly issuer?: string | undefined;
  /** Told what happens; what it throws or rejects is ignored. Default: nobody is told. */
  readonly onAuditEvent?: ((event: AuditEvent) => void | Promise<void>) | undefined;
  /**
   * Told what the owner of an account should hear of, with all that an e-mail needs; what it throws or rejects is ignored.
   * Default: nobody is told.
   */
  readonly onAccountNotice?: OnAccountNotice | undefined;
  /**
   * Told why an answer was 500 or 503. The error is the store's own and may name addresses, never tokens or passwords.
   * Default: printed on the console, once a minute at most.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Changes single limits; `false` turns all off: for tests. Default: each as {@link RateLimitOptions} says. */
  readonly rateLimits?: RateLimitOptions | false | undefined;
}

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

function accessKeys(
  options: AuthServerOptions,
  lifetimeMs: number,
): { keyRing: KeyRing; secrets: Uint8Array<ArrayBuffer>[] } {
  const { accessTokenKeys, accessTokenSecret, revokedKeys = [] } = options;
  if (accessTokenSecret !== undefined && accessTokenKeys !== undefined) {
    throw new OptionsError("Give `accessTokenSecret` or `accessTokenKeys`, not both.");
  }
  if (accessTokenKeys !== undefined) {
    if (accessTokenKeys.length === 0) throw new OptionsError("`accessTokenKeys` needs at least one key.");
    accessTokenKeys.forEach(({ privateKey }) => algorithmOf(privateKey));
    if (accessTokenKeys.filter(({ publishedAt }) => publishedAt === undefined).length > 1) {
      throw new OptionsError("Each of `accessTokenKeys` but the oldest needs its `publishedAt`.");
    }
    return { keyRing: createPrivateKeyRing(accessTokenKeys, lifetimeMs, revokedKeys), secrets: [] };
  }
  if (accessTokenSecret === undefined)
    throw new OptionsError(
      "`accessTokenSecret` or `accessTokenKeys` is required: `openssl rand -base64 32` makes a secret.",
    );
  const secrets = parseSecrets("accessTokenSecret", accessTokenSecret);
  return { keyRing: createSecretRing(secrets, revokedKeys), secrets };
}

function refreshSecretsOf(
  { refreshTokenKeys }: AuthServerOptions,
  accessSecrets: readonly Uint8Array<ArrayBuffer>[],
): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  if (refreshTokenKeys !== undefined) return Promise.resolve(parseSecrets("refreshTokenKeys", refreshTokenKeys));
  if (accessSecrets.length === 0) throw new OptionsError("`accessTokenKeys` needs `refreshTokenKeys` beside it.");
  const derived = Promise.all(accessSecrets.map((secret) => deriveBytes(secret, "stay-signed-in refresh tokens")));
  // Nobody may be waiting for it yet; whoever does gets the rejection all the same.
  derived.catch(() => undefined);
  return derived;
}

function parseSecrets(option: string, secrets: Secret | readonly Secret[]): Uint8Array<ArrayBuffer>[] {
  const ring = typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets;
  if (ring.length === 0) throw new OptionsError(`\`${option}\` needs at least one secret.`);
  return ring.map((secret) => {
    const bytes = typeof secret === "string" ? utf8(secret) : new Uint8Array(secret);
    if (bytes.length < 32)
      throw new OptionsError(`\`${option}\` must have at least 32 bytes: \`openssl rand -base64 32\` makes one.`);
    if (isProduction() && new Set(bytes).size < 10) {
      throw new OptionsError(`\`${option}\` is a placeholder; in production it must be 32 random bytes.`);
    }
    return bytes;
  });
}

function peekKeysOf({ peekKey = [], accessTokenSecret = [], refreshTokenKeys = [] }: AuthServerOptions) {
  const ring = typeof peekKey === "string" ? [peekKey] : peekKey;
  const signing = new Set<unknown>([accessTokenSecret, refreshTokenKeys].flat());
  for (const key of ring) {
    if (!/^[\x21-\x7e]{32,}$/.test(key)) {
      throw new OptionsError(
        "`peekKey` has at least 32 characters, letters, digits and signs: `openssl rand -base64 32`.",
      );
    }
    if (signing.has(key)) {
      throw new OptionsError(
        "`peekKey` is also the secret that signs tokens: whoever renders pages would make tokens with it.",
      );
    }
  }
  return ring;
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

/** Without `process` (a page, a worker) nothing says that it is production. */
function isProduction(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.NODE_ENV === "production";
}
