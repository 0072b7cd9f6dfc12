import type { User } from "./authClient.ts";
import type { UnauthenticatedReason } from "./authState.ts";
import type { SessionName } from "./knowledge.ts";

/** A token answer, already validated. Only `accessToken` is sure to be there. RFC 6749 §5.1. */
export interface TokenAnswer {
  readonly accessToken: string;
  readonly expiresInSeconds: number | null;
  readonly session: { readonly id: string; readonly number: number | null } | null;
  readonly subject: string | null;
  /** The server's clock by its `Date` header, milliseconds. */
  readonly serverNow: number | null;
}

/**
 * What a refresh came to. `ended` is definitive; `coded` tells whether the answer names the refresh token as its reason.
 * `absent`: there is no such endpoint. `transient`: nothing is known, the session goes on.
 */
export type RefreshOutcome =
  | { readonly kind: "token"; readonly answer: TokenAnswer }
  | { readonly kind: "ended"; readonly reason: Exclude<UnauthenticatedReason, "signedOut">; readonly coded: boolean }
  | { readonly kind: "absent" }
  | { readonly kind: "originNotAllowed" }
  | { readonly kind: "transient"; readonly error: Error; readonly retryAfterMs: number | null };

export interface BackendCall {
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

/**
 * The server, as the client sees it. The default one speaks PROTOCOL over HTTP ({@link createHttpBackend}); implement this for
 * a token API of your own. Every call gets a `signal` and must send nothing through an authorized axios or fetch: those wait
 * for the very token that is being fetched.
 */
export interface Backend {
  /** @throws AuthError `credentialsRejected`, `rateLimited`, `unavailable`, `badResponse`. */
  signIn(credentials: { username: string; password: string }, call: BackendCall): Promise<TokenAnswer>;
  /** Makes the account only. @throws AuthError `registrationRejected`, `invalidInput`, `rateLimited`, `unavailable`. */
  register(account: { email: string; password: string }, call: BackendCall): Promise<void>;
  /** @throws AuthError `guestsDisabled`, `sessionExists`, `rateLimited`, `unavailable`. */
  signInAsGuest(call: BackendCall): Promise<TokenAnswer>;
  /** Never throws for an answer; what it throws counts as transient. */
  refresh(call: BackendCall): Promise<RefreshOutcome>;
  /** Ends the named session and no other. Resolves when the server need not be told again; throws to be called later. */
  signOut(session: SessionName | null, accessToken: string | null, call: BackendCall): Promise<void>;
  /** Ends the subject's other sessions. */
  signOutOthers(accessToken: string, call: BackendCall): Promise<void>;
  /** The server's answer, or null when it refused the token with 401. */
  fetchUser(accessToken: string, call: BackendCall): Promise<User | null>;
}
