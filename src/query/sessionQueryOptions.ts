import type { DataTag, QueryClient, QueryKey } from "@tanstack/react-query";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import type { RegisteredUser } from "../core/register.ts";
import { findOwners } from "./cacheOwner.ts";
import { retryUnlessAuth } from "./retryUnlessAuth.ts";

/** What {@link sessionQueryOptions} gives: for `useQuery`, `useSuspenseQuery`, `ensureQueryData`, and `setQueryData` by its key. */
export interface SessionQuery {
  /** The same for everybody who is served from `baseUrl`. */
  readonly queryKey: DataTag<QueryKey, RegisteredUser>;
  /** Asks the server, once the start-up has had its answer. */
  readonly queryFn: (context: { signal: AbortSignal; client?: QueryClient }) => Promise<RegisteredUser>;
  /** Whether somebody is signed in. */
  readonly enabled: () => boolean;
  /** None, whatever the app defaults to: it would be the former person. */
  readonly placeholderData: () => undefined;
  /** {@link retryUnlessAuth}. */
  readonly retry: (failureCount: number, error: Error) => boolean;
}

/**
 * The server's own answer to "who am I" as a query, for loaders, prefetching and whatever else an app does with its cache;
 * components have `useSession()`. One key for everybody: the cache has to be bound (`bindQueryClient`), which empties it before
 * the next person. Waits for the start-up, and is disabled while nobody is signed in.
 *
 * @example
 * const user = await queryClient.ensureQueryData(sessionQueryOptions(auth));
 *
 * @throws AuthError from the query: as `fetchUser`, and `invalidOptions` in a cache that is not bound.
 */
export function sessionQueryOptions(auth: AuthClient): SessionQuery {
  return {
    queryKey: ["stay-signed-in", "session", auth.baseUrl] as QueryKey as SessionQuery["queryKey"],
    queryFn: async ({ signal, client }) => {
      const user = await auth.fetchUser({ signal });
      requireBound(client, auth.baseUrl);
      return user as RegisteredUser;
    },
    enabled: () => auth.getState().status === "authenticated",
    placeholderData: () => undefined,
    retry: retryUnlessAuth,
  };
}

/** TanStack Query names the client from 5.69 on. */
function requireBound(queryClient: QueryClient | undefined, baseUrl: string): void {
  if (queryClient === undefined || findOwners(queryClient, baseUrl).length > 0) return;
  throw new AuthError(
    "invalidOptions",
    "sessionQueryOptions(auth) was used with a QueryClient that would keep the answer for the next person: call " +
      "bindQueryClient(auth, queryClient) where it is made.",
  );
}
