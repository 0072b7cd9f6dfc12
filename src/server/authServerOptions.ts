import type { Context } from "hono";
import type { AccessTokenKey } from "./accessTokenKeys.ts";
import type { OnAccountNotice } from "./accountNotice.ts";
import type { AuditEvent } from "./auditEvent.ts";
import type { AuthStore, Subject } from "./authStore.ts";
import type { PasswordHasher } from "./passwordHasher.ts";
import type { CheckPassword } from "./passwordPolicy.ts";
import type { RateLimitOptions } from "./rateLimits.ts";
import type { CookieOptions } from "./refreshCookie.ts";
import type { HonoEnvironment } from "./requestFacts.ts";
import type { SecondFactorOptions } from "./secondFactor.ts";

/** Bytes, or a text that stands for its UTF-8 bytes; at least 32 of them. */
export type Secret = string | Uint8Array;

/** Moves what a guest has to an account. The request comes without its body. */
export type MergeGuest = (
  people: { readonly guest: Subject; readonly account: Subject },
  request: Request,
) => void | Promise<void>;

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
  /**
   * Whether a guest who registers stays who they were: the account gets the guest's id, and whatever hangs on it. `POST
   * /register` then looks for the guest's refresh cookie. Not together with `requireVerifiedEmail`. Default false.
   */
  readonly upgradeGuest?: boolean | undefined;
  /**
   * Called when somebody signs in to an account in a browser that was a guest's until then, before the answer is sent: move
   * what the guest has. Called again should that answer get lost. What it throws is told to {@link onError} and changes nothing
   * of the sign-in. Default: the guest's things stay the guest's.
   */
  readonly mergeGuest?: MergeGuest | undefined;
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
