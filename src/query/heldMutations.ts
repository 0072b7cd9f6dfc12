import { type Mutation, notifyManager, type QueryClient } from "@tanstack/react-query";
import { isFinalAuthFailure } from "./retryUnlessAuth.ts";

interface HeldMutations {
  /** Sends what waits, each once. */
  resume(): void;
  /** Hands over what waits, and forgets it. */
  take(): Mutation[];
  readonly dispose: () => void;
}

/**
 * Mutations that were queued offline and then failed because the session had ended meanwhile. Whoever made them has long
 * been told "later", so they are not lost with that answer: they wait for their subject.
 */
export function createHeldMutations(queryClient: QueryClient): HeldMutations {
  const cache = queryClient.getMutationCache();
  const queued = new WeakSet<Mutation>();
  const held = new Set<Mutation>();

  for (const mutation of cache.getAll()) if (mutation.state.isPaused) queued.add(mutation);

  const unsubscribe = cache.subscribe((event) => {
    if (event.type !== "added" && event.type !== "updated") return;
    const { mutation } = event;
    if (mutation.state.isPaused) queued.add(mutation);
    if (event.type !== "updated" || mutation.meta?.["public"] === true) return;
    if (event.action.type === "success") queued.delete(mutation);
    if (event.action.type === "error" && queued.delete(mutation) && isFinalAuthFailure(event.action.error)) {
      held.add(mutation);
    }
  });

  function take(): Mutation[] {
    const taken = [...held];
    held.clear();
    return taken;
  }

  return {
    resume: () => {
      // Later, when the new state can be seen: a request is made for whoever is signed in at its beginning.
      notifyManager.schedule(() => {
        for (const mutation of take()) {
          queued.add(mutation);
          mutation.execute(mutation.state.variables).catch(() => {});
        }
        queryClient.resumePausedMutations().catch(() => {});
      });
    },
    take,
    dispose: () => {
      unsubscribe();
      held.clear();
    },
  };
}
