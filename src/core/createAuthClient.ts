import type { AuthClient } from "./authClient.ts";
import { type AuthClientOptions, readOptions } from "./authClientOptions.ts";
import { AuthError } from "./authError.ts";
import type { BackendCall } from "./backend.ts";
import { createHttpBackend } from "./createHttpBackend.ts";
import { createLifecycle } from "./lifecycle.ts";
import { createPacing } from "./pacing.ts";
import type { Parts } from "./parts.ts";
import type { Platform } from "./ports.ts";
import { createSharedRecord } from "./record.ts";
import { createReady } from "./ready.ts";
import { createRefresh } from "./refresh.ts";
import { requireMethod } from "./requireMethod.ts";
import { toAuthError } from "./responses.ts";
import { rethrowLater } from "./rethrowLater.ts";
import { createSchedule } from "./schedule.ts";
import { isOpen } from "./session.ts";
import { createSigning } from "./signing.ts";
import { createStore } from "./store.ts";
import { createTabs } from "./tabs.ts";
import { createTokens } from "./tokens.ts";
import { createFetchUser } from "./user.ts";
import { createWaysIn } from "./waysIn.ts";
import { createWaits, withinTime } from "./wait.ts";

/** Answers tell of an end in whole seconds, and are on their way for a moment. */
const SLACK_MS = 2_000;

export type { AuthClientOptions } from "./authClientOptions.ts";

type Assembly = { -readonly [Part in keyof Parts]: Parts[Part] };

/** Makes the parts in an order in which each finds those before it; it calls those after it by name, later. */
function assemble(options: AuthClientOptions & { readonly platform: Platform }): Parts {
  const { platform } = options;
  const resolved = readOptions(options);
  const { clock } = platform;
  const parts = {
    options: resolved,
    platform,
    backend:
      options.backend ?? createHttpBackend({ baseUrl: resolved.baseUrl, paths: options.paths, now: () => clock.now() }),
    waits: createWaits(),
    warn: (message) => platform.warn?.(message),
    rethrow: rethrowLater(clock),
    call,
  } as Partial<Assembly> as Assembly;
  parts.store = createStore(parts);
  parts.record = createSharedRecord(parts);
  parts.pacing = createPacing(parts);
  parts.tabs = createTabs(parts);
  parts.refresh = createRefresh(parts);
  parts.schedule = createSchedule(parts);
  parts.signing = createSigning(parts);
  parts.lifecycle = createLifecycle(parts);
  parts.ready = createReady(parts);
  parts.tokens = createTokens(parts);
  return parts;

  async function call<T>(work: (given: BackendCall) => Promise<T>, ended?: AbortSignal): Promise<T> {
    const disposal = new AbortController();
    const forget = parts.waits.onDisposed(() => disposal.abort(new AuthError("disposed")));
    const send = async (signal: AbortSignal): Promise<T> => work({ fetch: platform.fetch, signal });
    try {
      return await withinTime(clock, resolved.requestTimeoutMs, send, ended ?? disposal.signal);
    } catch (error) {
      throw toAuthError(error);
    } finally {
      forget();
    }
  }
}

/**
 * The client on the ports that it is given. Making it touches nothing: no timer, no listener, no request before `start`, `ready`
 * or a call that needs a session.
 *
 * @throws AuthError `invalidOptions`.
 */
export function createAuthClient(given: AuthClientOptions & { readonly platform: Platform }): AuthClient {
  const parts = assemble(given);
  const { options, platform, backend, waits, store, record, tabs, refresh, schedule, signing, lifecycle, tokens } =
    parts;

  const { ready } = parts.ready;

  return {
    baseUrl: options.baseUrl,
    onSessionEnd: options.onSessionEnd,
    internals: {
      namespace: options.namespace,
      platform,
      planned: schedule.planned,
      waitingCount: tokens.waitingCount,
      readBackoff: record.readAttempt,
      get sessionEndpoints() {
        return backend.sessionEndpoints ?? [];
      },
      get tokens() {
        return backend.tokens ?? "bearer";
      },
      peekAccessToken: tokens.peekAccessToken,
      emit: store.emit,
    },
    activity: refresh.activity,
    accessToken: store.accessToken,
    sessionEndsAt: store.sessionEndsAt,
    getState: store.authState.getState,
    subscribe: store.authState.subscribe,
    on: store.on,
    start: lifecycle.start,
    ready,
    signIn: (credentials) => signing.signIn((call) => backend.signIn(credentials, call)),
    register: ({ persistent, ...account }) =>
      signing.signIn(async (call) => {
        await requireMethod(backend, "register")(account, call);
        return backend.signIn({ username: account.email, password: account.password, persistent }, call);
      }),
    signInAsGuest: signing.signInAsGuest,
    ...createWaysIn(parts),
    signOut: signing.signOut,
    getAccessToken: tokens.getAccessToken,
    refresh: refreshNow,
    async extend() {
      const before = store.sessionEndsAt.getState();
      await refreshNow();
      const endsAt = store.sessionEndsAt.getState();
      return { endsAt, isExtended: endsAt === null || before === null || endsAt > before + SLACK_MS };
    },
    fetchUser: createFetchUser(parts),
    dispose() {
      if (waits.isDisposed()) return;
      waits.dispose();
      lifecycle.dispose();
      schedule.disarm();
      record.stop();
      tabs.close();
      signing.dispose();
      refresh.dispose();
      store.clear();
    },
  };

  async function refreshNow(): Promise<void> {
    await ready();
    if (store.getState().session?.end === "signedOut") throw new AuthError("sessionEnded");
    const result = await waits.waitFor(refresh.run("call"));
    if (result.kind !== "done") throw result.error;
    // A guest may follow on a guest.
    if (!store.getState().initialized) await ready();
    if (!isOpen(store.getState().session)) throw new AuthError("sessionEnded");
  }
}
