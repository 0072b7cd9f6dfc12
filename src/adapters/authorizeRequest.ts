import type { AuthClient } from "../core/authClient.ts";
import { AuthError, isAuthError } from "../core/authError.ts";
import type { AuthState } from "../core/authState.ts";
import { readStepUp } from "./readStepUp.ts";
import type { Person } from "./people.ts";
import type { RequestAuthorization, RequestPolicy } from "./requestPolicy.ts";

/** What a send came to, as far as the policy looks at it. */
export interface Outcome {
  readonly status: number | undefined;
  /** Where the answer came from in the end, when that is known. */
  readonly url?: string | undefined;
}

export interface AuthorizedRequest<O extends Outcome, Answer> {
  readonly method: string;
  readonly address: string;
  /** Who was signed in when the caller asked; the request is theirs, however long it waits. */
  readonly pinned: AuthState;
  readonly options: RequestAuthorization;
  /** Whether the body can go out twice. */
  readonly isRepeatable: boolean;
  /** Runs one wait with a signal that ends it by the caller's own abort or time-out. */
  wait<T>(work: (signal: AbortSignal | undefined) => Promise<T>): Promise<T>;
  /** Sends the whole request, with this token or without any, to be ended when `person` leaves. Called twice at most. */
  send(token: string | null, person: Person | undefined): Promise<O>;
  isAllowed(address: string): boolean;
  /** A view of what came back for `isRefused`; undefined when nothing did. */
  answerOf(outcome: O): Answer | undefined;
  /** A header of what came back. */
  headerOf(outcome: O, name: string): string | null | undefined;
  /** No new token was to be had; `refused` is what the caller gets. */
  onRefreshFailed(refused: O, error: unknown): void;
}

/**
 * One request with the token of the subject that it was made by. When that token is refused it is sent once more with a newer
 * one; a second refusal is the caller's. Without a newer token the first one is. Nobody signed in: sent as it is.
 *
 * @throws AuthError `sessionEnded`, `identityChanged`, `unavailable`, `aborted`, `disposed`; and whatever `send` throws.
 */
export async function authorizeRequest<O extends Outcome, Answer>(
  policy: RequestPolicy<Answer>,
  asked: AuthorizedRequest<O, Answer>,
): Promise<O> {
  const { auth } = policy;
  const request = auth.internals.watchRequest?.(asked) ?? asked;
  const { pinned, options } = request;
  let subject = pinned.status === "authenticated" ? pinned.identity.subject : undefined;
  // The common case: one look, no wait.
  let token = subject === undefined ? null : auth.internals.peekAccessToken(subject);
  let person = token === null ? undefined : policy.personOf(subject as string);
  if (token === null) {
    token = await request.wait(async (signal) => {
      const state = pinned.status === "loading" ? await auth.ready({ signal }) : pinned;
      subject = subjectOf(state, auth.onSessionEnd);
      if (subject === undefined) return null;
      person = policy.personOf(subject);
      return auth.getAccessToken({ subject, signal });
    });
    await policy.takeTurn();
  }
  const send = (): Promise<O> => {
    const left = person?.left();
    if (left) throw left;
    return request.send(token, options.outlives ? undefined : person);
  };
  const first = await send();
  if (token === null || !(policy.isRefused || first.status === 401) || !(await isRefused(policy, request, first)))
    return first;

  const rejectedToken = token;
  const renewal = request.wait((signal) => auth.getAccessToken({ subject, signal, rejectedToken }));
  if (!request.isRepeatable || options.retryOn401 === false) {
    // The caller has its refusal at once; that the token is dead counts all the same, for the next request.
    renewal.catch(() => {});
    return first;
  }
  try {
    token = await renewal;
  } catch (error) {
    if (isAuthError(error, "identityChanged")) throw error;
    request.onRefreshFailed(first, error);
    return first;
  }
  if (token === rejectedToken) return first;
  await policy.takeTurn();
  return send();
}

async function isRefused<O extends Outcome, Answer>(
  { auth, isRefused }: RequestPolicy<Answer>,
  { answerOf, headerOf, isAllowed }: AuthorizedRequest<O, Answer>,
  outcome: O,
): Promise<boolean> {
  // A redirect may have led to a stranger, where the token did not follow: that refusal is not about it.
  if (outcome.url && !isAllowed(outcome.url)) return false;
  // A fresh sign-in is asked for, which no refresh brings.
  const stepUp = outcome.status === 401 && readStepUp(headerOf(outcome, "www-authenticate"));
  if (stepUp) {
    auth.internals.emit("stepUpRequired", stepUp);
    return false;
  }
  const answer = isRefused && answerOf(outcome);
  return answer ? isRefused(answer) : !isRefused;
}

/** The subject that the request needs a token of; undefined when it goes without. */
function subjectOf(state: AuthState, onSessionEnd: AuthClient["onSessionEnd"]): string | undefined {
  if (state.status === "authenticated") return state.identity.subject;
  if (state.status === "loading" || state.reason === "none" || state.reason === "signedOut") return undefined;
  if (onSessionEnd === "hold" && state.previousIdentity) return state.previousIdentity.subject;
  throw new AuthError("sessionEnded");
}
