import type { RegisteredCredentials, User } from "./register.ts";
import type { UnauthenticatedReason } from "./authState.ts";
import type { SessionName } from "./session.ts";
import type { SignInChallenge } from "./signInChallenge.ts";

/** A token answer, already validated. Only `accessToken` must be there; what is left out is not known. RFC 6749 §5.1. */
export interface TokenAnswer {
  /** The access token, a JWT or opaque. */
  readonly accessToken: string;
  /** `expires_in`: its lifetime from now, in seconds; null or absent where the server does not say. */
  readonly expiresInSeconds?: number | null | undefined;
  /** The session's id, and its number, greater than that of every session before; null or absent where the server names none. */
  readonly session?: { readonly id: string; readonly number?: number | null | undefined } | null | undefined;
  /** How long the session lasts if nobody renews it, and at most: the smaller of both, in seconds; null or absent where not known. */
  readonly sessionEndsInSeconds?: number | null | undefined;
  /** Whose token it is, where it does not say so itself. */
  readonly subject?: string | null | undefined;
  /** The server's clock by its `Date` header, milliseconds. */
  readonly serverNow?: number | null | undefined;
  /**
   * When the request that brought this answer was sent, wall-clock milliseconds, where that was before this call: for a backend
   * that keeps answers. Its age then counts, and `expiresInSeconds` is the lifetime as it was issued. Default: this call.
   */
  readonly sentAt?: number | undefined;
}

/**
 * What a refresh came to. `ended` is definitive; `namesRefreshToken` tells whether the answer names the refresh token as its reason.
 * `absent`: there is no such endpoint. `transient`: nothing is known, the session goes on.
 */
export type RefreshOutcome =
  | { readonly kind: "token"; readonly answer: TokenAnswer }
  | {
      readonly kind: "ended";
      readonly reason: Exclude<UnauthenticatedReason, "signedOut">;
      readonly namesRefreshToken: boolean;
    }
  | { readonly kind: "absent" }
  | { readonly kind: "originNotAllowed"; readonly reason?: string | undefined }
  | { readonly kind: "transient"; readonly error: Error; readonly retryAfterMs: number | null };

/** What each call of a {@link Backend} is to be made with. */
export interface BackendCall {
  /** The one to use: never an authorized one. */
  readonly fetch: typeof globalThis.fetch;
  /** Ends the call: its time-out, a sign-out, or the client's end. */
  readonly signal: AbortSignal;
  /** In a step-up, whose answer alone will do: a backend that keeps sessions keeps none of anybody else. Default: anybody's. */
  readonly subject?: string | undefined;
}

/**
 * The server, as the client sees it. The default one speaks PROTOCOL over HTTP ({@link createHttpBackend}); implement this for
 * a token API of your own, or describe it to `createTokenBackend`. Only `signIn` and `refresh` must be there: what is left
 * out, the server cannot do, and the client says so to whoever asks for it. Every call gets a `signal` and must send nothing through an authorized axios or fetch: those wait
 * for the very token that is being fetched.
 */
export interface Backend {
  /** Where it is, as `baseUrl` says it for the default one: sets its sessions apart from another's. Default: the `baseUrl`. */
  readonly address?: string | undefined;
  /**
   * The addresses that begin, renew or end a session, absolute or as a path of the page's origin. Adapters send no token to
   * them, and their 401 says nothing of the session. Default: none.
   */
  readonly sessionEndpoints?: readonly string[] | undefined;
  /**
   * `cookie`: the access token is an HttpOnly cookie. What `accessToken` of its answers holds is then a name for the cookie's present
   * content, another one after each answer: it can be asked for, waited for and refused like any token; adapters set no header and let
   * cookies travel. Default: `bearer`.
   */
  readonly tokens?: "bearer" | "cookie" | undefined;
  /** Called when the client starts; returns its stop. For a backend that hears of other tabs. Default: nothing. */
  start?(): () => void;
  /** @throws AuthError `credentialsRejected`, `rateLimited`, `unavailable`, `badResponse`. */
  signIn(credentials: RegisteredCredentials, call: BackendCall): Promise<TokenAnswer | SignInChallenge>;
  /**
   * Runs a way to sign in that is the app's own (`signInWith`, `stepUp`): for a backend that adds something to each call, or keeps
   * something of each answer. Default: calls `way` with `call`.
   */
  signInBy?<Answer extends TokenAnswer | SignInChallenge>(
    way: (call: BackendCall) => Promise<Answer>,
    call: BackendCall,
  ): Promise<Answer>;
  /**
   * Answers a challenge that {@link Backend.signIn} has resolved with, the same object. `response` is what the app has got for it.
   * @throws AuthError `credentialsRejected` for a wrong answer to a challenge that stands, `challengeExpired`, and as `signIn`.
   */
  continueSignIn?(
    challenge: SignInChallenge,
    response: unknown,
    call: BackendCall,
  ): Promise<TokenAnswer | SignInChallenge>;
  /** Makes the account only. @throws AuthError `registrationRejected`, `invalidInput`, `rateLimited`, `unavailable`. */
  register?(account: { email: string; password: string }, call: BackendCall): Promise<void>;
  /** @throws AuthError `guestsDisabled`, `sessionExists`, `rateLimited`, `unavailable`. */
  signInAsGuest?(call: BackendCall): Promise<TokenAnswer>;
  /** Never throws for an answer; what it throws counts as transient. */
  refresh(call: BackendCall): Promise<RefreshOutcome>;
  /**
   * Ends the named session and no other; without a name whatever the cookie stands for. Resolves when the server need not be told
   * again, without a name to that of the session where the server says which it was: then every tab is told of it. Throws to be
   * called later. Absent: a sign-out counts here alone.
   */
  signOut?(
    session: SessionName | null,
    accessToken: string | null,
    call: BackendCall,
  ): Promise<SessionName | null | undefined | void>;
  /**
   * Ends the session of a sign-in that is not taken, and none that it would have replaced: a step-up as somebody else. Absent: that
   * session is signed out of, and may take the one that it replaces along.
   */
  discardSession?(session: SessionName, accessToken: string, call: BackendCall): Promise<void>;
  /** Changes the password and answers with the session that goes on. @throws AuthError `credentialsRejected`, `registrationRejected`. */
  changePassword?(
    change: { currentPassword: string; password: string },
    accessToken: string,
    call: BackendCall,
  ): Promise<TokenAnswer>;
  /** Changes the e-mail address; the session goes on. @throws AuthError `credentialsRejected`, `registrationRejected`, `invalidInput`. */
  changeEmail?(
    change: { currentPassword: string; email: string },
    accessToken: string,
    call: BackendCall,
  ): Promise<User>;
  /** Deletes the account, and with it all of its sessions. @throws AuthError `credentialsRejected`. */
  deleteAccount?(proof: { currentPassword: string }, accessToken: string, call: BackendCall): Promise<void>;
  /** Ends the subject's other sessions. */
  signOutOthers?(accessToken: string, call: BackendCall): Promise<void>;
  /**
   * The server's answer, or null when it refused the token with 401. Absent: tokens must name their subject, by the claim `sub` or
   * by {@link TokenAnswer.subject}.
   */
  fetchUser?(accessToken: string, call: BackendCall): Promise<User | null>;
}
