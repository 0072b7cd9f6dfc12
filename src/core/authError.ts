/**
 * Why a call failed. Stable; match on these, never on the message.
 *
 * - `sessionEnded`: there is no session (any more); sign in.
 * - `identityChanged`: the request belongs to somebody who is no longer signed in here.
 * - `unavailable`: the server or the network did not answer as it should; try again later.
 * - `credentialsRejected`: unknown user or wrong password, or not verified yet.
 * - `challengeExpired`: a challenge that can no longer be answered; the sign-in begins anew.
 * - `registrationRejected`: the address is taken or the password not acceptable; see `reason`.
 * - `rateLimited`: too many attempts; see `retryAfterMs`.
 * - `guestsDisabled`: this client or this server starts no guest sessions.
 * - `sessionExists`: a guest session was asked for while a user is signed in.
 * - `badResponse`: a success without a usable token or user.
 * - `originNotAllowed`: the server does not accept calls from this origin (a wrong set-up).
 * - `invalidInput`: the server refused the input's form.
 * - `superseded`: a later sign-in or sign-out overtook this sign-in.
 * - `aborted`: the caller's own signal or time-out ended the wait.
 * - `disposed`: the client was disposed of.
 * - `invalidOptions`: the options make no sense; the message says which.
 */
export type AuthErrorCode =
  | "sessionEnded"
  | "identityChanged"
  | "unavailable"
  | "credentialsRejected"
  | "challengeExpired"
  | "registrationRejected"
  | "rateLimited"
  | "guestsDisabled"
  | "sessionExists"
  | "badResponse"
  | "originNotAllowed"
  | "invalidInput"
  | "superseded"
  | "aborted"
  | "disposed"
  | "invalidOptions";

// One sentence a code, wherever the place that throws knows nothing better to say.
const SENTENCES: Readonly<Record<AuthErrorCode, string>> = {
  sessionEnded: "Nobody is signed in (any more).",
  identityChanged: "This was asked for by somebody who is no longer signed in here.",
  unavailable: "The server could not be reached.",
  credentialsRejected: "The server does not accept this user name and password.",
  challengeExpired: "This challenge can no longer be answered.",
  registrationRejected: "The server does not accept this registration.",
  rateLimited: "Too many attempts.",
  guestsDisabled: "There are no guest sessions here.",
  sessionExists: "Somebody is signed in here.",
  badResponse: "The server answered without a usable token or user.",
  originNotAllowed: "The server refuses calls from this page's origin: add it to the server's allowed origins.",
  invalidInput: "The server does not accept the form of this input.",
  superseded: "A later sign-in or sign-out overtook this sign-in.",
  aborted: "The caller's signal ended the wait for a token.",
  disposed: "This client was disposed of.",
  invalidOptions: "The options make no sense.",
};

// For developers.
const REMEDIES: Readonly<Partial<Record<AuthErrorCode, string>>> = {
  sessionEnded: "Call `signIn`, or show your sign-in page.",
  unavailable: "The session goes on; try again in a while.",
  challengeExpired: "Call `signIn` again.",
  registrationRejected: "See `reason` and `serverCode`.",
  rateLimited: "Try again after `retryAfterMs`.",
  guestsDisabled: 'The client option `guests` is "never", or the server starts none.',
  sessionExists: "Sign out first to become a guest.",
  badResponse: "Check `baseUrl` and `paths`.",
  superseded: "Its session was ended.",
  disposed: "Make another one.",
};

/**
 * What to do about an error, in development: bundlers write for `process.env.NODE_ENV` what they build for, and leave the rest
 * out. Inside `try`, since a page without a bundler has no `process`.
 */
function remedyOf(code: AuthErrorCode): string {
  try {
    if (process.env.NODE_ENV !== "production" && REMEDIES[code] !== undefined) return ` ${REMEDIES[code]}`;
  } catch {
    // No bundler: the sentence alone.
  }
  return "";
}

/** What an {@link AuthError} tells besides its code. */
export interface AuthErrorDetails {
  /**
   * What led here; an error of our own calls is told by name, status and code only, since HTTP clients' errors hold
   * headers.
   */
  cause?: unknown;
  /** HTTP status of the answer that led here. */
  status?: number | undefined;
  /** The server's own code, as PROTOCOL spells it (`LOGIN_BAD_CREDENTIALS`). */
  serverCode?: string | undefined;
  /** The server's sentence for people, where there is one. */
  reason?: string | undefined;
  /** How long the server asks to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/**
 * Every failure of this package that is not the caller's own error. Holds no token, cookie or password, neither in the
 * message nor in a field.
 *
 * @example
 * try { await auth.signIn(credentials) } catch (error) {
 *   if (isAuthError(error) && error.code === "credentialsRejected") showWrongPassword();
 *   else throw error;
 * }
 */
export class AuthError extends Error {
  /** Always "AuthError", also in minified code. */
  override readonly name = "AuthError";
  /** What went wrong: match on this. */
  readonly code: AuthErrorCode;
  /** HTTP status of the answer that led here; undefined when there was none. */
  readonly status: number | undefined;
  /** The server's own code, as PROTOCOL spells it (`LOGIN_BAD_CREDENTIALS`). */
  readonly serverCode: string | undefined;
  /** The server's sentence for people, where there is one. */
  readonly reason: string | undefined;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  /**
   * For a `Backend` of your own, and for tests; `message` must hold no token, cookie or password. Default: the sentence of its
   * code, and in development what to do about it.
   */
  constructor(code: AuthErrorCode, message: string = SENTENCES[code] + remedyOf(code), details: AuthErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.serverCode = details.serverCode;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Whether `error` is an {@link AuthError}, also one of another copy of this package; narrows to `code` when it is given. */
export function isAuthError(error: unknown, code?: AuthErrorCode): error is AuthError {
  return (
    error instanceof Error &&
    error.name === "AuthError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}
