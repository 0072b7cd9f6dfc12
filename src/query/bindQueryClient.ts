import type { Mutation, QueryClient } from "@tanstack/react-query";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import type { AuthState, Identity } from "../core/authState.ts";
import { createCacheOwner } from "./cacheOwner.ts";
import { emptyMutations, emptyQueries, resetErroredQueries } from "./emptyQueryClient.ts";
import { createHeldMutations } from "./heldMutations.ts";
import { applyRetryDefault } from "./retryUnlessAuth.ts";
import { checkOptions, type OptionRules } from "../core/checkOptions.ts";

/** How long the cache of an expired session waits for the same subject. */
const keepAfterExpiryMs = 30 * 60_000;

/** The part of TanStack Query's `Persister` that is needed here. */
export interface CachePersister {
  /** Removes what was stored of the cache. */
  removeClient(): unknown;
}

/** What {@link bindQueryClient} is told besides the two clients. */
export interface BindQueryClientOptions {
  /**
   * Told of the mutations that were waiting to be sent (queued offline) when their subject signed out, did not come back in
   * time, or was followed by somebody else. They are never sent. Default: nobody is told.
   */
  onDiscardedMutations?: (mutations: readonly Mutation[]) => void;
  /** The persister of a persisted cache: what it stored is removed whenever the cache is emptied. Default: none. */
  persister?: CachePersister;
}

const RULES: OptionRules<BindQueryClientOptions> = { onDiscardedMutations: true, persister: true };

/**
 * Ties a QueryClient's caches to who is signed in. Without it the cache keeps the former person's data and shows them to the
 * next: write it beside `authorizeAxios`, where both clients are made. What is marked `meta: { public: true }` is left alone
 * throughout.
 *
 * - Another subject: everything is cancelled and removed, synchronously, before any subscriber hears of the new subject.
 * - `signedOut`: the same. `revoked`: the same, but mutations that wait to be sent are kept for their subject.
 * - `expired`: the cache is kept for the same subject, 30 minutes at most. When that subject is back, failed queries are reset
 *   and waiting mutations are sent.
 * - Queries without a `retry` of their own do not repeat what only a sign-in can mend (`retryUnlessAuth`).
 *
 * The cache carries the name of its owner, so that one restored from storage for somebody else is recognised.
 *
 * Bound anew, by the same client or by one of the same namespace (hot reload), the later binding replaces the former.
 *
 * @returns its undoing.
 * @throws AuthError `invalidOptions` when it is given something else than the two clients.
 *
 * @example
 * const auth = createAuthClient();
 * const queryClient = new QueryClient();
 * bindQueryClient(auth, queryClient);
 */
export function bindQueryClient(
  auth: AuthClient,
  queryClient: QueryClient,
  options: BindQueryClientOptions = {},
): () => void {
  requireClients(auth, queryClient);
  checkOptions(options, RULES, "`bindQueryClient`");
  const { namespace } = auth.internals;
  const bound = bindings.get(queryClient) ?? new Map<string, () => void>();
  bindings.set(queryClient, bound);
  bound.get(namespace)?.();
  const unbind = bind(auth, queryClient, options);
  bound.set(namespace, unbind);
  return () => {
    if (bound.get(namespace) === unbind) bound.delete(namespace);
    unbind();
  };
}

const bindings = /* @__PURE__ */ new WeakMap<QueryClient, Map<string, () => void>>();

function requireClients(auth: Partial<AuthClient> | undefined, queryClient: Partial<QueryClient> | undefined): void {
  if (typeof auth?.fetchUser === "function" && typeof queryClient?.getQueryCache === "function") return;
  throw new AuthError(
    "invalidOptions",
    "bindQueryClient(auth, queryClient) takes what createAuthClient() made, then what new QueryClient() made.",
  );
}

function bind(auth: AuthClient, queryClient: QueryClient, options: BindQueryClientOptions): () => void {
  const held = createHeldMutations(queryClient);
  const owner = createCacheOwner(queryClient, auth.baseUrl, (subject) => discardAll(subject));
  let standing: "unknown" | "in" | "out" = "unknown";
  let lapse: { readonly at: number; readonly cancel: () => void } | undefined;

  function discardMutations(): void {
    const waiting = [...emptyMutations(queryClient), ...held.take()];
    if (waiting.length > 0) isolate(() => options.onDiscardedMutations?.(waiting));
  }

  function discardQueries(nextOwner: string | null): void {
    emptyQueries(queryClient);
    owner.set(nextOwner);
    isolate(() => options.persister?.removeClient());
  }

  function discardAll(nextOwner: string | null): void {
    lapse?.cancel();
    lapse = undefined;
    discardQueries(nextOwner);
    discardMutations();
  }

  function startLapse(): void {
    if (lapse !== undefined) return;
    const timer = setTimeout(() => discardAll(null), keepAfterExpiryMs);
    lapse = { at: Date.now() + keepAfterExpiryMs, cancel: () => clearTimeout(timer) };
  }

  function admit({ subject }: Identity): void {
    // A timer stands still while the machine sleeps, so the clock decides.
    const isTooLate = lapse !== undefined && Date.now() >= lapse.at;
    const formerOwner = owner.get();
    if ((formerOwner !== null && formerOwner !== subject) || isTooLate) discardAll(subject);
    else owner.set(subject);
    lapse?.cancel();
    lapse = undefined;
    const former = standing;
    standing = "in";
    if (former !== "in") resetErroredQueries(queryClient);
    // Not at the start of a page: when restored mutations are complete, and may be resumed, only the app knows.
    if (former === "out") held.resume();
  }

  function leave(reason: "none" | "signedOut" | "expired" | "revoked"): void {
    standing = "out";
    if (reason === "signedOut") return discardAll(null);
    const former = owner.get();
    if (former === null) return;
    if (reason === "revoked") discardQueries(former);
    startLapse();
  }

  function settle(state: AuthState): void {
    if (state.status === "authenticated") admit(state.identity);
    else if (state.status === "unauthenticated") leave(state.reason);
  }

  applyRetryDefault(queryClient);
  settle(auth.getState());
  const undo = [
    auth.on("identityChanged", ({ identity }) => identity !== null && admit(identity)),
    auth.on("signedIn", ({ identity }) => admit(identity)),
    auth.on("signedOut", () => leave("signedOut")),
    auth.on("sessionEnded", ({ reason }) => leave(reason)),
    auth.subscribe(() => {
      const state = auth.getState();
      if (state.status === "unauthenticated" && state.reason === "none") leave("none");
    }),
    owner.dispose,
    held.dispose,
    () => lapse?.cancel(),
  ];
  return () => undo.forEach((step) => step());
}

/** Lets the app's own code fail without stopping what must go on; its error is thrown in a later task. */
function isolate(callback: () => unknown): void {
  const rethrow = (error: unknown): void => {
    setTimeout(() => {
      throw error;
    });
  };
  try {
    Promise.resolve(callback()).catch(rethrow);
  } catch (error) {
    rethrow(error);
  }
}
