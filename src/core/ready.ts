import { AuthError, isAuthError } from "./authError.ts";
import type { AuthState } from "./authState.ts";
import type { Parts, Ready } from "./parts.ts";

/** How often the start-up is waited for in a row, when its answers keep being overtaken. */
const MOST_ROUNDS = 6;

/** What a caller is told where the server was not reached, in which `failure` is how. */
export function toUnavailable({ refresh }: Parts, failure: Error | null): AuthError {
  if (isAuthError(failure, "originNotAllowed")) return failure;
  const details = { cause: failure ?? undefined, retryAfterMs: refresh.retryAfterMs() };
  return new AuthError("unavailable", undefined, details);
}

export function createReady(parts: Parts): Ready {
  const { platform, store, refresh, lifecycle, signing, waits } = parts;
  const { clock } = platform;
  const { authState } = store;
  const { waitFor, untilChanged } = waits;
  let promised: { readonly promise: Promise<AuthState>; isGood(): boolean } | null = null;

  /** The same promise for as long as it says what is so: a component that uses it must not get another at each render. */
  function ready({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<AuthState> {
    if (waits.isDisposed()) return Promise.reject(new AuthError("disposed"));
    if (promised?.isGood() !== true) {
      const promise = untilInitialized();
      const made = { promise, isGood: (): boolean => true };
      promised = made;
      promise.then(
        (shown) => {
          made.isGood = () => authState.getState() === shown;
        },
        () => {
          const tryAgainAt = clock.now() + (refresh.retryAfterMs() ?? 0);
          made.isGood = () => authState.getState().status === "loading" && clock.now() < tryAgainAt;
        },
      );
    }
    return signal === undefined ? promised.promise : waitFor(promised.promise, signal);
  }

  async function untilInitialized(signal?: AbortSignal): Promise<AuthState> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (waits.isDisposed()) throw new AuthError("disposed");
      const shown = authState.getState();
      if (shown.status !== "loading") return shown;
      const settled = new AbortController();
      const known = untilChanged(authState, () => authState.getState().status !== "loading", settled.signal);
      const restored = lifecycle.restore("request");
      await waitFor(Promise.race([restored, known.catch(() => {})]), signal).finally(() => settled.abort());
      if (authState.getState().status === "loading") await waitFor(signing.settled(), signal);
      if (authState.getState().status === "loading" && refresh.lastFailure() !== null) break;
    }
    const shown = authState.getState();
    if (shown.status !== "loading") return shown;
    throw toUnavailable(parts, refresh.lastFailure());
  }

  return { ready, untilInitialized };
}
