import type { GetAccessTokenOptions } from "./authClient.ts";
import { AuthError } from "./authError.ts";
import { remainingMs } from "./lifetime.ts";
import type { FlightResult, Parts, Tokens } from "./parts.ts";
import { toUnavailable } from "./ready.ts";
import { isOpen, isSameSession, type OpenSession } from "./session.ts";
import { isSpent, isWorthReplacing, willDo } from "./token.ts";
import { abortable } from "./wait.ts";

const MOST_ROUNDS = 6;

/** What one caller has been through while it waits. */
interface Attempt {
  readonly wanted: GetAccessTokenOptions;
  readonly askedAt: number;
  flights: number;
  last: FlightResult;
}

export function createTokens(parts: Parts): Tokens {
  const { platform, options, store, refresh, lifecycle, signing, tabs, waits } = parts;
  const { clock } = platform;
  const { getState, dispatch, authState } = store;
  const { waitFor, untilChanged } = waits;
  let waitingCount = 0;
  // One wait for all callers: ten thousand of their own would each listen, time and clean up.
  let awaited: { readonly session: OpenSession; readonly result: Promise<FlightResult> } | null = null;

  /** The shared refresh, or less of it: once `session` is not open here any more, nobody need wait for its answer. */
  function refreshFor(session: OpenSession): Promise<FlightResult> {
    if (awaited !== null && isSameSession(awaited.session, session)) return awaited.result;
    const settled = new AbortController();
    const hasLeft = (): boolean => !isOpen(getState().session) || !isSameSession(getState().session, session);
    const leaving = untilChanged(authState, hasLeft, settled.signal).then(() => ({ kind: "done" }) as const);
    leaving.catch(() => {});
    const result = Promise.race([refresh.run("request"), leaving]).finally(() => {
      settled.abort();
      if (awaited?.result === result) awaited = null;
    });
    result.catch(() => {});
    awaited = { session, result };
    return result;
  }

  async function getAccessToken(wanted: GetAccessTokenOptions = {}): Promise<string> {
    waitingCount += 1;
    try {
      return await obtain({ wanted, askedAt: clock.monotonicNow(), flights: 0, last: { kind: "done" } });
    } finally {
      waitingCount -= 1;
    }
  }

  function peekAccessToken(subject: string): string | null {
    const { session } = getState();
    if (!isOpen(session) || session.identity.subject !== subject || !lifecycle.isStarted()) return null;
    return willDo(session.token, clock) ? session.token.value : null;
  }

  async function obtain(attempt: Attempt): Promise<string> {
    const { signal, rejectedToken } = attempt.wanted;
    if (rejectedToken !== undefined) reject(rejectedToken);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (waits.isDisposed()) throw new AuthError("disposed");
      if (signal?.aborted) await abortable(Promise.resolve(), signal);
      if (!lifecycle.isStarted()) tabs.readRecord();
      const { session } = getState();
      if (!isOpen(session)) await untilOpen(signal);
      else {
        const value = takeToken(session, attempt);
        if (value !== null) return value;
        await renew(session, attempt);
      }
    }
    throw new AuthError("unavailable", "Sign-ins, sign-outs and refreshes kept overtaking each other; try again.");
  }

  /** Nobody is in (yet): waits where that may change, and tells where it will not. */
  async function untilOpen(signal: AbortSignal | undefined): Promise<void> {
    const { session, initialized } = getState();
    if (!initialized) return void (await parts.ready.untilInitialized(signal));
    // A first visitor is shown as nobody while the server is out of reach, but whether they are is not known.
    const failure = session === null ? refresh.lastFailure() : null;
    if (failure !== null) throw toUnavailable(parts, failure);
    const mayComeBack = session?.end === "expired" || session?.end === "revoked";
    if (options.onSessionEnd !== "hold" || !mayComeBack) throw new AuthError("sessionEnded");
    const isDecided = (): boolean => {
      const shown = authState.getState();
      return shown.status === "authenticated" || (shown.status === "unauthenticated" && shown.reason === "signedOut");
    };
    await untilChanged(authState, isDecided, signal);
  }

  /** The token at hand, if it will do for this caller. */
  function takeToken({ token, identity }: OpenSession, { wanted, askedAt, flights, last }: Attempt): string | null {
    if (wanted.subject !== undefined && identity.subject !== wanted.subject) throw new AuthError("identityChanged");
    // A client that is stopped hears nobody: what the record says is asked about before its token is given.
    if (!lifecycle.isStarted() && getState().unverified !== null && flights === 0) return null;
    // After a refresh its token is what there is, however short its life; an older one was not got for this caller.
    const isGot = last.kind === "done" && (flights > 1 || (flights === 1 && token.lifetime.sentAtMonotonic >= askedAt));
    if (willDo(token, clock, wanted.minValidityMs) || (isGot && !token.rejected)) return token.value;
    // Still good for a moment, and the server may be back by then, or there is nothing to renew it with.
    if ((last.kind !== "done" || !refresh.isRenewable()) && !isSpent(token, clock)) return token.value;
    // Refused, and renewed too often to be renewed once more: the token is not what is wrong, so the refusal is the caller's.
    return last.kind === "tooSoon" && remainingMs(token.lifetime, clock) > 0 ? token.value : null;
  }

  async function renew(session: OpenSession, attempt: Attempt): Promise<void> {
    const { signal } = attempt.wanted;
    if (!refresh.isRenewable()) return dispatch({ type: "lifetimePassed", session });
    if (attempt.last.kind !== "done") throw toUnavailable(parts, attempt.last.error);
    await waitFor(signing.settled(), signal);
    if (getState().session !== session) return;
    attempt.flights += 1;
    attempt.last = await waitFor(refreshFor(session), signal); // R4
  }

  function reject(value: string): void {
    const { session } = getState();
    if (isOpen(session) && session.token.value === value && isWorthReplacing(session.token, clock)) {
      dispatch({ type: "tokenRejected", value });
    }
  }

  return { waitingCount: () => waitingCount, getAccessToken, peekAccessToken };
}
