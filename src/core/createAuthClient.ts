import { toKnowledge } from "./answers.ts";
import type { AuthClient, AuthEventName, GetAccessTokenOptions, User } from "./authClient.ts";
import { createAuthEmitter, happeningsBetween } from "./authEmitter.ts";
import { AuthError } from "./authError.ts";
import type { Activity, AuthState, Identity } from "./authState.ts";
import type { Backend, BackendCall, TokenAnswer } from "./backend.ts";
import { createHttpBackend, type HttpBackendPaths } from "./createHttpBackend.ts";
import { compareSessions, type HeldToken, isOpen, isSameSession, join, type Knowledge } from "./knowledge.ts";
import { defaultMinValidityMs, refreshFloorMs, remainingMs } from "./lifetime.ts";
import { createNotes, toHint } from "./note.ts";
import { createNoteKeeper } from "./noteKeeper.ts";
import { createPacing } from "./pacing.ts";
import type { Platform, Signal } from "./ports.ts";
import { createReadable } from "./readable.ts";
import { createRefresher } from "./refresher.ts";
import { describeFailure } from "./responses.ts";
import { createScheduler } from "./scheduler.ts";
import { createSignOutQueue } from "./signOutQueue.ts";
import { createTabs } from "./tabs.ts";
import { abortable, withinTime } from "./timers.ts";
import {
  type ClientEvent,
  type ClientState,
  type Effect,
  initialState,
  toAuthState,
  transition,
} from "./transition.ts";

/** How an app wants its session kept; every default is one that a newcomer can live with. */
export interface AuthClientOptions {
  /** Address of the auth endpoints. Default: `/v1/auth`. */
  readonly baseUrl?: string | undefined;
  /** Moves single endpoints of the default backend. */
  readonly paths?: Partial<HttpBackendPaths> | undefined;
  /** Any other server, instead of the one at `baseUrl`. */
  readonly backend?: Backend | undefined;
  /**
   * Who may become a guest: nobody, whoever calls `signInAsGuest`, or everybody for whom no user session was ever there or
   * who signed out. A user whose session ended is never made a guest. Default: `onRequest`.
   */
  readonly guests?: "never" | "onRequest" | "automatic" | undefined;
  /** Requests after the end of a session: rejected, or held until the same subject is back. Default: `reject`. */
  readonly onSessionEnd?: "reject" | "hold" | undefined;
  /** How long before its end a token is renewed, in milliseconds. Default: a fifth of the lifetime, 5 s to 2 min. */
  readonly refreshAheadMs?: number | undefined;
  /** How long one call to the server may take, in milliseconds. Default: 10 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether a hidden page renews its token ahead of need; `false` lets an idle session end. Default: true. */
  readonly refreshWhileHidden?: boolean | undefined;
  /** Whether tabs hand each other access tokens; otherwise each asks the server. Default: true. */
  readonly shareTokens?: boolean | undefined;
  /** Sets several clients on one origin apart. Default: `stay-signed-in:` and the `baseUrl`. */
  readonly namespace?: string | undefined;
}

// A token that came to replace a refused one and is refused as well is left alone this long: it is not what is wrong.
const REJECTION_COOLDOWN_MS = 30_000;
const ASK_AGAIN_MS = 5_000;
const MOST_ROUNDS = 6;

function readOptions(options: AuthClientOptions & { readonly platform: Platform }) {
  const { requestTimeoutMs = 10_000, refreshAheadMs } = options;
  if (!(requestTimeoutMs > 0))
    throw new AuthError("invalidOptions", "`requestTimeoutMs` must be a positive number of milliseconds.");
  if (refreshAheadMs !== undefined && !(refreshAheadMs >= 0)) {
    throw new AuthError("invalidOptions", "`refreshAheadMs` must be a number of milliseconds, zero or more.");
  }
  const given = (options.baseUrl ?? "/v1/auth").replace(/\/+$/, "");
  const { origin } = options.platform;
  const baseUrl = origin === undefined ? given : new URL(given, origin).href.replace(/\/+$/, "");
  return {
    baseUrl,
    guests: options.guests ?? "onRequest",
    onSessionEnd: options.onSessionEnd ?? "reject",
    requestTimeoutMs,
    refreshWhileHidden: options.refreshWhileHidden ?? true,
    shareTokens: options.shareTokens ?? true,
    namespace: options.namespace ?? `stay-signed-in:${given}`,
  };
}

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

  let state: ClientState = initialState;
  let isRenewable = true;
  let isDisposed = false;
  let isConfirming = false;
  let unconfirmed: Knowledge | null = null;
  let askAgain: (() => void) | null = null;
  let starts = 0;
  let retryAt: number | null = null;
  let startUp: Promise<void> | null = null;
  let lastSignIn: Promise<unknown> = Promise.resolve();
  let stopListening: (() => void) | null = null;
  const disposal = new AbortController();
  /** A set, not listeners on the signal: a thousand requests may wait for one refresh. */
  const waiting = new Set<() => void>();

  const emitter = createAuthEmitter(rethrow);
  const authState = createReadable<AuthState>(toAuthState(state), rethrow);
  const activity = createReadable<Activity>({ kind: "idle" }, rethrow);
  const accessToken = createReadable<string | null>(null, rethrow);

  const leftMs = (token: HeldToken): number => remainingMs(token.lifetime, clock);
  const isSpent = (token: HeldToken): boolean => token.rejected || leftMs(token) <= 0;
  const isUsable = (token: HeldToken | null): boolean =>
    token !== null && !token.rejected && leftMs(token) > defaultMinValidityMs(token.lifetime.lifetimeMs);

  // One event to its end before the next: a listener that signs out in the middle of a change is heard after it.
  const pendingEvents: ClientEvent[] = [];
  let isDispatching = false;
  function dispatch(event: ClientEvent): void {
    pendingEvents.push(event);
    if (isDispatching) return;
    isDispatching = true;
    try {
      for (let next = pendingEvents.shift(); next !== undefined; next = pendingEvents.shift()) apply(next);
    } finally {
      isDispatching = false;
    }
  }

  function apply(event: ClientEvent): void {
    const before = state;
    const step = transition(before, event, isSpent);
    state = step.state;
    if (!isSameSession(before.known, state.known)) isRenewable = true;
    if (before.known?.token !== state.known?.token || before.known?.end !== state.known?.end) retryAt = null;
    for (const effect of step.effects) run(effect);
    const token = isOpen(state.known) && state.known.identity !== null ? state.known.token : null;
    if (token !== null && isUsable(token)) refresher.leaveQueue();
    if (state.known !== null && !isOpen(state.known) && before.known !== state.known) refresher.leaveQueue();
    const shown = toAuthState(state);
    const isNew = !isSameState(authState.getState(), shown);
    // Both take their value before anybody is told: no listener sees one subject beside another's token.
    const tell = [isNew ? authState.assign(shown) : () => {}, accessToken.assign(token?.value ?? null)];
    for (const happening of isDisposed ? [] : happeningsBetween(before, state)) emitter.emit(happening);
    for (const tellOne of tell) tellOne();
    // A session that a hint told of: the siblings may have its token, else the server.
    if (starts > 0 && isOpen(state.known) && state.known.token === null && state.known !== before.known)
      void restore(false);
    arm();
  }

  function run(effect: Effect): void {
    if (effect.type === "share") {
      if (state.known !== null) noteKeeper.write(state.known);
      tabs.tell();
    } else if (effect.type === "abortRefresh") refresher.abort();
    else void signOuts.add(effect.session, effect.token);
  }

  function arm(): void {
    if (starts === 0 || isDisposed) return scheduler.disarm();
    scheduler.arm(state.known, retryAt);
  }

  const tabs = createTabs({
    platform,
    namespace,
    shareTokens,
    warn,
    getKnown: () => state.known,
    onTold(told, wasAsked) {
      const { known } = state;
      // Anybody on the origin can write such a token: by itself it names neither a first subject nor another one.
      const isNewcomer =
        told.token !== null &&
        (!isOpen(known) ||
          (known.identity !== null &&
            known.identity.subject !== told.identity?.subject &&
            compareSessions(told, known) > 0));
      if (isNewcomer && !(wasAsked && notes.isShared && isNoted(told))) void confirm(told);
      else dispatch({ type: "hinted", knowledge: told });
      if (noteKeeper.isBelow(told, state.known)) tabs.tell();
    },
  });
  const noteKeeper = createNoteKeeper({ notes, clock, getKnown: () => state.known });
  const isNoted = (told: Knowledge): boolean => {
    const note = notes.readSession();
    return note?.end === "open" && isSameSession(note, told);
  };

  /** A token from a message signs nobody in before the server has said whose it is. */
  async function confirm(told: Knowledge): Promise<void> {
    // Every sibling answers: one answer is looked into at a time, the latest session first.
    unconfirmed = unconfirmed === null ? told : join(unconfirmed, told, isSpent);
    if (isConfirming) return;
    isConfirming = true;
    while (unconfirmed !== null) {
      const candidate: Knowledge = unconfirmed;
      unconfirmed = null;
      if (isSameSession(state.known, candidate)) {
        dispatch({ type: "hinted", knowledge: candidate });
        continue;
      }
      try {
        const user = await call((given) => backend.fetchUser(candidate.token?.value ?? "", given));
        if (user?.id === candidate.identity?.subject) dispatch({ type: "hinted", knowledge: candidate });
      } catch {
        // Out of reach. The siblings are asked again, not the server: by then they may know better.
        if (starts > 0) {
          askAgain ??= clock.setTimer(() => {
            askAgain = null;
            void tabs.ask();
          }, ASK_AGAIN_MS);
        }
      }
    }
    isConfirming = false;
  }

  function readNote(): void {
    const note = notes.readSession();
    if (note === null) return noteKeeper.check();
    const isFirst = state.known === null;
    const hint = toHint(note);
    // A sign-out binds; any other end may have been an error, and the server is asked again after a reload.
    if (isFirst || hint.end === "signedOut" || !isSameSession(hint, state.known))
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
    getState: () => state,
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
  async function refreshOnce(early: boolean, forced = false): ReturnType<typeof refresher.refresh> {
    const result = await refresher.refresh({ early, forced });
    retryAt = result.kind === "failed" ? result.until : null;
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
      if (!refreshWhileHidden && !platform.signals.isVisible() && state.settled) return;
      if (!state.settled) void restore(false);
      else void refreshOnce(false, true);
    },
    onEnd: (known) => dispatch({ type: "lifetimePassed", session: known }),
  });
  const signOuts = createSignOutQueue({
    platform,
    backend,
    requestTimeoutMs,
    isSuperseded: (session) => session === null && (isOpen(state.known) || notes.readSession()?.end === "open"),
    onConfirmed: (session) => dispatch({ type: "signOutConfirmed", session: session ?? { number: 0, id: "" } }),
  });

  function call<T>(work: (given: BackendCall) => Promise<T>): Promise<T> {
    return withinTime(
      clock,
      requestTimeoutMs,
      (signal) => work({ fetch: platform.fetch, signal }),
      disposal.signal,
    ).catch((error: unknown) => {
      if (error instanceof AuthError) throw error;
      throw new AuthError("unavailable", "The server could not be reached; try again.", {
        cause: describeFailure(error),
      });
    });
  }

  const isRestored = (): boolean =>
    isOpen(state.known) ? state.known.identity !== null && state.known.token !== null : state.settled;

  /** Finds out who is signed in: the note, what is owed, the siblings, the server; in this order, once at a time. */
  function restore(early: boolean): Promise<void> {
    startUp ??= (async () => {
      readNote();
      const { known } = state;
      if (known?.end === "signedOut" && known.owed) await signOuts.add(known.number === 0 ? null : known, null);
      for (let round = 0; round < MOST_ROUNDS && !isRestored(); round += 1) {
        await tabs.ask();
        if (isRestored() || (await refreshOnce(early)).kind === "failed") break;
      }
      if (state.settled) await startGuest();
    })()
      .catch((error: unknown) => rethrow(error))
      .finally(() => {
        startUp = null;
      });
    return startUp;
  }

  /** Only where no user was ever there, or one has left on purpose: nobody becomes a guest by a session that ended. */
  async function startGuest(): Promise<void> {
    const { known } = state;
    if (guests !== "automatic" || isOpen(known) || signOuts.isOwing() || isDisposed) return;
    if (known !== null && !known.isGuest && known.end !== "signedOut") return;
    await enter("guest", (given) => backend.signInAsGuest(given)).catch(() => {});
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
    const { known } = state;
    if (!state.settled || (isOpen(known) && known.token === null)) return void restore(true);
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
        askAgain?.();
        askAgain = null;
      };
      if (!state.settled) void restore(false);
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

  const disposedError = (): AuthError => new AuthError("disposed", "This client was disposed of; make another one.");
  const endedError = (): AuthError =>
    new AuthError("sessionEnded", "Nobody is signed in (any more): call `signIn`, or show your sign-in page.");
  const changedError = (): AuthError =>
    new AuthError(
      "identityChanged",
      "This request was made as somebody who is no longer signed in here; it was not sent.",
    );

  /** Waits for `promise`, at most until the caller or the client gives up. */
  function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(disposedError());
      waiting.add(leave);
      abortable(promise, signal)
        .then(resolve, reject)
        .finally(() => waiting.delete(leave));
    });
  }

  function untilChanged(isEnough: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    let unsubscribe: () => void = () => {};
    const changed = new Promise<void>((resolve) => {
      unsubscribe = authState.subscribe(() => {
        if (isEnough()) resolve();
      });
      if (isEnough()) resolve();
    });
    return waitFor(changed, signal).finally(() => unsubscribe());
  }

  /** The shared refresh, or less of it: once `session` is not open here any more, this caller need not wait for its answer. */
  async function refreshFor(session: Knowledge, signal: AbortSignal | undefined): ReturnType<typeof refreshOnce> {
    const settled = new AbortController();
    const hasLeft = (): boolean => !isOpen(state.known) || !isSameSession(state.known, session);
    const leaving = untilChanged(hasLeft, settled.signal).then(() => ({ kind: "done" }) as const);
    leaving.catch(() => {});
    try {
      return await waitFor(Promise.race([refreshOnce(true, true), leaving]), signal);
    } finally {
      settled.abort();
    }
  }

  async function ready({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<AuthState> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (isDisposed) throw disposedError();
      const shown = authState.getState();
      if (shown.status !== "loading") return shown;
      await waitFor(
        Promise.race([
          restore(true),
          untilChanged(() => authState.getState().status !== "loading", disposal.signal).catch(() => {}),
        ]),
        signal,
      );
      if (authState.getState().status === "loading")
        await waitFor(
          lastSignIn.then(
            () => {},
            () => {},
          ),
          signal,
        );
      const { kind } = activity.getState();
      if (authState.getState().status === "loading" && kind !== "refreshing") break;
    }
    const shown = authState.getState();
    if (shown.status !== "loading") return shown;
    const doing = activity.getState();
    throw new AuthError(
      "unavailable",
      "Who is signed in is not known yet: the server was not reached. The client goes on trying.",
      {
        cause: doing.kind === "waiting" ? doing.error : undefined,
      },
    );
  }

  /** Whether `token` will do without asking the server. */
  function willDo(token: HeldToken, minValidityMs: number | undefined): boolean {
    if (token.rejected) return false;
    const { lifetimeMs } = token.lifetime;
    const neededMs = minValidityMs ?? defaultMinValidityMs(lifetimeMs);
    if (leftMs(token) > neededMs) return true;
    // What no token of this server can give is not asked for again and again.
    const isAskable = minValidityMs !== undefined && lifetimeMs !== null && minValidityMs < lifetimeMs;
    const ageMs = lifetimeMs === null ? 0 : lifetimeMs - leftMs(token);
    return !isAskable && leftMs(token) > 0 && ageMs < refreshFloorMs(lifetimeMs);
  }

  function reject(value: string): void {
    const token = isOpen(state.known) ? state.known.token : null;
    if (token === null || token.value !== value) return;
    const ageMs = clock.monotonicNow() - token.lifetime.sentAtMonotonic;
    if (token.afterRejection && ageMs < REJECTION_COOLDOWN_MS && leftMs(token) > 0) return;
    dispatch({ type: "tokenRejected", value });
  }

  async function getAccessToken(wanted: GetAccessTokenOptions = {}): Promise<string> {
    const { minValidityMs, rejectedToken, subject, signal } = wanted;
    if (rejectedToken !== undefined) reject(rejectedToken);
    let lastFailure: Error | null = null;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (isDisposed) throw disposedError();
      if (signal?.aborted) await abortable(Promise.resolve(), signal);
      const { known } = state;
      if (isOpen(known) && known.identity !== null && subject !== undefined && known.identity.subject !== subject)
        throw changedError();
      const token = isOpen(known) && known.identity !== null ? known.token : null;
      // After a refresh its token is what there is, however short its life.
      if (token !== null && (willDo(token, minValidityMs) || (round > 0 && !token.rejected && lastFailure === null)))
        return token.value;
      if (known === null || !isOpen(known)) {
        if (!state.settled) {
          await ready({ signal });
          continue;
        }
        if (onSessionEnd !== "hold" || (known?.end !== "expired" && known?.end !== "revoked")) throw endedError();
        await untilChanged(() => {
          const shown = authState.getState();
          return (
            shown.status === "authenticated" || (shown.status === "unauthenticated" && shown.reason === "signedOut")
          );
        }, signal);
        continue;
      }
      if (!isRenewable) {
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
            retryAfterMs: retryAt === null ? undefined : Math.max(0, retryAt - clock.now()),
          },
        );
      }
      await waitFor(
        lastSignIn.then(
          () => {},
          () => {},
        ),
        signal,
      );
      if (state.known !== known) continue;
      const result = await refreshFor(known, signal);
      lastFailure = result.kind === "failed" ? result.error : null;
    }
    throw new AuthError(
      "unavailable",
      "No access token could be kept: sign-ins, sign-outs and refreshes kept overtaking each other. Try again.",
    );
  }

  const isAuthErrorOfOrigin = (error: Error): boolean =>
    error instanceof AuthError && error.code === "originNotAllowed";

  /** A sign-in of any kind. Those of one tab go one after the other, so that the server's numbers tell them apart. */
  function enter(kind: "user" | "guest", post: (given: BackendCall) => Promise<TokenAnswer>): Promise<Identity> {
    if (isDisposed) return Promise.reject(disposedError());
    dispatch({ type: "actBegan" });
    const basis = { acts: state.acts, known: state.known };
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
        const heldThen = state.known;
        const knowledge = await call(async (given) =>
          toKnowledge(await post(given), { held: heldThen, sent, isRefresh: false, backend, call: given, clock }),
        );
        pacing.noteSuccess();
        dispatch({ type: "signInAnswered", knowledge, basis: { ...basis, known: heldThen } });
        if (!isOpen(state.known) || !isSameSession(state.known, knowledge) || state.known.identity === null) {
          throw new AuthError(
            "superseded",
            "A later sign-in or sign-out overtook this sign-in; its session was ended.",
          );
        }
        return state.known.identity;
      });
    lastSignIn = entering;
    entering.catch(() => {
      // The refresh that made way for it is still needed.
      if (starts > 0 && !isDisposed && !state.settled) void restore(true);
      else arm();
    });
    return entering;
  }

  async function signOutOthers(token: string | null): Promise<void> {
    if (token === null) return;
    await call((given) => backend.signOutOthers(token, given));
  }

  async function signOut({ everywhere = false }: { everywhere?: boolean | undefined } = {}): Promise<void> {
    if (isDisposed) throw disposedError();
    if (everywhere) {
      const token = await getAccessToken();
      await signOutOthers(token);
    }
    dispatch({ type: "signedOutHere" });
    const { known } = state;
    const session = known === null || known.number === 0 ? null : { number: known.number, id: known.id };
    const hasPaid = !signOuts.isOwing() || (await waitFor(signOuts.add(session, null), undefined));
    if (!hasPaid && !notes.isShared) {
      throw new AuthError(
        "unavailable",
        "Signed out here, but the server could not be told and nothing here can remember to: try again before closing the page.",
      );
    }
    if (hasPaid) await startGuest();
  }

  async function fetchUser({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<User> {
    let token = await getAccessToken({ signal });
    const subject = isOpen(state.known) ? state.known.identity?.subject : undefined;
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

  return {
    baseUrl,
    onSessionEnd,
    activity,
    accessToken,
    getState: authState.getState,
    subscribe: authState.subscribe,
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
      if (guests === "never") {
        return Promise.reject(
          new AuthError("guestsDisabled", 'Guest sessions are off: set `guests` to "onRequest" to allow them.'),
        );
      }
      const shown = authState.getState();
      if (shown.status === "authenticated" && !shown.identity.isGuest) {
        return Promise.reject(
          new AuthError("sessionExists", "Somebody is signed in here; sign out first to become a guest."),
        );
      }
      return enter("guest", (given) => backend.signInAsGuest(given));
    },
    signOut,
    getAccessToken,
    async refresh() {
      await ready();
      const result = await waitFor(refreshOnce(true, true), undefined);
      if (result.kind === "failed") throw result.error;
      if (!isOpen(state.known)) throw endedError();
    },
    fetchUser,
    dispose() {
      if (isDisposed) return;
      isDisposed = true;
      starts = 0;
      stopListening?.();
      scheduler.disarm();
      noteKeeper.dispose();
      signOuts.dispose();
      refresher.abort();
      disposal.abort(disposedError());
      for (const leave of waiting) leave();
      emitter.clear();
      for (const readable of [authState, activity, accessToken]) readable.clear();
    },
  };
}

function isSameState(a: AuthState, b: AuthState): boolean {
  if (a.status === "authenticated" && b.status === "authenticated") return a.identity === b.identity;
  if (a.status === "unauthenticated" && b.status === "unauthenticated") {
    return a.reason === b.reason && a.previousIdentity === b.previousIdentity;
  }
  return a.status === b.status;
}
