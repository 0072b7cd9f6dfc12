import { type Mutation, notifyManager, type Query, type QueryClient } from "@tanstack/react-query";
import { AuthError } from "../core/authError.ts";

/**
 * Cancels and removes every query that is not public. What a mounted component still observes is put back to its beginning
 * instead, or the component would go on showing what it was given; it is fetched anew as soon as the new state is rendered.
 */
export function emptyQueries(queryClient: QueryClient): void {
  const cache = queryClient.getQueryCache();
  const personal = cache.getAll().filter((query) => !isPublic(query));
  notifyManager.batch(() => {
    // An observer takes its placeholder from the last query that it saw data in, cached or not, and once taken keeps it for as
    // long as its query is pending. So all are emptied first, with a status that has no placeholder, and reset then.
    for (const query of personal) {
      query.setState({ ...query.state, data: undefined, status: "error", error: emptied(), fetchStatus: "idle" });
    }
    for (const query of personal) {
      query.reset();
      if (query.getObserversCount() === 0) cache.remove(query);
    }
  });
  fetchWhatIsShown(queryClient);
}

function emptied(): AuthError {
  return new AuthError("identityChanged", "This query belonged to somebody who is no longer signed in here.");
}

/** Puts every failed query back to its beginning and fetches what is shown. */
export function resetErroredQueries(queryClient: QueryClient): void {
  notifyManager.batch(() => {
    for (const query of queryClient.getQueryCache().getAll()) {
      if (query.state.status === "error") query.reset();
    }
  });
  fetchWhatIsShown(queryClient);
}

/** In a later task, when guards have unmounted what the new state does not allow. */
function fetchWhatIsShown(queryClient: QueryClient): void {
  notifyManager.schedule(() => {
    for (const query of queryClient.getQueryCache().getAll()) {
      const isUntouched = query.state.status === "pending" && query.state.fetchStatus === "idle";
      if (isUntouched && query.isActive()) query.fetch().catch(() => {});
    }
  });
}

/**
 * Removes every mutation that is not public, and sees to it that none is sent or sent again: one that is being retried would
 * else go out as the next subject, and its callbacks would write one subject's data into the other's cache.
 *
 * @returns those that were waiting to be sent.
 */
export function emptyMutations(queryClient: QueryClient): Mutation[] {
  const cache = queryClient.getMutationCache();
  const waiting: Mutation[] = [];
  notifyManager.batch(() => {
    for (const mutation of cache.getAll()) {
      if (isPublic(mutation)) continue;
      if (mutation.state.isPaused) waiting.push(mutation);
      cache.remove(mutation);
      const { mutationKey, meta, gcTime } = mutation.options;
      mutation.setOptions({
        ...(mutationKey && { mutationKey }),
        ...(meta && { meta }),
        ...(gcTime !== undefined && { gcTime }),
        mutationFn: rejectAsStranger,
      });
    }
  });
  return waiting;
}

function rejectAsStranger(): Promise<never> {
  return Promise.reject(
    new AuthError(
      "identityChanged",
      "This mutation belongs to somebody who is no longer signed in here; it was not sent.",
    ),
  );
}

function isPublic(entry: Query | Mutation): boolean {
  return entry.meta?.["public"] === true;
}
