import { QueryClientContext, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useContext } from "react";
import type { User } from "../core/authClient.ts";
import { useAuthStore } from "./authContext.ts";
import { retryUnlessAuth } from "./retryUnlessAuth.ts";
import { useSelection } from "./useSelection.ts";

/**
 * The server's own answer to "who am I" (`GET /users/me`), cached by TanStack Query per subject and session. Disabled while
 * nobody is signed in; what one subject was told is never shown to another, whatever `placeholderData` the app defaults to.
 *
 * @throws Error when there is no `<AuthProvider>` or no `<QueryClientProvider>` above.
 *
 * @example
 * const { data: user, isPending } = useSession();
 */
export function useSession(): UseQueryResult<User> {
  const store = useAuthStore("useSession()");
  if (useContext(QueryClientContext) === undefined) {
    throw new Error(
      "useSession() was used outside <QueryClientProvider>: it keeps the user in TanStack Query. Put " +
        "<QueryClientProvider client={queryClient}> around <AuthProvider>.",
    );
  }
  const identity = useSelection(store, (auth) => (auth.status === "authenticated" ? auth.identity : null));
  const { client } = store;
  return useQuery<User>({
    queryKey: ["stay-signed-in", "session", client.baseUrl, identity?.subject ?? null, identity?.sessionId ?? null],
    queryFn: ({ signal }) => client.fetchUser({ signal }),
    enabled: identity !== null,
    placeholderData: () => undefined,
    retry: retryUnlessAuth,
  });
}
