import type { User } from "../register.ts";
import type { Backend } from "../backend.ts";
import type { Platform } from "../ports.ts";
import type { RegisteredChallenge, RegisteredCredentials } from "../register.ts";
import type { TokenStore } from "./tokenStore.ts";

/** One call of an endpoint: what to send where. At most one of `json` and `form`. */
export interface EndpointCall {
  /** Put after `baseUrl`, with one slash between them; an address with a scheme (`https://…`) stands for itself. */
  readonly path: string;
  /** Default: `POST`. */
  readonly method?: string | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`; what is null is left out. */
  readonly form?: Readonly<Record<string, string | null | undefined>> | undefined;
  /** Put behind the path; what is null is left out. */
  readonly query?: Readonly<Record<string, string | null | undefined>> | undefined;
  /** Headers of this call, over those of {@link TokenBackendOptions.headers}. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For `signOut`: whether the access token goes along as a bearer, where there is one. Default: true. */
  readonly bearer?: boolean | undefined;
}

/** The JSON of an answer, null where there is none: untyped, so that a description can take it apart in a line. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnswerBody = any;

/** A moment or a span, as servers spell them: see {@link TokenFields.expiresIn}. */
export type Expiry = number | string | Date | null | undefined;

/** What an answer says besides the access token. */
export interface SessionFields {
  /**
   * How long the access token lives: seconds (`900`, `"900"`) or a span with its unit (`"15m"`, `"900000ms"`). A number too large to
   * be a span is read as a moment, as `expiresAt` is; where the token itself tells its lifetime and this is a thousandfold of it, it
   * was milliseconds. Absent: the token's own `exp`, or not known: the token is then renewed when it is first refused.
   */
  readonly expiresIn?: Expiry;
  /** When the access token ends: seconds or milliseconds since 1970, ISO text or a `Date`. */
  readonly expiresAt?: Expiry;
  /** How long the session lasts if nobody renews it, and at most: spelled as `expiresIn`. Absent: not known. */
  readonly sessionEndsIn?: Expiry;
  /** Whose token it is, where the token has no claim `sub`. Default: the claim that `subject` names, else the user's id. */
  readonly subject?: string | number | null | undefined;
  /** The server's name for the session. Default: one that the client makes up where it keeps the refresh token. */
  readonly sessionId?: string | number | null | undefined;
  /** The user, where the answer brings one: for `user: "signIn"`. Read as the answer of `user.path` is. */
  readonly user?: unknown;
}

/** What {@link TokenBackendOptions.tokens} finds in an answer. */
export interface TokenFields extends SessionFields {
  /** The access token, a JWT or opaque; a leading `Bearer ` is dropped. */
  readonly accessToken: string | null | undefined;
  /** The refresh token. Absent in the answer to a refresh: the one in use stays (no rotation). RFC 6749 §6. */
  readonly refreshToken?: string | null | undefined;
}

/** Which answers are meant: by their status, or by a function that says so. */
export type StatusChoice = readonly number[] | ((status: number, body: AnswerBody) => boolean);

/** How an API says who is signed in. `map` makes of its answer an object with an `id`. */
export interface UserEndpoint {
  /** Asked with `GET` and the access token. */
  readonly path: string;
  /** Default: the answer itself, whose `id`, `pk`, `_id`, `uuid` or `sub` counts as the id. */
  readonly map?: ((body: AnswerBody) => Partial<User> & { readonly id: string | number }) | undefined;
}

/**
 * A token API, described. Functions get what the API wants and return what to send; nothing here stores, locks, retries or
 * compares anything: that is the client's.
 */
export interface TokenBackendOptions<Credentials = RegisteredCredentials> {
  /** Address of the API; a path counts from the page's origin. */
  readonly baseUrl: string;
  /** Headers of every call, asked for anew each time: CSRF token, tenant. Default: none. */
  readonly headers?: (() => Readonly<Record<string, string>>) | undefined;
  /** Whether cookies travel. Default: `include` where tokens are in cookies, else `same-origin`. */
  readonly credentials?: RequestCredentials | undefined;
  /** Signs in. */
  readonly signIn: (credentials: Credentials) => EndpointCall;
  /**
   * What an answer to a sign-in says where the API wants something more first (a second factor): what the app is to see of it, or
   * null where it is no challenge. Asked of every answer with a JSON object, whatever its status. Absent: there are none.
   */
  readonly challenge?: ((body: AnswerBody, status: number) => RegisteredChallenge | null | undefined) | undefined;
  /**
   * Answers a challenge: gets the whole body that `challenge` was read from, which the app does not see, and what the app has given to
   * `continueSignIn`.
   */
  readonly continueSignIn?: ((body: AnswerBody, response: AnswerBody) => EndpointCall) | undefined;
  /**
   * Renews the access token. Gets the refresh token, or null where a cookie carries it. Absent: the API has no refresh, and a session
   * lasts as long as its access token.
   */
  readonly refresh?: ((refreshToken: string | null) => EndpointCall) | undefined;
  /** Ends a session at the server. `refreshToken` is null where a cookie carries it. Absent: the API has no sign-out. */
  readonly signOut?: ((held: { refreshToken: string | null; accessToken: string | null }) => EndpointCall) | undefined;
  /** Makes an account; the client signs in to it afterwards. Absent: the API has no registration. */
  readonly register?: ((account: { email: string; password: string }) => EndpointCall) | undefined;
  /** Starts a guest session. Absent: the API has no guests. */
  readonly guest?: (() => EndpointCall) | undefined;
  /**
   * Where an answer to a sign-in, refresh or guest start has the tokens. `body` is the parsed JSON, or null where there is none.
   * `"cookie"`: the access token is an HttpOnly cookie; requests then carry no header, and are renewed and sent again after a 401 all the
   * same. `{ cookie }` reads what else such an answer says.
   */
  readonly tokens:
    | ((body: AnswerBody, response: Response) => TokenFields)
    | "cookie"
    | { readonly cookie: (body: AnswerBody, response: Response) => SessionFields };
  /** The claim of the access token that names the subject: `"user_id"`. Default: `sub`. */
  readonly subject?: string | undefined;
  /**
   * Who is signed in: an endpoint; the `claims` of the access token; or the `user` of the sign-in's answer (`"signIn"`), which is kept
   * beside the refresh token. Absent: `fetchUser` and `useSession` have nobody to ask.
   */
  readonly user?: UserEndpoint | "claims" | "signIn" | undefined;
  /**
   * Where the refresh token is. `cookie`: the server's HttpOnly cookie, out of reach of scripts; choose it where you can. `memory`:
   * shared by the open tabs, gone with the last of them and with a reload of the only one. `sessionStorage`: likewise, and outlives
   * reloads. `localStorage`: outlives everything; every script of the origin can read it. A {@link TokenStore}: any other place.
   * Wherever it is, the client reads and writes it under its refresh lock and lets go of it at a sign-out, whatever answers still
   * arrive. Default: `cookie`.
   */
  readonly refreshToken?: "cookie" | "memory" | "sessionStorage" | "localStorage" | TokenStore | undefined;
  /**
   * A refresh token that an earlier version of the app kept by itself: asked for once, when the client has none. It should take it
   * out of its old place in the same step. Absent: there is none.
   */
  readonly adoptRefreshToken?: (() => string | null | undefined) | undefined;
  /** Which answers mean no, by the number of their status and their body, where the usual ones are not it. Default: the usual ones. */
  readonly refused?:
    | {
        /** Statuses of a sign-in that mean wrong credentials, or a function that says so. Default: 400, 401, 403. */
        readonly signIn?: StatusChoice | undefined;
        /** Those of an answer to a challenge that mean that the sign-in has to begin anew. Default: 410. */
        readonly challenge?: StatusChoice | undefined;
        /**
         * Whether an answer says that the refresh token is worth nothing any more. Default: 401; 400 and 403 when they speak of a token,
         * grant or session and not of CSRF; never a page of HTML. Whatever is not sure must be false: the session then goes on.
         */
        readonly refresh?: ((status: number, body: AnswerBody) => boolean) | undefined;
      }
    | undefined;
  /** Begins the keys of the stored refresh token and the name of the channel. Default: `stay-signed-in:` and the `baseUrl`. */
  readonly namespace?: string | undefined;
}

/** What the backend needs of the world: the clock, chance for names, and how tabs hand each other a refresh token that lies in no shared storage. */
export interface TokenBackendPlatform extends Pick<Platform, "clock" | "random" | "openChannel"> {
  /** The page's two storages; absent where there is no page. */
  readonly storages: {
    readonly localStorage?: TokenStore | undefined;
    readonly sessionStorage?: TokenStore | undefined;
  };
}

/** A backend made of a description. */
export interface TokenBackend extends Backend {
  readonly address: string;
  readonly sessionEndpoints: readonly string[];
  readonly tokens: "bearer" | "cookie";
}
