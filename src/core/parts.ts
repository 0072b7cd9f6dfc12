import type { ResolvedOptions } from "./authClientOptions.ts";
import type {
  AttemptRecord,
  AuthEventName,
  AuthEvents,
  GetAccessTokenOptions,
  PlannedRefresh,
  Readable,
} from "./authClient.ts";
import type { Activity, AuthState, Identity, RefreshTrigger } from "./authState.ts";
import type { Backend, BackendCall, TokenAnswer } from "./backend.ts";
import type { Platform } from "./ports.ts";
import type { RegisteredCredentials, RegisteredUser } from "./register.ts";
import type { SessionName, SessionRecord } from "./session.ts";
import type { SignInChallenge, SignInResult } from "./signInChallenge.ts";
import type { ClientEvent, ClientState } from "./transition.ts";

/**
 * What a client is made of. Each part is made once, by `createAuthClient`, and calls the others by name through this object:
 * `parts.refresh.run()`. None of them calls another while it is being made.
 */
export interface Parts {
  readonly options: ResolvedOptions;
  readonly platform: Platform;
  readonly backend: Backend;
  readonly waits: Waits;
  readonly store: Store;
  readonly record: SharedRecord;
  readonly pacing: Pacing;
  readonly tabs: Tabs;
  readonly refresh: Refresh;
  readonly schedule: Schedule;
  readonly ready: Ready;
  readonly tokens: Tokens;
  readonly signing: Signing;
  readonly lifecycle: Lifecycle;
  /** One call to the server: within its time, and until `ended` aborts. Default: the client's end. @throws AuthError `unavailable`. */
  call<T>(work: (given: BackendCall) => Promise<T>, ended?: AbortSignal): Promise<T>;
  /** Tells a developer of a wrong set-up. */
  warn(message: string): void;
  /** Throws an app's own error in a task of its own, so that it disturbs nobody and is not swallowed. */
  rethrow(error: unknown): void;
}

/** The waits of a client's callers: all of them end when it is disposed of. */
export interface Waits {
  isDisposed(): boolean;
  /** Calls `leave` when the client is disposed of; returns its removal. */
  onDisposed(leave: () => void): () => void;
  /** Waits for `promise`, at most until the caller or the client gives up. */
  waitFor<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Waits until `isEnough`, looking again after each change of `readable`. */
  untilChanged(readable: Readable<unknown>, isEnough: () => boolean, signal?: AbortSignal): Promise<void>;
  dispose(): void;
}

/** The state, and the one way to change it. */
export interface Store {
  getState(): ClientState;
  /** Takes an event to its end: the new state, its effects, what happened, who watches; in this order. */
  dispatch(event: ClientEvent): void;
  readonly authState: Readable<AuthState>;
  readonly accessToken: Readable<string | null>;
  readonly sessionEndsAt: Readable<number | null>;
  on<E extends AuthEventName>(event: E, listener: (detail: AuthEvents[E]) => void): () => void;
  emit<E extends AuthEventName>(event: E, detail: AuthEvents[E]): void;
  /** Tells nobody of anything from now on. */
  clear(): void;
}

/** The session's record as it is written, with what orders its token; never a token. */
export interface WrittenSession extends SessionRecord {
  readonly issuedAt: number | null;
}

/** What all tabs of the origin read and write: the session and the back-off, under two keys. */
export interface SharedRecord {
  /** Whether it outlives this page. */
  readonly isShared: boolean;
  readSession(): WrittenSession | null;
  /**
   * Writes down a change of this tab's own making; `byHand` when it is somebody's sign-in or sign-out. False when the record
   * tells of a later session, which stands, unless it is the one that the server has just `refuted`.
   */
  writeSession(session: SessionRecord, how: { byHand: boolean; refuted: readonly SessionName[] }): boolean;
  /** The server has confirmed a sign-out that the record may still call pending. */
  signOutConfirmed(session: SessionName): void;
  /** Looks whether the record has fallen behind; if so looks again in two seconds before it writes. */
  keepUp(): void;
  /** For two seconds from now, what this tab knows may be old. */
  resumed(): void;
  readAttempt(): AttemptRecord;
  writeAttempt(attempt: AttemptRecord | null): void;
  /** Ends its timer. */
  stop(): void;
}

/** Who asks: `now` is a call by hand, `early` a person who waits or a wake-up, `due` a timer. */
export type Urgency = "now" | "early" | "due";

export interface Pacing {
  /** When the next attempt may be made: a moment that has passed means now. */
  nextAllowedAt(urgency: Urgency, floorMs: number): number;
  noteAttempt(urgency: Urgency): void;
  /** Writes down a failure for all tabs; returns when the next attempt is due. */
  noteFailure(retryAfterMs: number | null): number;
  noteSuccess(): void;
}

/** The channel to the other tabs. Without one, or when it fails, the tab is by itself. */
export interface Tabs {
  open(): void;
  close(): void;
  /** Tells the siblings what this tab has. */
  tell(): void;
  /** Asks the siblings, where there are any; resolves after the first answer or 300 ms. */
  ask(): Promise<void>;
  /** Looks what the shared record says. */
  readRecord(): void;
}

/**
 * `done`: look at the state again. `failed`: nothing new; the error says why, and when it is tried again. `tooSoon`: the same, but
 * nothing is wrong: the token was renewed too often just now.
 */
export type FlightResult =
  | { readonly kind: "done" }
  | { readonly kind: "tooSoon"; readonly error: Error; readonly until: number }
  | { readonly kind: "failed"; readonly error: Error; readonly until: number | null };

/** The next attempt of an outage, and whose it is: one that a wake-up put off is still a wake-up's. */
export interface Retry {
  readonly at: number;
  readonly trigger: RefreshTrigger;
}

/** The refresh: one flight in a tab, under the lock that all tabs share. */
export interface Refresh {
  readonly activity: Readable<Activity>;
  /** Whoever asks while it is under way shares it. */
  run(trigger: RefreshTrigger): Promise<FlightResult>;
  /** A sign-in or sign-out makes its answer worthless: stops waiting for it. */
  abort(): void;
  /** Follows each change of the state: leaves the queue for the lock when what it wanted has come about. */
  stateChanged(before: ClientState, after: ClientState): void;
  /** Shows what the browser says of the network, where nothing better is known. */
  networkChanged(): void;
  /** False once the server has turned out to have no refresh: the session lasts until its access token ends. */
  isRenewable(): boolean;
  retry(): Retry | null;
  /** How long until then, for an error's `retryAfterMs`; undefined where nothing is planned. */
  retryAfterMs(): number | undefined;
  /** How the last refresh failed, if it did. */
  lastFailure(): Error | null;
  dispose(): void;
}

/** The one timer. */
export interface Schedule {
  planned(): PlannedRefresh | null;
  /** Arms the timer anew, for what the state needs next. */
  arm(): void;
  disarm(): void;
}

/** What callers ask of a client. */
export interface Tokens {
  waitingCount(): number;
  getAccessToken(options?: GetAccessTokenOptions): Promise<string>;
  /** What {@link getAccessToken} would give at once, without a promise; null where it would wait or reject. */
  peekAccessToken(subject: string): string | null;
}

/** The end of the start-up. */
export interface Ready {
  /** The same promise for as long as it says what is so. */
  ready(options?: { signal?: AbortSignal | undefined }): Promise<AuthState>;
  untilInitialized(signal?: AbortSignal): Promise<AuthState>;
}

/** What a sign-in asks the server. */
export type SignInPost = (given: BackendCall) => Promise<TokenAnswer | SignInChallenge>;

/** What a sign-in goes on with, and whose alone it may be. */
export interface SignInHow {
  readonly challenge?: SignInChallenge | undefined;
  readonly subject?: string | undefined;
}

/** What people do: they sign in and out. Neither waits for the lock, and each outranks what is under way. */
export interface Signing {
  signIn(post: (given: BackendCall) => Promise<TokenAnswer>): Promise<Identity>;
  /** With the challenge that it answers, which counts only while nothing has happened since. */
  signIn(post: SignInPost, how?: SignInHow): Promise<SignInResult>;
  signInAsGuest(): Promise<Identity>;
  signOut(options?: { everywhere?: boolean | undefined }): Promise<void>;
  /** Settles, never rejects, with the last sign-in. */
  settled(): Promise<void>;
  /** Tells the server now, and again later until it has heard. Resolves to whether it has heard this time. */
  sendSignOut(session: SessionName | null, token: string | null): Promise<boolean>;
  /** Tells the server of every sign-out that it has not confirmed, also another tab's; resolves to whether none is left. */
  flushSignOuts(): Promise<boolean>;
  dispose(): void;
}

/** Sessions that begin otherwise than by a user name and a password; all of them go through {@link Signing.signIn}. */
export interface WaysIn {
  signInWith(method: SignInPost): Promise<SignInResult>;
  continueSignIn(challenge: SignInChallenge, response: unknown): Promise<SignInResult>;
  stepUp(way: RegisteredCredentials | SignInPost): Promise<SignInResult>;
  adopt(answer?: TokenAnswer): Promise<Identity>;
  changePassword(change: { currentPassword: string; password: string }): Promise<Identity>;
  changeEmail(change: { currentPassword: string; email: string }): Promise<RegisteredUser>;
  deleteAccount(proof: { currentPassword: string }): Promise<void>;
}

/** When a client begins, wakes up and stops, and what it then has to find out. */
export interface Lifecycle {
  /** Begins, or counts one more who began; returns its stop. */
  start(): () => void;
  isStarted(): boolean;
  /** Finds out who is signed in: the record, what is pending, the siblings, the server; in this order, once at a time. */
  restore(trigger: RefreshTrigger): Promise<void>;
  /** Asks the siblings, then the server, about a record that nobody has confirmed. */
  verify(): Promise<void>;
  startGuest(): Promise<void>;
  /** Follows each change of the state once everybody has been told of it. */
  stateChanged(before: ClientState, after: ClientState): void;
  dispose(): void;
}
