import { toSession } from "./answers.ts";
import { AuthError, isAuthError } from "./authError.ts";
import type { Identity } from "./authState.ts";
import type { BackendCall, TokenAnswer } from "./backend.ts";
import { createLostSignIn } from "./lostSignIn.ts";
import type { Parts, SignInHow, Signing, SignInPost } from "./parts.ts";
import { discardSession, isOvertaken, isSomebodyElse, type PosedChallenge } from "./posedChallenge.ts";
import { requireMethod } from "./requireMethod.ts";
import { isNobody, isOpen, isSameSession, type SessionName, type SessionRecord } from "./session.ts";
import { isSignInChallenge, type SignInChallenge, type SignInResult } from "./signInChallenge.ts";
import { createSignOutQueue } from "./signOutQueue.ts";

const NOT_TOLD = "Signed out here, but the server could not be told: try again before closing the page.";

export function createSigning(parts: Parts): Signing {
  const { options, platform, backend, store, waits, record, tabs } = parts;
  const { clock } = platform;
  const { getState, dispatch } = store;
  const queue = createSignOutQueue(parts);
  const lost = createLostSignIn(parts, queue);
  const challenges = new WeakMap<SignInChallenge, PosedChallenge>();
  let lastSignIn: Promise<unknown> = Promise.resolve();

  /** A sign-in of any kind. Those of one tab go one after the other, so that the server's numbers tell them apart. */
  function signIn(post: (given: BackendCall) => Promise<TokenAnswer>): Promise<Identity>;
  function signIn(post: SignInPost, how?: SignInHow): Promise<SignInResult>;
  function signIn(post: SignInPost, { challenge, subject }: SignInHow = {}): Promise<SignInResult> {
    if (waits.isDisposed()) return Promise.reject(new AuthError("disposed"));
    const posed = challenge && challenges.get(challenge);
    // A code that is sent by its last digit and by the button is one answer.
    if (posed?.answering) return posed.answering;
    if (posed && isOvertaken(posed, getState())) return Promise.reject(new AuthError("superseded"));
    dispatch({ type: "signInBegan" }); // S1
    const { epoch } = getState();
    const entering = lastSignIn.catch(() => {}).then(() => enter(post, epoch, posed?.subject ?? subject));
    lastSignIn = entering;
    if (posed) Object.assign(posed, { epoch, answering: entering });
    // The refresh that made way for a sign-in may still be needed.
    void entering
      .then(isSignInChallenge, () => true)
      .then((isOutside) => {
        if (posed) Object.assign(posed, { answering: null, before: isOutside ? posed.before : getState() });
        if (!isOutside) return;
        if (parts.lifecycle.isStarted() && !getState().initialized) void parts.lifecycle.restore("request");
        else parts.schedule.arm();
      });
    return entering;
  }

  async function enter(post: SignInPost, epoch: number, subject: string | undefined): Promise<SignInResult> {
    if (getState().leftAt > epoch) throw new AuthError("superseded"); // S4
    const sent = { sentAt: clock.now(), sentAtMonotonic: clock.monotonicNow() };
    const then = getState();
    const answer = await parts
      .call(async (call) => {
        const given = await post({ ...call, subject });
        if (isSignInChallenge(given)) return given;
        return toSession(parts, given, { snapshot: then, sent, isRefresh: false, call });
      })
      .catch((error: unknown) => {
        if (isAuthError(error, "unavailable")) lost.noticed(epoch);
        throw error;
      });
    parts.pacing.noteSuccess();
    const now = getState();
    if (isSignInChallenge(answer)) {
      if (now.epoch !== epoch) throw new AuthError("superseded");
      challenges.set(answer, { epoch, before: then, subject, answering: null });
      return answer;
    }
    if (isSomebodyElse(subject, answer, now)) {
      await discardSession(parts, answer);
      throw new AuthError("identityChanged", "Somebody else answered: nothing has changed here.");
    }
    lost.replaced();
    dispatch({ type: "signInAnswered", answer, snapshot: { ...then, epoch } });
    const { session } = getState();
    if (isOpen(session) && isSameSession(session, answer)) return session.identity;
    throw new AuthError("superseded");
  }

  async function signInAsGuest(): Promise<Identity> {
    if (waits.isDisposed()) throw new AuthError("disposed");
    if (options.guests === "never") throw new AuthError("guestsDisabled");
    const post = requireMethod(backend, "signInAsGuest");
    const shown = store.authState.getState();
    if (shown.status === "authenticated" && !shown.identity.isGuest) throw new AuthError("sessionExists");
    const { epoch } = getState();
    const isFlushed = await flushSignOuts();
    if (getState().epoch !== epoch) throw new AuthError("superseded"); // S4
    if (!isFlushed) throw new AuthError("unavailable", "A sign-out has not reached the server yet; try again later.");
    return signIn(post);
  }

  async function signOut({ everywhere = false }: { everywhere?: boolean | undefined } = {}): Promise<void> {
    if (waits.isDisposed()) throw new AuthError("disposed");
    if (everywhere) {
      const token = await parts.tokens.getAccessToken();
      await parts.call((call) => requireMethod(backend, "signOutOthers")(token, call));
    }
    // Another tab may have signed in a moment ago: a sign-out ends that session by its name, too.
    tabs.readRecord();
    dispatch({ type: "signedOutHere" }); // S2
    lost.signedOut();
    const isDone = await waits.waitFor(queue.settled());
    if (!isDone && !record.isShared) throw new AuthError("unavailable", NOT_TOLD);
    if (isDone && options.guests === "automatic") await parts.lifecycle.startGuest();
  }

  /** S5: a sign-out may be another tab's, and that tab gone. */
  async function flushSignOuts(): Promise<boolean> {
    const { session, unverified } = getState();
    // T4: while somebody is in, a sign-out that was merely told is a question, and none that the server is told of.
    // The record may hold another one than was told last.
    const others = isOpen(session) ? [] : [unverified, record.readSession()];
    for (const pending of [session, ...others]) if (pending?.pendingSignOut) void queue.add(nameOf(pending), null);
    return queue.flush();
  }

  return {
    signIn,
    signInAsGuest,
    signOut,
    settled: async () => void (await lastSignIn.catch(() => {})),
    sendSignOut: queue.add,
    flushSignOuts,
    dispose: queue.dispose,
  };
}

const nameOf = (pending: SessionRecord): SessionName | null =>
  isNobody(pending) ? null : { number: pending.number, id: pending.id };
