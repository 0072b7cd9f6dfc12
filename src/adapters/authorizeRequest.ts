import type { AuthClient } from "../core/authClient.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import type { AuthState } from "../core/authState.ts";

/** What a send came to, as far as the policy looks at it. */
export interface Outcome {
  readonly status: number | undefined;
  /** Where the answer came from in the end, when that is known. */
  readonly url?: string | undefined;
}

export interface AuthorizedRequest<O extends Outcome> {
  /** Who was signed in when the caller asked; the request is theirs, however long it waits. */
  readonly pinned: AuthState;
  /** Whether the body can go out twice and the caller wants it to. */
  readonly canResend: boolean;
  /** Runs one wait with a signal that ends it by the caller's own abort or time-out. */
  wait<T>(work: (signal: AbortSignal | undefined) => Promise<T>): Promise<T>;
  /** Sends the whole request, with this token or without any. Called twice at most. */
  send(token: string | null): Promise<O>;
  isAllowed(address: string): boolean;
  /** No new token was to be had; `refused` is what the caller gets. */
  onRefreshFailed(refused: O, error: unknown): void;
}

/**
 * One request with the token of the subject that it was made by. On 401 for that token it is sent once more with a newer one;
 * a second 401 is the caller's. Without a newer token the first 401 is. Nobody signed in: sent as it is.
 *
 * @throws AuthError `sessionEnded`, `identityChanged`, `unavailable`, `aborted`, `disposed`; and whatever `send` throws.
 */
export async function authorizeRequest<O extends Outcome>(auth: AuthClient, request: AuthorizedRequest<O>): Promise<O> {
  let subject: string | undefined;
  const token = await request.wait(async (signal) => {
    const state = request.pinned.status === "loading" ? await auth.ready({ signal }) : request.pinned;
    subject = subjectOf(state, auth.onSessionEnd);
    return subject === undefined ? null : auth.getAccessToken({ subject, signal });
  });
  const first = await request.send(token);
  // A redirect may have led to a stranger, where the token did not follow: that 401 is not about it.
  if (token === null || first.status !== 401 || (first.url && !request.isAllowed(first.url))) return first;

  const renewal = request.wait((signal) => auth.getAccessToken({ subject, signal, rejectedToken: token }));
  if (!request.canResend) {
    // The caller has its 401 at once; that the token is dead counts all the same, for the next request.
    renewal.catch(() => {});
    return first;
  }
  let renewed: string;
  try {
    renewed = await renewal;
  } catch (error) {
    if (isAuthError(error, "identityChanged")) throw error;
    request.onRefreshFailed(first, error);
    return first;
  }
  return renewed === token ? first : request.send(renewed);
}

/** The subject that the request needs a token of; undefined when it goes without. */
function subjectOf(state: AuthState, onSessionEnd: AuthClient["onSessionEnd"]): string | undefined {
  if (state.status === "authenticated") return state.identity.subject;
  if (state.status === "loading" || state.reason === "none" || state.reason === "signedOut") return undefined;
  if (onSessionEnd === "hold" && state.previousIdentity) return state.previousIdentity.subject;
  throw new AuthError("sessionEnded", "The session ended before this request was made; sign in and make it again.");
}
