import { type QueryClient, QueryClientContext } from "@tanstack/react-query";
import {
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { AuthClient } from "../core/authClient.ts";
import { AuthContext } from "./authContext.ts";
import { createAuthStore } from "./authStore.ts";
import { type BindQueryClientOptions, bindQueryClient } from "./bindQueryClient.ts";
import { applyRetryDefault } from "./retryUnlessAuth.ts";

/** The client, and what its identity is bound to. */
export interface AuthProviderProps extends BindQueryClientOptions {
  /** Made once per app, outside React: `const auth = createAuthClient()`. */
  client: AuthClient;
  /** The app. */
  children: ReactNode;
  /** The query clients to bind to the identity. Default: the one of the surrounding `QueryClientProvider`, if there is one. */
  queryClients?: readonly QueryClient[];
}

/**
 * Starts the client while it is mounted, hands it to the hooks and guards below, and binds TanStack Query's caches to who
 * is signed in (see {@link bindQueryClient}). Renders its children on the server too, as `loading`.
 *
 * @example
 * const auth = createAuthClient();
 * root.render(
 *   <QueryClientProvider client={queryClient}>
 *     <AuthProvider client={auth}><App /></AuthProvider>
 *   </QueryClientProvider>,
 * );
 */
export function AuthProvider(props: AuthProviderProps): ReactElement {
  const { client, children, queryClients, onDiscardedMutations, persister } = props;
  const surrounding = useContext(QueryClientContext);
  const bound = useStable(queryClients ?? (surrounding === undefined ? [] : [surrounding]));
  const store = useMemo(() => createAuthStore(client), [client]);

  // While rendering, since a child's `useQuery` reads the defaults while it renders. Doing it twice changes nothing.
  for (const queryClient of bound) applyRetryDefault(queryClient);

  const latest = useRef<BindQueryClientOptions>({});
  useInsertionEffect(() => {
    latest.current = {
      ...(onDiscardedMutations && { onDiscardedMutations }),
      ...(persister && { persister }),
    };
  });

  // Children's effects run before their parent's, and their first queries start there: only an insertion effect of the parent
  // comes earlier, so that no query runs unbound.
  useInsertionEffect(() => {
    const unbinds = bound.map((queryClient) =>
      bindQueryClient(client, queryClient, {
        onDiscardedMutations: (mutations) => latest.current.onDiscardedMutations?.(mutations),
        persister: { removeClient: () => latest.current.persister?.removeClient() },
      }),
    );
    return () => unbinds.forEach((unbind) => unbind());
  }, [client, bound]);

  useEffect(() => client.start(), [client]);

  return <AuthContext.Provider value={store}>{children}</AuthContext.Provider>;
}

/** The same array for as long as its elements are the same: an inline `queryClients={[a, b]}` binds once. */
function useStable<T>(items: readonly T[]): readonly T[] {
  const [stable, setStable] = useState(items);
  if (stable.length === items.length && stable.every((item, index) => item === items[index])) return stable;
  setStable(items);
  return items;
}
