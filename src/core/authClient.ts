import type { Activity, AuthState, Identity } from "./authState.ts";
import type { BackendCall, TokenAnswer } from "./backend.ts";
import type { Platform } from "./ports.ts";
import type { RegisteredCredentials, RegisteredUser } from "./register.ts";
import type { SignInChallenge, SignInResult } from "./signInChallenge.ts";

/** What happened, whichever tab it happened in. Emitted before subscribers are told of the new state. */
export interface AuthEvents {
  /** A sign-in, registration or guest start succeeded here, or a session came in from another tab or the start-up. */
  signedIn: { readonly identity: Identity };
  /** Somebody signed out, here or in another tab. */
  signedOut: { readonly previousIdentity: Identity | null };
  /** A new access token is in use: refreshed here or taken over from another tab. */
  refreshed: { readonly identity: Identity };
  /** A refresh did not get an answer that counts; the session goes on. */
  refreshFailed: { readonly error: Error; readonly nextAttemptAt: number | null };
  /** The session ended without being asked to: `expired` or `revoked`. */
  sessionEnded: { readonly reason: "expired" | "revoked"; readonly previousIdentity: Identity | null };
  /** Another subject than before, null for nobody; reported before anything renders. */
  identityChanged: { readonly identity: Identity | null; readonly previousIdentity: Identity | null };
  /** The session is about to end, at `endsAt` (wall-clock milliseconds): told by `foreseeSessionEnd`. */
  sessionEnding: { readonly endsAt: number };
  /** A server takes the token and wants its owner to sign in once more, or more strongly, for this request. RFC 9470. */
  stepUpRequired: StepUp;
}

/** What a server asks for with `error="insufficient_user_authentication"`. RFC 9470 §3. */
export interface StepUp {
  /** `max_age`: how long ago the sign-in may be, in seconds; null where the server does not say. */
  readonly maxAgeSeconds: number | null;
  /** `acr_values`: the ways to sign in that would do, the preferred one first. */
  readonly acrValues: readonly string[];
}

/** The name of something that the client tells of: `signedIn`, `signedOut`, `refreshed`, and so on. */
export type AuthEventName = keyof AuthEvents;

/** A value that can be read at once and watched. `getState` returns the same object until something changes. */
export interface Readable<T> {
  /** What is so now; the same object until something changes. */
  getState(): T;
  /** Calls `listener` after each change, not now; returns its removal. */
  subscribe(listener: () => void): () => void;
}

/** What kind of token will do, and how long to wait for it. */
export interface GetAccessTokenOptions {
  /** How long the token must still be good for, in milliseconds. Default: 5 s, or a tenth of a shorter lifetime. */
  minValidityMs?: number | undefined;
  /** A token that a server just refused with 401: if it is still the current one, it is refreshed. Default: none. */
  rejectedToken?: string | undefined;
  /** Only a token of this subject will do; otherwise `identityChanged`. Default: whoever is signed in. */
  subject?: string | undefined;
  /** Ends this caller's wait with `aborted`; the shared refresh goes on for the others. Default: none. */
  signal?: AbortSignal | undefined;
}

/** What tabs share of an outage. Moments are wall-clock milliseconds. */
export interface AttemptRecord {
  /** The next attempt, for all tabs. */
  readonly nextAt: number;
  readonly madeAt: number;
  readonly failures: number;
  /** Until then the lock is taken to be orphaned. */
  readonly stuckUntil: number;
  /** When a tab last tried ahead of `nextAt`. */
  readonly earlyAt: number;
}

/**
 * What happens by itself, and when (wall clock, milliseconds): an `expiry` is forestalled, an `outage` is over for all it knows, a
 * session that nothing renews reaches its `end`, what a sibling or the shared record told is a `question` to the server.
 */
export interface PlannedRefresh {
  readonly at: number;
  readonly reason: "expiry" | "outage" | "end" | "question";
}

/** One request of an adapter, as far as devtools stand around it. */
export interface WatchedRequest {
  readonly method: string;
  readonly address: string;
  /** Runs a wait for a token: before the first send, and between the two. */
  wait<T>(work: (signal: AbortSignal | undefined) => Promise<T>): Promise<T>;
  /** Sends it, with this token or without any; called twice at most. */
  send(token: string | null, person: unknown): Promise<{ readonly status: number | undefined }>;
}

/** For adapters and devtools. Nothing of it is needed to use a client, and its form may change in any release. */
export interface ClientInternals {
  /** What the client's keys, locks and channel begin with. */
  readonly namespace: string;
  /** The ports in use. One that is replaced counts from the next call: devtools go offline by another `fetch`. */
  readonly platform: Platform;
  /** What the client does next by itself, and when; null when it waits for nothing. */
  planned(): PlannedRefresh | null;
  /** How many callers wait for an access token. */
  waitingCount(): number;
  /** What all tabs know of an outage. */
  readBackoff(): AttemptRecord;
  /** The backend's own `sessionEndpoints`. */
  readonly sessionEndpoints: readonly string[];
  /** The backend's own `tokens`: by `cookie` there is no bearer to send. */
  readonly tokens: "bearer" | "cookie";
  /** The token that `getAccessToken({ subject })` would give at once; null where it would wait or reject. */
  peekAccessToken(subject: string): string | null;
  /** Emits an event that something beside the client has learnt of. */
  emit<E extends AuthEventName>(event: E, detail: AuthEvents[E]): void;
  /** Stands around what the adapters send from now on, and returns what they go through instead. Set by devtools alone. */
  watchRequest?: (<R extends WatchedRequest>(request: R) => R) | undefined;
}

/** What {@link AuthClient.extend} has come to. */
export interface Extension {
  /** When the session ends now, wall-clock milliseconds; null where the server does not say. */
  readonly endsAt: number | null;
  /** Whether that is later than before, or not known. */
  readonly isExtended: boolean;
}

/**
 * One session, shared by all tabs of the origin. Made once per app, outside React; making it touches nothing.
 *
 * @example
 * const auth = createAuthClient({ baseUrl: "/v1/auth" });
 * const stop = auth.start();
 * await auth.signIn({ username: "ada@example.org", password });
 * const token = await auth.getAccessToken();
 */
export interface AuthClient extends Readable<AuthState> {
  /** What is being done, as a second axis. */
  readonly activity: Readable<Activity>;
  /** The access token in use, or null: for what shows it or hands it to a socket; requests use {@link getAccessToken}. */
  readonly accessToken: Readable<string | null>;
  /**
   * When the session ends if nobody renews it, or at the latest, as the server has said: wall-clock milliseconds, the same in all
   * tabs. Null where the server does not say, or nobody is signed in. Where the server tells it coarsely, it ends a little earlier.
   */
  readonly sessionEndsAt: Readable<number | null>;
  /** The address of the auth endpoints, absolute where there is a page. Adapters allow its origin. */
  readonly baseUrl: string;
  /** What `onSessionEnd` was set to. */
  readonly onSessionEnd: "reject" | "hold";
  /** For adapters and devtools. */
  readonly internals: ClientInternals;
  /** Calls `listener` each time `event` happens; returns its removal. A listener that throws disturbs nobody else. */
  on<E extends AuthEventName>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;
  /** Begins: restores the session, keeps it fresh, listens to other tabs. Reference-counted; returns its stop. */
  start(): () => void;
  /**
   * The first state that is not "loading".
   * @throws AuthError `unavailable` when the start-up got no answer that counts (the client goes on trying), `disposed`.
   */
  ready(options?: { signal?: AbortSignal | undefined }): Promise<AuthState>;
  /**
   * Resolves with who is signed in, or with the challenge that the server wants answered first: it then has changed nothing.
   * `persistent: false` lets the session end with the browser, where the server can.
   *
   * @throws AuthError `credentialsRejected`, `rateLimited`, `unavailable`, `badResponse`, `superseded`, `disposed`.
   *
   * @example
   * const entered = await auth.signIn({ username, password });
   * if ("challenge" in entered) showCodeForm(entered);
   */
  signIn(credentials: RegisteredCredentials): Promise<SignInResult>;
  /**
   * Answers a challenge: the object that a sign-in resolved with, and what the server is to get for it, such as `{ code }`.
   * Resolves as {@link signIn}, also with a further challenge. Nobody has to be asked for the password again after a wrong code.
   *
   * @throws AuthError `credentialsRejected` for a wrong answer (answer the same challenge again), `challengeExpired` (sign in
   * anew), `superseded` after a sign-in or sign-out that came in between, in whichever tab, and as {@link signIn}.
   */
  continueSignIn(challenge: SignInChallenge, response: unknown): Promise<SignInResult>;
  /**
   * Signs in once more, or more strongly, as whoever is signed in: after `stepUpRequired`. Takes what {@link signIn} takes, or a
   * method as {@link signInWith} does. Somebody else's answer changes nothing here, and is signed out at the server. RFC 9470.
   *
   * @throws AuthError `identityChanged` for somebody else's answer, `sessionEnded` when nobody is signed in, and as
   * {@link signInWith}.
   *
   * @example
   * auth.on("stepUpRequired", async () => auth.stepUp({ username, password: await askForPassword() }));
   */
  stepUp(
    way: RegisteredCredentials | ((call: BackendCall) => Promise<TokenAnswer | SignInChallenge>),
  ): Promise<SignInResult>;
  /** Makes an account and signs in to it. @throws AuthError as {@link signIn}, and `registrationRejected`, `invalidInput`. */
  register(account: { email: string; password: string; persistent?: boolean | undefined }): Promise<SignInResult>;
  /** The one way to become a guest. @throws AuthError `guestsDisabled`, `sessionExists`, and as {@link signIn}. */
  signInAsGuest(): Promise<Identity>;
  /**
   * Signs in by a way of the app's own (a passkey, a one-time code, a redirect's code), with all that {@link signIn} guarantees:
   * `method` gets the plain `fetch` and a signal, and returns the token answer, or a challenge. Errors of its own reach the caller as
   * they are. It has `requestTimeoutMs`, as every call to the server has: what a person takes time for, such as a passkey's prompt,
   * comes before.
   *
   * @throws AuthError `superseded`, `badResponse`, `disposed`, and whatever `method` throws.
   *
   * @example
   * await auth.signInWith(async ({ fetch, signal }) => {
   *   const answer = await fetch("/v1/auth/passkey", { method: "POST", credentials: "include", body, signal });
   *   const { access_token, expires_in } = await answer.json();
   *   return { accessToken: access_token, expiresInSeconds: expires_in };
   * });
   */
  signInWith(method: (call: BackendCall) => Promise<TokenAnswer | SignInChallenge>): Promise<SignInResult>;
  /**
   * Takes over a session that other code began: by its token answer, or without one by asking the server afresh, whatever was
   * known before. Supersedes what stands, and all tabs hear of it.
   *
   * @throws AuthError `sessionEnded` when the server has no session, `unavailable`, `superseded`, `disposed`.
   */
  adopt(answer?: TokenAnswer): Promise<Identity>;
  /**
   * Changes the password; every other session of the subject ends, and this one goes on as a new one in all tabs.
   *
   * @throws AuthError `credentialsRejected` for a wrong `currentPassword`, `registrationRejected` with a `reason` for a new one
   * that the server does not accept, and as {@link getAccessToken}.
   */
  changePassword(change: { currentPassword: string; password: string }): Promise<Identity>;
  /**
   * Changes the e-mail address, which then is to be confirmed anew; all sessions go on. Resolves with the user.
   *
   * @throws AuthError `credentialsRejected` for a wrong `currentPassword`, `registrationRejected` for an address that is taken,
   * `invalidInput`, and as {@link getAccessToken}.
   */
  changeEmail(change: { currentPassword: string; email: string }): Promise<RegisteredUser>;
  /**
   * Deletes the account for good: its sessions end everywhere, and all tabs here are signed out.
   *
   * @throws AuthError `credentialsRejected` for a wrong `currentPassword`, and as {@link getAccessToken}; then nothing has changed.
   */
  deleteAccount(proof: { currentPassword: string }): Promise<void>;
  /**
   * Counts at once in all tabs, then tells the server; one that cannot be told now is told later.
   * @throws AuthError `unavailable` when the server was not reached and nothing here can remember to tell it.
   */
  signOut(options?: { everywhere?: boolean | undefined }): Promise<void>;
  /**
   * A token that is good for the next moments, refreshed first when needed; one refresh however many ask.
   * @throws AuthError `sessionEnded`, `identityChanged`, `unavailable`, `originNotAllowed`, `aborted`, `disposed`.
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<string>;
  /** Renews the token now. @throws AuthError as {@link getAccessToken}; a failure changes nothing. */
  refresh(): Promise<void>;
  /**
   * Renews the session now, for somebody who was asked whether to stay (WCAG 2.2.1). `isExtended: false`: its end cannot be moved
   * any more, and signing in anew is the only way on. @throws AuthError as {@link getAccessToken}.
   */
  extend(): Promise<Extension>;
  /** The server's own answer to "who am I", with a good token. @throws AuthError as {@link getAccessToken}, `badResponse`. */
  fetchUser(options?: { signal?: AbortSignal | undefined }): Promise<RegisteredUser>;
  /** Ends all timers, listeners and waits (they reject with `disposed`). The session itself lives on. Final, idempotent. */
  dispose(): void;
}
