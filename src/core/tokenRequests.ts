import type { GetAccessTokenOptions, User } from "./authClient.ts";
import { AuthError } from "./authError.ts";
import type { AuthState, RefreshTrigger } from "./authState.ts";
import type { Backend, BackendCall } from "./backend.ts";
import type { ClientStore } from "./clientStore.ts";
import { type HeldToken, isOpen, isSameSession, type Knowledge } from "./knowledge.ts";
import type { Clock } from "./ports.ts";
import type { FlightResult } from "./refresher.ts";
import { abortable } from "./timers.ts";
import type { TokenUse } from "./tokenUse.ts";
import { disposedError, type Waits } from "./waits.ts";

// A token that came to replace a refused one and is refused as well is left alone this long: it is not what is wrong.
const REJECTION_COOLDOWN_MS = 30_000;
const MOST_ROUNDS = 6;

export const endedError = (): AuthError =>
  new AuthError("sessionEnded", "Nobody is signed in (any more): call `signIn`, or show your sign-in page.");

const changedError = (): AuthError =>
  new AuthError(
    "identityChanged",
    "This request was made as somebody who is no longer signed in here; it was not sent.",
  );

export interface TokenRequests {
  /** How many callers wait for an access token. */
  waitingCount(): number;
  ready(options?: { signal?: AbortSignal | undefined }): Promise<AuthState>;
  getAccessToken(options?: GetAccessTokenOptions): Promise<string>;
  peekAccessToken(subject: string): string | null;
  fetchUser(options?: { signal?: AbortSignal | undefined }): Promise<User>;
}

/** What callers ask of a client, and how long each of them waits for it. */
export function createTokenRequests({
  clock,
  backend,
  call,
  store: { getState, dispatch, authState },
  lastFailure,
  tokenUse: { leftMs, isSpent, willDo },
  waits,
  onSessionEnd,
  isRenewable,
  retryAfterMs,
  restore,
  refreshOnce,
  signInSettled,
}: {
  readonly clock: Clock;
  readonly backend: Backend;
  readonly call: <T>(work: (given: BackendCall) => Promise<T>) => Promise<T>;
  readonly store: Pick<ClientStore, "getState" | "dispatch" | "authState">;
  /** How the last refresh failed, if it did. */
  readonly lastFailure: () => Error | null;
  readonly tokenUse: TokenUse;
  readonly waits: Waits;
  readonly onSessionEnd: "reject" | "hold";
  readonly isRenewable: () => boolean;
  readonly retryAfterMs: () => number | undefined;
  readonly restore: (trigger: RefreshTrigger) => Promise<void>;
  readonly refreshOnce: (trigger: RefreshTrigger) => Promise<FlightResult>;
  /** Settles with the sign-in under way, if there is one. */
  readonly signInSettled: () => Promise<void>;
}): TokenRequests {
  const { waitFor, untilChanged } = waits;
  let waitingCount = 0;
  // One wait for all callers: ten thousand of their own would each listen, time and clean up.
  let awaited: { readonly session: Knowledge; readonly result: Promise<FlightResult> } | null = null;

  /** The shared refresh, or less of it: once `session` is not open here any more, nobody need wait for its answer. */
  function refreshFor(session: Knowledge): Promise<FlightResult> {
    if (awaited !== null && isSameSession(awaited.session, session)) return awaited.result;
    const settled = new AbortController();
    const hasLeft = (): boolean => !isOpen(getState().known) || !isSameSession(getState().known, session);
    const leaving = untilChanged(authState, hasLeft, settled.signal).then(() => ({ kind: "done" }) as const);
    leaving.catch(() => {});
    const result = Promise.race([refreshOnce("request"), leaving]).finally(() => {
      settled.abort();
      if (awaited?.result === result) awaited = null;
    });
    awaited = { session, result };
    return result;
  }

  let promised: { readonly promise: Promise<AuthState>; isGood(): boolean } | null = null;

  /** The same promise for as long as it says what is so: a component that uses it must not get another at each render. */
  function ready({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<AuthState> {
    if (waits.isDisposed()) return Promise.reject(disposedError());
    if (promised?.isGood() !== true) {
      const promise = untilKnown();
      const made = { promise, isGood: (): boolean => true };
      promised = made;
      promise.then(
        (shown) => {
          made.isGood = () => authState.getState() === shown;
        },
        () => {
          const tryAgainAt = clock.now() + (retryAfterMs() ?? 0);
          made.isGood = () => authState.getState().status === "loading" && clock.now() < tryAgainAt;
        },
      );
    }
    return signal === undefined ? promised.promise : waitFor(promised.promise, signal);
  }

  async function untilKnown(signal?: AbortSignal): Promise<AuthState> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (waits.isDisposed()) throw disposedError();
      const shown = authState.getState();
      if (shown.status !== "loading") return shown;
      const settled = new AbortController();
      const known = untilChanged(authState, () => authState.getState().status !== "loading", settled.signal);
      await waitFor(Promise.race([restore("request"), known.catch(() => {})]), signal).finally(() => settled.abort());
      if (authState.getState().status === "loading") await waitFor(signInSettled(), signal);
      if (authState.getState().status === "loading" && lastFailure() !== null) break;
    }
    const shown = authState.getState();
    if (shown.status !== "loading") return shown;
    const cause = lastFailure();
    if (cause !== null && isAuthErrorOfOrigin(cause)) throw cause;
    throw new AuthError(
      "unavailable",
      "Who is signed in is not known yet: the server was not reached. The client goes on trying.",
      { cause: cause ?? undefined },
    );
  }

  function reject(value: string): void {
    const { known } = getState();
    const token = isOpen(known) ? known.token : null;
    if (token === null || token.value !== value) return;
    const ageMs = clock.monotonicNow() - token.lifetime.sentAtMonotonic;
    if (token.afterRejection && ageMs < REJECTION_COOLDOWN_MS && leftMs(token) > 0) return;
    dispatch({ type: "tokenRejected", value });
  }

  async function getAccessToken(wanted: GetAccessTokenOptions = {}): Promise<string> {
    waitingCount += 1;
    try {
      return await obtain(wanted);
    } finally {
      waitingCount -= 1;
    }
  }

  function peekAccessToken(subject: string): string | null {
    const { known } = getState();
    if (!isOpen(known) || known.token === null || known.identity?.subject !== subject || waits.isDisposed())
      return null;
    return willDo(known.token, undefined) ? known.token.value : null;
  }

  const isOlder = (token: HeldToken | null, at: number): boolean =>
    token !== null && token.lifetime.sentAtMonotonic < at;

  async function obtain(wanted: GetAccessTokenOptions): Promise<string> {
    const { minValidityMs, rejectedToken, subject, signal } = wanted;
    if (rejectedToken !== undefined) reject(rejectedToken);
    let lastFailure: Error | null = null;
    const askedAt = clock.monotonicNow();
    let flights = 0;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (waits.isDisposed()) throw disposedError();
      if (signal?.aborted) await abortable(Promise.resolve(), signal);
      const { known } = getState();
      if (isOpen(known) && known.identity !== null && subject !== undefined && known.identity.subject !== subject)
        throw changedError();
      const token = isOpen(known) && known.identity !== null ? known.token : null;
      // After a refresh its token is what there is, however short its life; one that is older was not got for this caller.
      const isGot = lastFailure === null && (flights > 1 || (flights === 1 && !isOlder(token, askedAt)));
      if (token !== null && (willDo(token, minValidityMs) || (isGot && !token.rejected))) return token.value;
      if (known === null || !isOpen(known)) {
        if (!getState().settled) {
          await untilKnown(signal);
          continue;
        }
        if (onSessionEnd !== "hold" || (known?.end !== "expired" && known?.end !== "revoked")) throw endedError();
        await untilChanged(
          authState,
          () => {
            const shown = authState.getState();
            return (
              shown.status === "authenticated" || (shown.status === "unauthenticated" && shown.reason === "signedOut")
            );
          },
          signal,
        );
        continue;
      }
      if (!isRenewable()) {
        if (token !== null && !isSpent(token)) return token.value;
        dispatch({ type: "lifetimePassed", session: known });
        continue;
      }
      if (lastFailure !== null) {
        // Still good for a moment, and the server may be back by then.
        if (token !== null && !isSpent(token)) return token.value;
        if (isAuthErrorOfOrigin(lastFailure)) throw lastFailure;
        throw new AuthError(
          "unavailable",
          "No access token for now: the server was not reached. Try again in a while.",
          {
            cause: lastFailure,
            retryAfterMs: retryAfterMs(),
          },
        );
      }
      await waitFor(signInSettled(), signal);
      if (getState().known !== known) continue;
      flights += 1;
      const result = await waitFor(refreshFor(known), signal);
      lastFailure = result.kind === "failed" ? result.error : null;
    }
    throw new AuthError(
      "unavailable",
      "No access token could be kept: sign-ins, sign-outs and refreshes kept overtaking each other. Try again.",
    );
  }

  const isAuthErrorOfOrigin = (error: Error): boolean =>
    error instanceof AuthError && error.code === "originNotAllowed";

  async function fetchUser({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<User> {
    let token = await getAccessToken({ signal });
    const { known } = getState();
    const subject = isOpen(known) ? known.identity?.subject : undefined;
    for (const isLast of [false, true]) {
      const value = token;
      const user = await waitFor(
        call((given) => backend.fetchUser(value, given)),
        signal,
      );
      if (user !== null) return user;
      if (isLast) break;
      token = await getAccessToken({ rejectedToken: value, subject, signal });
      if (token === value) break;
    }
    throw new AuthError("badResponse", "The server refuses a token that it has just issued.", { status: 401 });
  }

  return { waitingCount: () => waitingCount, ready, getAccessToken, peekAccessToken, fetchUser };
}
