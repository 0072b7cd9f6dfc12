/** The claims of an access token, without those that change at every renewal (`exp`, `iat`, `nbf`, `jti`). RFC 7519 §4. */
export type Claims = Readonly<Record<string, unknown>>;

/** Who is signed in. The same object for as long as nothing of it changes, however often the token is renewed. */
export interface Identity {
  /** The claim `sub`: never used for a second person. */
  readonly subject: string;
  /** Whether the subject has no credentials and came by `signInAsGuest`. */
  readonly isGuest: boolean;
  /** The claim `sid`, or the server's session id; null where the server names none. */
  readonly sessionId: string | null;
  /** What the token says of the subject, for display only; null for an opaque token. */
  readonly claims: Claims | null;
}

/**
 * Why nobody is signed in: `none` there was no session, `signedOut` somebody asked for it, `expired` the refresh token or
 * the session's lifetime ended, `revoked` the server ended it before its time.
 */
export type UnauthenticatedReason = "none" | "signedOut" | "expired" | "revoked";

/** What is so. Discriminated on `status`; tokens are in no state, they are asked of the client. */
export type AuthState =
  | { readonly status: "loading" }
  | { readonly status: "authenticated"; readonly identity: Identity }
  | {
      readonly status: "unauthenticated";
      readonly reason: UnauthenticatedReason;
      /** Who was signed in here before, as far as this page knows. */
      readonly previousIdentity: Identity | null;
    };

/**
 * Why a refresh began: `timer` a token is about to end, or an outage allows the next attempt; `start` the client began, or a
 * session was heard of whose token is not here; `wakeUp` the page came back into view, online or out of a sleep; `request`
 * somebody asked for a token; `call` somebody called `refresh`.
 */
export type RefreshTrigger = "timer" | "start" | "wakeUp" | "request" | "call";

/**
 * What is being done, apart from what is so: nothing, a refresh, or waiting for the next attempt of an outage (`until` is
 * wall-clock milliseconds, null while the browser says that there is no network; `error` the last failure).
 */
export type Activity =
  | { readonly kind: "idle" }
  | { readonly kind: "refreshing"; readonly trigger: RefreshTrigger }
  | { readonly kind: "waiting"; readonly until: number | null; readonly error: Error };
