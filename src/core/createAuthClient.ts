import type { AuthClient, AuthEventName } from "./authClient.ts";
import { type AuthClientOptions, readOptions } from "./authClientOptions.ts";
import { AuthError } from "./authError.ts";
import type { Activity } from "./authState.ts";
import type { BackendCall } from "./backend.ts";
import { createClientStore } from "./clientStore.ts";
import { createConfirmation } from "./confirmation.ts";
import { createHttpBackend } from "./createHttpBackend.ts";
import { compareSessions, isOpen, isSameSession, type Knowledge } from "./knowledge.ts";
import { createLifecycle } from "./lifecycle.ts";
import { createNotes, toHint } from "./note.ts";
import { createNoteKeeper } from "./noteKeeper.ts";
import { createPacing } from "./pacing.ts";
import type { Platform } from "./ports.ts";
import { createReadable } from "./readable.ts";
import { createRefresher } from "./refresher.ts";
import { describeFailure } from "./responses.ts";
import { createScheduler } from "./scheduler.ts";
import { createSignIns } from "./signIns.ts";
import { createSignOutQueue } from "./signOutQueue.ts";
import { createTabs } from "./tabs.ts";
import { withinTime } from "./timers.ts";
import { createTokenRequests, endedError } from "./tokenRequests.ts";
import { createTokenUse } from "./tokenUse.ts";
import type { ClientState, Effect } from "./transition.ts";
import { createWaits, disposedError } from "./waits.ts";

export type { AuthClientOptions } from "./authClientOptions.ts";

const LOOK_AGAIN_MS = 5_000;

/**
 * The client on the ports that it is given. Making it touches nothing: no timer, no listener, no request before `start`, `ready`
 * or a call that needs a session.
 *
 * @throws AuthError `invalidOptions`.
 */
export function createAuthClient(options: AuthClientOptions & { readonly platform: Platform }): AuthClient {
  const { platform } = options;
  const { baseUrl, guests, onSessionEnd, requestTimeoutMs, refreshWhileHidden, shareTokens, namespace } =
    readOptions(options);
  const { clock } = platform;
  const warn = (message: string): void => platform.warn?.(`stay-signed-in: ${message}`);
  const rethrow = (error: unknown): void => {
    clock.setTimer(() => {
      throw error;
    }, 0);
  };
  const backend = options.backend ?? createHttpBackend({ baseUrl, paths: options.paths, now: () => clock.now() });
  const notes = createNotes(namespace, clock, platform.storage, warn);

  let isRenewable = true;
  let retryAt: number | null = null;
  let lastFailure: Error | null = null;
  const waits = createWaits();
  const activity = createReadable<Activity>({ kind: "idle" }, rethrow);
  const tokenUse = createTokenUse(clock);
  const { isSpent, isUsable } = tokenUse;
  const store = createClientStore({ rethrow, isSpent, run, onApplied });
  const { getState, dispatch, emitter } = store;
  const getKnown = (): Knowledge | null => getState().known;

  function onApplied(before: ClientState, { known }: ClientState): () => void {
    if (!isSameSession(before.known, known)) isRenewable = true;
    if (before.known?.token !== known?.token || before.known?.end !== known?.end) retryAt = null;
    // Not by the token that it set out to replace: hearing of that one once more is no reason to give up the place.
    const isRenewed = known?.token !== before.known?.token;
    const isServed = isOpen(known)
      ? isRenewed && known.identity !== null && isUsable(known.token)
      : known !== before.known;
    if (isServed) refresher.leaveQueue();
    return () => {
      // A session that a hint told of: the siblings may have its token, else the server.
      if (lifecycle.isStarted() && isOpen(known) && known.token === null && known !== before.known)
        void restore("start");
      arm();
    };
  }

  function run(effect: Effect): void {
    if (effect.type === "share") {
      const known = getKnown();
      if (known !== null && !noteKeeper.write(known, effect.byHand)) readNote();
      tabs.tell();
    } else if (effect.type === "abortRefresh") refresher.abort();
    else void signOuts.add(effect.session, effect.token);
  }

  function arm(): void {
    if (lifecycle.isStarted()) scheduler.arm(getKnown(), retryAt);
    else scheduler.disarm();
  }

  const tabs = createTabs({
    platform,
    namespace,
    shareTokens,
    warn,
    getKnown,
    onTold(told, wasAsked) {
      const known = getKnown();
      // A sibling that has not been refused yet tells of the very token that was refused here: it is no better for that.
      if (known?.token?.rejected && told.token?.value === known.token.value) return;
      // Anybody on the origin can write such a token: by itself it names neither a first subject nor another one.
      const isAtHome =
        isOpen(known) &&
        known.identity !== null &&
        (known.identity.subject === told.identity?.subject || compareSessions(told, known) <= 0);
      const isNewcomer = told.token !== null && !isAtHome;
      // A sibling may answer later than it is waited for: the refresh that it then had under way is what this tab waits for.
      const isAnswer = (wasAsked || lifecycle.isRestoring()) && notes.isShared && isNoted(told);
      if (isNewcomer && !isAnswer) void confirmation.confirm(told);
      else dispatch({ type: "hinted", knowledge: told });
      if (noteKeeper.isBelow(told, getKnown())) tabs.tell();
    },
  });
  const noteKeeper = createNoteKeeper({
    notes,
    clock,
    getKnown,
    isRefuted: (session) => getState().refuted.some((refuted) => isSameSession(refuted, session)),
  });
  const isNoted = (told: Knowledge): boolean => {
    const note = notes.readSession();
    return note?.end === "open" && isSameSession(note, told);
  };

  function readNote(): void {
    const note = notes.readSession();
    if (note === null) return noteKeeper.check();
    const isFirst = getKnown() === null;
    const hint = toHint(note);
    // A sign-out binds; any other end may have been an error, and the server is asked again after a reload.
    if (isFirst || hint.end === "signedOut" || !isSameSession(hint, getKnown()))
      dispatch({ type: "hinted", knowledge: hint });
    else if (hint.end !== "open") dispatch({ type: "hinted", knowledge: { ...hint, hinted: false } });
    noteKeeper.check();
  }

  const pacing = createPacing(notes, clock, platform.random);
  const refresher = createRefresher({
    platform,
    namespace,
    requestTimeoutMs,
    backend,
    notes,
    pacing,
    tabs,
    getState,
    dispatch,
    readNote,
    isUsable,
    setActivity: (next) => activity.assign(next)(),
    warn,
    onUnsupported() {
      isRenewable = false;
      warn("This server has no refresh endpoint: the session lasts until its access token ends.");
      arm();
    },
    onFailed(error, until) {
      emitter.emit({ event: "refreshFailed", detail: { error, nextAttemptAt: until } });
    },
    onSettled(result) {
      lastFailure = result.kind === "failed" ? result.error : null;
      // A failure that names no moment needs one all the same: the timer of a spent token would run without a pause.
      retryAt = result.kind === "failed" ? (result.until ?? clock.now() + LOOK_AGAIN_MS) : null;
      arm();
    },
  });
  const refreshOnce = refresher.refresh;

  const scheduler = createScheduler({
    platform,
    refreshAheadMs: options.refreshAheadMs,
    isRenewable: () => isRenewable,
    warn,
    onDue() {
      if (!platform.signals.isOnline()) return;
      if (!refreshWhileHidden && !platform.signals.isVisible() && getState().settled) return;
      if (!getState().settled) void restore("timer");
      else void refreshOnce("timer");
    },
    onEnd: (known) => dispatch({ type: "lifetimePassed", session: known }),
  });
  const signOuts = createSignOutQueue({
    platform,
    backend,
    requestTimeoutMs,
    isSuperseded: (session) => session === null && (isOpen(getKnown()) || notes.readSession()?.end === "open"),
    onConfirmed: (session) => dispatch({ type: "signOutConfirmed", session: session ?? { number: 0, id: "" } }),
  });

  function call<T>(work: (given: BackendCall) => Promise<T>): Promise<T> {
    const disposal = new AbortController();
    const forget = waits.onDisposed(() => disposal.abort(disposedError()));
    return withinTime(clock, requestTimeoutMs, (signal) => work({ fetch: platform.fetch, signal }), disposal.signal)
      .catch((error: unknown) => {
        if (error instanceof AuthError) throw error;
        throw new AuthError("unavailable", "The server could not be reached; try again.", {
          cause: describeFailure(error),
        });
      })
      .finally(forget);
  }

  const lifecycle = createLifecycle({
    platform,
    namespace,
    guests,
    store,
    waits,
    tabs,
    noteKeeper,
    signOuts,
    readNote,
    rethrow,
    isUsable,
    isRenewable: () => isRenewable,
    isOutage: () => retryAt !== null,
    refreshOnce,
    enterAsGuest: () => signIns.enter("guest", (given) => backend.signInAsGuest(given)),
    arm,
    onStopped() {
      scheduler.disarm();
      confirmation.stop();
    },
  });
  const { restore, startGuest } = lifecycle;

  const confirmation = createConfirmation({
    clock,
    backend,
    call,
    getKnown,
    isSpent,
    isListening: () => lifecycle.isStarted(),
    ask: () => void tabs.ask(),
    onConfirmed: (knowledge) => dispatch({ type: "hinted", knowledge }),
  });
  const { ready, getAccessToken, peekAccessToken, fetchUser, waitingCount } = createTokenRequests({
    clock,
    backend,
    call,
    store,
    lastFailure: () => lastFailure,
    tokenUse,
    waits,
    onSessionEnd,
    isRenewable: () => isRenewable,
    retryAfterMs: () => (retryAt === null ? undefined : Math.max(0, retryAt - clock.now())),
    restore,
    refreshOnce,
    signInSettled: () => signIns.settled(),
  });
  const signIns = createSignIns({
    clock,
    backend,
    call,
    store,
    signOuts,
    waits,
    isRemembered: () => notes.isShared,
    getAccessToken,
    readNote,
    startGuest,
    onAnswered: pacing.noteSuccess,
    onFailed() {
      if (lifecycle.isStarted() && !getState().settled) void restore("request");
      else arm();
    },
  });
  const { enter } = signIns;

  return {
    baseUrl,
    onSessionEnd,
    internals: {
      namespace,
      platform,
      planned: () => scheduler.planned(),
      waitingCount,
      readBackoff: () => notes.readAttempt(),
      get sessionEndpoints() {
        return backend.sessionEndpoints ?? [];
      },
      peekAccessToken,
      requireStepUp: (detail) => emitter.emit({ event: "stepUpRequired", detail }),
    },
    activity,
    accessToken: store.accessToken,
    getState: store.authState.getState,
    subscribe: store.authState.subscribe,
    on: <E extends AuthEventName>(...given: Parameters<typeof emitter.on<E>>) => emitter.on<E>(...given),
    start: lifecycle.start,
    ready,
    signIn: (credentials) => enter("user", (given) => backend.signIn(credentials, given)),
    register: (account) =>
      enter("user", async (given) => {
        await backend.register(account, given);
        return backend.signIn({ username: account.email, password: account.password }, given);
      }),
    signInAsGuest() {
      if (waits.isDisposed()) return Promise.reject(disposedError());
      if (guests === "never") {
        return Promise.reject(
          new AuthError("guestsDisabled", 'Guest sessions are off: set `guests` to "onRequest" to allow them.'),
        );
      }
      const shown = store.authState.getState();
      if (shown.status === "authenticated" && !shown.identity.isGuest) {
        return Promise.reject(
          new AuthError("sessionExists", "Somebody is signed in here; sign out first to become a guest."),
        );
      }
      return enter("guest", (given) => backend.signInAsGuest(given));
    },
    signOut: signIns.signOut,
    getAccessToken,
    async refresh() {
      await ready();
      if (getKnown()?.end === "signedOut") throw endedError();
      const result = await waits.waitFor(refreshOnce("call"), undefined);
      if (result.kind === "failed") throw result.error;
      if (!isOpen(getKnown())) throw endedError();
    },
    fetchUser,
    dispose() {
      if (waits.isDisposed()) return;
      waits.dispose();
      lifecycle.dispose();
      scheduler.disarm();
      noteKeeper.dispose();
      tabs.dispose();
      signOuts.dispose();
      refresher.abort();
      store.clear();
      activity.clear();
    },
  };
}
