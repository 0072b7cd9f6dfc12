import { createAuthEmitter } from "../core/authEmitter.ts";
import { type Happening, happeningsBetween } from "../core/happenings.ts";
import type { AuthClient, AuthEventName, AuthEvents } from "../core/authClient.ts";
import type { User } from "../core/register.ts";
import { AuthError } from "../core/authError.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";
import { isSignInChallenge, type SignInChallenge, type SignInResult } from "../core/signInChallenge.ts";
import type { Activity, AuthState, Identity } from "../core/authState.ts";
import { noAttempt } from "../core/record.ts";
import type { Platform } from "../core/ports.ts";
import { createReadable } from "../core/readable.ts";
import { rethrowLater } from "../core/rethrowLater.ts";
import type { HeldToken } from "../core/token.ts";
import { completeIdentity, identityOf, makeUser } from "./madeUpIdentity.ts";
import { createSimulatedClock } from "./simulatedClock.ts";
import { makeTestToken, toClientState } from "./testSession.ts";

/** Who is signed in at first, and who comes of a sign-in. */
export interface TestAuthClientOptions {
  /** Who is signed in; what is left out is made up. Default: nobody (`unauthenticated`, `none`), unless `state` is given. */
  identity?: Partial<Identity> & Pick<Identity, "subject">;
  /** Any state to begin with. Wins over `identity`. Default: what `identity` says. */
  state?: AuthState;
  /** The server's answer to "who am I". Default: made up from the identity. */
  user?: Partial<User>;
  /** Who comes of a sign-in, a challenge, or a rejection. Default: everybody may, with the username as the subject. */
  onSignIn?: (credentials: { username: string; password: string }) => SignInResult | Promise<SignInResult>;
  /** What comes of an answer to a challenge. Default: `somebody` is signed in. */
  onContinueSignIn?: (challenge: SignInChallenge, response: unknown) => SignInResult | Promise<SignInResult>;
  /** Default: `https://app.test/v1/auth`. */
  baseUrl?: string;
  /** What the client says of itself; nothing is held here. Default: `reject`. */
  onSessionEnd?: "reject" | "hold";
}

/** The real type of a client, with handles to put it in any state. */
export interface TestAuthClient extends AuthClient {
  /** Goes to `state`, and emits what a real client would emit on the way. */
  setState(state: AuthState): void;
  /** Goes to `activity`: an outage is `{ kind: "waiting", until, error }`. */
  setActivity(activity: Activity): void;
  /** Tells when the session ends, wall-clock milliseconds; null: not known. */
  setSessionEndsAt(endsAt: number | null): void;
  /** Signs in whoever is named; what is left out is made up. */
  become(identity: Partial<Identity> & Pick<Identity, "subject">): void;
  /** Ends the session without being asked to. */
  endSession(reason: "expired" | "revoked"): void;
  /** Puts a new access token in use, for the same identity. */
  renewAccessToken(): void;
  /** How many have called `start()` and not its stop. */
  readonly startCount: number;
}

const RULES: OptionRules<TestAuthClientOptions> = {
  identity: true,
  state: true,
  user: true,
  onSignIn: true,
  onContinueSignIn: true,
  baseUrl: true,
  onSessionEnd: true,
};

const rethrow = rethrowLater({ setTimer: (callback, delayMs) => setTimeout(callback, delayMs) });

/**
 * A client for unit tests of an app's own components: no network, no timers, no server; its state changes when the test says so.
 *
 * @example
 * const auth = createTestAuthClient({ identity: { subject: "ada" } });
 * render(<AuthProvider client={auth}><Page /></AuthProvider>);
 * act(() => auth.endSession("expired"));
 */
export function createTestAuthClient(options: TestAuthClientOptions = {}): TestAuthClient {
  checkOptions(options, RULES, "`createTestAuthClient`");
  const emitter = createAuthEmitter(rethrow);
  const state = createReadable<AuthState>(initialState(options), rethrow);
  const activity = createReadable<Activity>({ kind: "idle" }, rethrow);
  let token = makeTestToken(1);
  const accessToken = createReadable(shownToken(), rethrow);
  const sessionEndsAt = createReadable<number | null>(null, rethrow);
  let startCount = 0;
  let isDisposed = false;

  function shownToken(): string | null {
    return identityOf(state.getState()) === null ? null : token.value;
  }

  function emit<E extends AuthEventName>(event: E, detail: AuthEvents[E]): void {
    emitter.emit({ event, detail } as Happening);
  }

  function setState(next: AuthState): void {
    const [former, identity] = [identityOf(state.getState()), identityOf(next)];
    const isSame = former?.subject === identity?.subject && former?.sessionId === identity?.sessionId;
    show(next, isSame ? token : makeTestToken(token.count + 1));
  }

  /** As the real client does: all is in place before anybody is told. */
  function show(next: AuthState, nextToken: HeldToken): void {
    const before = toClientState(state.getState(), token);
    token = nextToken;
    const tell = [state.assign(next), accessToken.assign(shownToken())];
    for (const happening of happeningsBetween(before, toClientState(next, token))) emitter.emit(happening);
    for (const tellOne of tell) tellOne();
  }

  async function signIn(credentials: { username: string; password: string }): Promise<SignInResult> {
    assertAlive();
    return enter((await options.onSignIn?.(credentials)) ?? completeIdentity({ subject: credentials.username }));
  }

  function enter<Result extends SignInResult>(entered: Result): Result {
    if (!isSignInChallenge(entered)) setState({ status: "authenticated", identity: entered });
    return entered;
  }

  function assertAlive(): void {
    if (isDisposed) throw new AuthError("disposed", "This client was disposed of; make a new one.");
  }

  function requireIdentity(): Identity {
    assertAlive();
    const identity = identityOf(state.getState());
    if (identity === null) throw new AuthError("sessionEnded", "Nobody is signed in; sign in first.");
    return identity;
  }

  async function signOut(): Promise<void> {
    assertAlive();
    setState({ status: "unauthenticated", reason: "signedOut", previousIdentity: identityOf(state.getState()) });
  }

  const client: TestAuthClient = {
    getState: state.getState,
    subscribe: state.subscribe,
    activity: { getState: activity.getState, subscribe: activity.subscribe },
    accessToken: { getState: accessToken.getState, subscribe: accessToken.subscribe },
    sessionEndsAt: { getState: sessionEndsAt.getState, subscribe: sessionEndsAt.subscribe },
    baseUrl: options.baseUrl ?? "https://app.test/v1/auth",
    onSessionEnd: options.onSessionEnd ?? "reject",
    internals: {
      namespace: "test",
      platform: createTestPlatform(),
      planned: () => null,
      waitingCount: () => 0,
      readBackoff: () => noAttempt,
      sessionEndpoints: [],
      tokens: "bearer",
      peekAccessToken: (subject) =>
        identityOf(state.getState())?.subject === subject && !isDisposed ? accessToken.getState() : null,
      emit,
    },
    on: emitter.on,
    start: () => {
      startCount += 1;
      let isStopped = false;
      return () => {
        if (!isStopped) startCount -= 1;
        isStopped = true;
      };
    },
    ready: () =>
      new Promise((resolve) => {
        const look = (): void => {
          if (state.getState().status === "loading") return;
          unsubscribe();
          resolve(state.getState());
        };
        const unsubscribe = state.subscribe(look);
        look();
      }),
    signIn,
    register: ({ email, password }) => signIn({ username: email, password }),
    signInAsGuest: async () => {
      const identity = completeIdentity({ subject: "guest", isGuest: true });
      setState({ status: "authenticated", identity });
      return identity;
    },
    signInWith: () => signIn({ username: "somebody", password: "" }),
    continueSignIn: async (challenge, response) => {
      assertAlive();
      return enter(
        (await options.onContinueSignIn?.(challenge, response)) ?? completeIdentity({ subject: "somebody" }),
      );
    },
    stepUp: async () => {
      renewAccessToken();
      return requireIdentity();
    },
    adopt: async () => {
      assertAlive();
      return enter(completeIdentity({ subject: "somebody" }));
    },
    changePassword: async () => {
      renewAccessToken();
      return requireIdentity();
    },
    changeEmail: async ({ email }) => makeUser(requireIdentity(), { ...options.user, email }),
    deleteAccount: async () => {
      requireIdentity();
      await signOut();
    },
    signOut,
    getAccessToken: async (request = {}) => {
      const { subject } = requireIdentity();
      if (request.subject !== undefined && request.subject !== subject) {
        throw new AuthError("identityChanged", "Somebody else is signed in by now; the request was not sent.");
      }
      if (request.rejectedToken !== undefined && request.rejectedToken === accessToken.getState()) renewAccessToken();
      return token.value;
    },
    refresh: async () => {
      requireIdentity();
      setActivity({ kind: "refreshing", trigger: "call" });
      await Promise.resolve();
      renewAccessToken();
      setActivity({ kind: "idle" });
    },
    extend: async () => {
      renewAccessToken();
      return { endsAt: sessionEndsAt.getState(), isExtended: true };
    },
    fetchUser: async () => makeUser(requireIdentity(), options.user),
    dispose: () => {
      isDisposed = true;
      for (const each of [state, activity, accessToken, sessionEndsAt, emitter]) each.clear();
    },
    setState,
    setActivity,
    setSessionEndsAt: (endsAt) => sessionEndsAt.assign(endsAt)(),
    become: (identity) => setState({ status: "authenticated", identity: completeIdentity(identity) }),
    endSession: (reason) =>
      setState({ status: "unauthenticated", reason, previousIdentity: identityOf(state.getState()) }),
    renewAccessToken,
    get startCount() {
      return startCount;
    },
  };

  function setActivity(next: Activity): void {
    activity.assign(next)();
  }

  function renewAccessToken(): void {
    requireIdentity();
    show(state.getState(), makeTestToken(token.count + 1));
  }

  return client;
}

/** Ports that lead nowhere: what a test client answers, it answers by itself. */
function createTestPlatform(): Platform {
  return {
    clock: createSimulatedClock(),
    fetch: () => Promise.reject(new TypeError("A test client sends nothing.")),
    random: () => 0,
    signals: { subscribe: () => () => {}, isVisible: () => true, isOnline: () => true },
  };
}

function initialState({ state, identity }: TestAuthClientOptions): AuthState {
  if (state !== undefined) return state;
  if (identity !== undefined) return { status: "authenticated", identity: completeIdentity(identity) };
  return { status: "unauthenticated", reason: "none", previousIdentity: null };
}
