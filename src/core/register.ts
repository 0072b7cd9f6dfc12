/** The server's own answer to "who am I" (`GET /users/me`). Fields that this package does not know are kept. */
export interface User {
  /** The server's id of the user, and the subject of its tokens. */
  readonly id: string;
  /** The e-mail address, which may change; null for a guest. */
  readonly email: string | null;
  /** Whether the account may be used; an inactive one is signed in nowhere. */
  readonly is_active: boolean;
  /** Whether the account may administer others, as fastapi-users means it. */
  readonly is_superuser: boolean;
  /** Whether the e-mail address was confirmed. */
  readonly is_verified: boolean;
  /** Whether the account has no credentials and came by `signInAsGuest`. */
  readonly is_guest: boolean;
  readonly [field: string]: unknown;
}

/** The claims of an access token, without those that change at every renewal (`exp`, `iat`, `nbf`, `jti`). RFC 7519 §4. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a server of PROTOCOL says of a challenge; what the app's own hook adds is kept. */
export interface ChallengeBody {
  /** How it can be answered, in the app's own words: `["otp", "passkey"]`. */
  readonly methods?: readonly string[];
  /** How long it can be answered, in seconds. */
  readonly expires_in?: number;
  readonly [field: string]: unknown;
}

/**
 * The types of an app's own: what its server says of a user, what its tokens claim, and what it takes to sign in. Declared
 * once, they are known wherever this package hands one out or takes one.
 *
 * @example
 * declare module "stay-signed-in" {
 *   interface Register {
 *     user: { id: string; plan: "free" | "pro" };
 *     claims: { roles: string[] };
 *     credentials: { phone: string; pin: string };
 *     challenge: { methods: ("otp" | "passkey")[]; expires_in: number };
 *   }
 * }
 */
export interface Register {}

/** The user of {@link Register}; without one, {@link User}. */
export type RegisteredUser = Register extends { user: infer Own } ? Own : User;

/** The claims of {@link Register}; without them, {@link Claims}: whatever the token has. */
export type RegisteredClaims = Register extends { claims: infer Own } ? Readonly<Own> : Claims;

/** The credentials of {@link Register}; without them, a user name and a password. */
export type RegisteredCredentials = Register extends { credentials: infer Own }
  ? Own
  : {
      username: string;
      password: string;
      /** Whether the session outlives the browser ("remember me"). Default: true. */
      persistent?: boolean | undefined;
    };

/** The body of a challenge of {@link Register}; without one, whatever the server says. */
export type RegisteredChallenge = Register extends { challenge: infer Own } ? Readonly<Own> : ChallengeBody;
