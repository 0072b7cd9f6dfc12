import type { AuthClient, AuthEventName } from "./authClient.ts";
import { type AuthClientOptions, readOptions } from "./authClientOptions.ts";
import { AuthError } from "./authError.ts";
import type { Activity } from "./authState.ts";
import type { BackendCall } from "./backend.ts";
import { createClientStore } from "./clientStore.ts";
import { createConfirmation } from "./confirmation.ts";
import { createHttpBackend } from "./createHttpBackend.ts";
import { compareSessions, isOpen, isSameSession, type Knowledge } from "./knowledge.ts";
import { createNotes, toHint } from "./note.ts";
import { createNoteKeeper } from "./noteKeeper.ts";
import { createPacing } from "./pacing.ts";
import type { Platform, Signal } from "./ports.ts";
import { createReadable } from "./readable.ts";
import { createRefresher, type FlightResult } from "./refresher.ts";
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

/** How often the siblings and the server are asked in a row who is signed in, when answers keep being overtaken. */
const MOST_ROUNDS = 6;
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
  let isDisposed = false;
  /** How many sign-ins and sign-outs of this tab the note has been told of. */
  let sharedActs = 0;
  let starts = 0;
  let retryAt: number | null = null;
  let lastFailure: Error | null = null;
  let startUp: Promise<void> | null = null;
  let stopListening: (() => void) | null = null;
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
      if (starts > 0 && isOpen(known) && known.token === null && known !== before.known) void restore(false);
      arm();
    };
  }

  function run(effect: Effect): void {
    if (effect.type === "share") {
      const { known, acts } = getState();
      if (known !== null) noteKeeper.write(known, acts !== sharedActs);
      sharedActs = acts;
      tabs.tell();
    } else if (effect.type === "abortRefresh") refresher.abort();
    else void signOuts.add(effect.session, effect.token);
  }

  function arm(): void {
    if (starts === 0 || isDisposed) return scheduler.disarm();
    scheduler.arm(getKnown(), retryAt);
  }

  const tabs = createTabs({
    platform,
    namespace,
    shareTokens,
    warn,
    getKnown,
    onTold(told, wasAsked) {
      const known = getKnown();
      // Anybody on the origin can write such a token: by itself it names neither a first subject nor another one.
      const isNewcomer =
        told.token !== null &&
        (!isOpen(known) ||
          (known.identity !== null &&
            known.identity.subject !== told.identity?.subject &&
            compareSessions(told, known) > 0));
      if (isNewcomer && !(wasAsked && notes.isShared && isNoted(told))) void confirmation.confirm(told);
      else dispatch({ type: "hinted", knowledge: told });
      if (noteKeeper.isBelow(told, getKnown())) tabs.tell();
    },
  });
  const noteKeeper = createNoteKeeper({ notes, clock, getKnown });
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
  });

  /** One refresh for whoever needs it; afterwards the timer stands where the outcome says. */
  async function refreshOnce(early: boolean, forced = false): Promise<FlightResult> {
    const result = await refresher.refresh({ early, forced });
    lastFailure = result.kind === "failed" ? result.error : null;
    // A failure that names no moment needs one all the same: the timer of a spent token would run without a pause.
    retryAt = result.kind === "failed" ? (result.until ?? clock.now() + LOOK_AGAIN_MS) : null;
    arm();
    return result;
  }

  const scheduler = createScheduler({
    platform,
    refreshAheadMs: options.refreshAheadMs,
    isRenewable: () => isRenewable,
    warn,
    onDue() {
      if (!platform.signals.isOnline()) return;
      if (!refreshWhileHidden && !platform.signals.isVisible() && getState().settled) return;
      if (!getState().settled) void restore(false);
      else void refreshOnce(false, true);
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
    return withinTime(clock, requestTimeoutMs, (signal) => work({ fetch: platform.fetch, signal }), waits.signal).catch(
      (error: unknown) => {
        if (error instanceof AuthError) throw error;
        throw new AuthError("unavailable", "The server could not be reached; try again.", {
          cause: describeFailure(error),
        });
      },
    );
  }

  function isRestored(): boolean {
    const { known, settled } = getState();
    return isOpen(known) ? known.identity !== null && known.token !== null : settled;
  }

  /** Finds out who is signed in: the note, what is owed, the siblings, the server; in this order, once at a time. */
  function restore(early: boolean): Promise<void> {
    startUp ??= (async () => {
      readNote();
      const known = getKnown();
      if (known?.end === "signedOut" && known.owed) await signOuts.add(known.number === 0 ? null : known, null);
      for (let round = 0; round < MOST_ROUNDS && !isRestored(); round += 1) {
        await tabs.ask();
        if (isDisposed || isRestored() || (await refreshOnce(early)).kind === "failed") break;
      }
      if (getState().settled) await startGuest();
    })()
      .catch((error: unknown) => rethrow(error))
      .finally(() => {
        startUp = null;
      });
    return startUp;
  }

  /** Only where no user was ever there, or one has left on purpose: nobody becomes a guest by a session that ended. */
  async function startGuest(): Promise<void> {
    const known = getKnown();
    if (guests !== "automatic" || isOpen(known) || signOuts.isOwing() || isDisposed) return;
    if (known !== null && !known.isGuest && known.end !== "signedOut") return;
    await signIns.enter("guest", (given) => backend.signInAsGuest(given)).catch(() => {});
  }

  function wake(signal: Signal): void {
    if (signal === "suspended") return tabs.close();
    if (signal === "hidden" || signal === "offline") return;
    if (signal === "restored" || signal === "resumed") {
      tabs.open();
      noteKeeper.resumed();
      readNote();
      tabs.tell();
      void tabs.ask();
    }
    void signOuts.payNow();
    const known = getKnown();
    if (!getState().settled || (isOpen(known) && known.token === null)) return void restore(true);
    if (!isOpen(known)) return void tabs.ask();
    if (!isRenewable) return arm();
    if (!isUsable(known.token) || retryAt !== null) void refreshOnce(true);
    else arm();
  }

  function start(): () => void {
    if (isDisposed) throw disposedError();
    starts += 1;
    if (starts === 1) {
      tabs.open();
      const unsubscribe = platform.signals.subscribe(wake);
      const unwatch =
        platform.openChannel === undefined ? platform.storage?.onChange?.(`${namespace}:session`, readNote) : undefined;
      stopListening = () => {
        unsubscribe();
        unwatch?.();
        tabs.close();
        noteKeeper.dispose();
        scheduler.disarm();
        confirmation.stop();
      };
      if (!getState().settled) void restore(false);
      else wake("resumed");
      arm();
    }
    let isStopped = false;
    return () => {
      if (isStopped) return;
      isStopped = true;
      starts -= 1;
      if (starts === 0) stopListening?.();
    };
  }

  const confirmation = createConfirmation({
    clock,
    backend,
    call,
    getKnown,
    isSpent,
    isListening: () => starts > 0,
    ask: () => void tabs.ask(),
    onConfirmed: (knowledge) => dispatch({ type: "hinted", knowledge }),
  });
  const { ready, getAccessToken, fetchUser } = createTokenRequests({
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
      if (starts > 0 && !isDisposed && !getState().settled) void restore(true);
      else arm();
    },
  });
  const { enter } = signIns;

  return {
    baseUrl,
    onSessionEnd,
    activity,
    accessToken: store.accessToken,
    getState: store.authState.getState,
    subscribe: store.authState.subscribe,
    on: <E extends AuthEventName>(...given: Parameters<typeof emitter.on<E>>) => emitter.on<E>(...given),
    start,
    ready,
    signIn: (credentials) => enter("user", (given) => backend.signIn(credentials, given)),
    register: (account) =>
      enter("user", async (given) => {
        await backend.register(account, given);
        return backend.signIn({ username: account.email, password: account.password }, given);
      }),
    signInAsGuest() {
      if (isDisposed) return Promise.reject(disposedError());
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
      const result = await waits.waitFor(refreshOnce(true, true), undefined);
      if (result.kind === "failed") throw result.error;
      if (!isOpen(getKnown())) throw endedError();
    },
    fetchUser,
    dispose() {
      if (isDisposed) return;
      isDisposed = true;
      starts = 0;
      stopListening?.();
      scheduler.disarm();
      noteKeeper.dispose();
      tabs.dispose();
      signOuts.dispose();
      refresher.abort();
      waits.dispose();
      store.clear();
      activity.clear();
    },
  };
}
