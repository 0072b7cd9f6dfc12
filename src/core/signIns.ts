import { toKnowledge } from "./answers.ts";
import { AuthError } from "./authError.ts";
import type { Identity } from "./authState.ts";
import type { Backend, BackendCall, TokenAnswer } from "./backend.ts";
import { backendGap } from "./backendGap.ts";
import type { ClientStore } from "./clientStore.ts";
import { isOpen, isSameSession } from "./knowledge.ts";
import type { Clock } from "./ports.ts";
import type { SignOutQueue } from "./signOutQueue.ts";
import { disposedError, type Waits } from "./waits.ts";

export interface SignIns {
  enter(kind: "user" | "guest", post: (given: BackendCall) => Promise<TokenAnswer>): Promise<Identity>;
  signOut(options?: { everywhere?: boolean | undefined }): Promise<void>;
  /** Settles, never rejects, with the last sign-in. */
  settled(): Promise<void>;
}

/** What people do: they sign in and out. Neither waits for a lock, and each outranks what is under way. */
export function createSignIns({
  clock,
  backend,
  call,
  store: { getState, dispatch },
  signOuts,
  waits,
  isRemembered,
  getAccessToken,
  readNote,
  startGuest,
  onAnswered,
  onFailed,
}: {
  readonly clock: Clock;
  readonly backend: Backend;
  readonly call: <T>(work: (given: BackendCall) => Promise<T>) => Promise<T>;
  readonly store: Pick<ClientStore, "getState" | "dispatch">;
  readonly signOuts: SignOutQueue;
  readonly waits: Waits;
  /** Whether a sign-out that is owed outlives this page. */
  readonly isRemembered: () => boolean;
  readonly getAccessToken: () => Promise<string>;
  readonly readNote: () => void;
  readonly startGuest: () => Promise<void>;
  readonly onAnswered: () => void;
  /** The refresh that made way for a sign-in may still be needed. */
  readonly onFailed: () => void;
}): SignIns {
  let lastSignIn: Promise<unknown> = Promise.resolve();

  /** A sign-in of any kind. Those of one tab go one after the other, so that the server's numbers tell them apart. */
  function enter(kind: "user" | "guest", post: (given: BackendCall) => Promise<TokenAnswer>): Promise<Identity> {
    if (waits.isDisposed()) return Promise.reject(disposedError());
    dispatch({ type: "actBegan" });
    const { acts } = getState();
    const entering = lastSignIn
      .catch(() => {})
      .then(async () => {
        if (kind === "guest" && signOuts.isOwing() && !(await signOuts.payNow())) {
          throw new AuthError(
            "unavailable",
            "A sign-out has not reached the server yet; a guest session has to wait for it.",
          );
        }
        const sent = { sentAt: clock.now(), sentAtMonotonic: clock.monotonicNow() };
        const then = getState();
        const knowledge = await call(async (given) =>
          toKnowledge(await post(given), { held: then.known, sent, isRefresh: false, backend, call: given, clock }),
        );
        onAnswered();
        dispatch({ type: "signInAnswered", knowledge, basis: { ...then, acts } });
        const { known } = getState();
        if (!isOpen(known) || !isSameSession(known, knowledge) || known.identity === null) {
          throw new AuthError(
            "superseded",
            "A later sign-in or sign-out overtook this sign-in; its session was ended.",
          );
        }
        return known.identity;
      });
    lastSignIn = entering;
    entering.catch(onFailed);
    return entering;
  }

  async function signOutOthers(token: string | null): Promise<void> {
    if (token === null) return;
    await call(async (given) => {
      if (backend.signOutOthers === undefined) throw backendGap("signOutOthers");
      await backend.signOutOthers(token, given);
    });
  }

  async function signOut({ everywhere = false }: { everywhere?: boolean | undefined } = {}): Promise<void> {
    if (waits.isDisposed()) throw disposedError();
    if (everywhere) {
      const token = await getAccessToken();
      await signOutOthers(token);
    }
    // Another tab may have signed in a moment ago: a sign-out ends that session by its name, too.
    readNote();
    dispatch({ type: "signedOutHere" });
    const { known } = getState();
    const session = known === null || known.number === 0 ? null : { number: known.number, id: known.id };
    const hasPaid = !signOuts.isOwing() || (await waits.waitFor(signOuts.add(session, null), undefined));
    if (!hasPaid && !isRemembered()) {
      throw new AuthError(
        "unavailable",
        "Signed out here, but the server could not be told and nothing here can remember to: try again before closing the page.",
      );
    }
    if (hasPaid) await startGuest();
  }

  return {
    enter,
    signOut,
    settled: () =>
      lastSignIn.then(
        () => {},
        () => {},
      ),
  };
}
