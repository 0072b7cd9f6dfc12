import { type ReactElement, type ReactNode, useEffect, useMemo } from "react";
import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import { AuthContext } from "./authContext.ts";
import { authStoreOf } from "./authStore.ts";

/** The client, and who is to know of it. */
export interface AuthProviderProps {
  /** Made once per app, outside React: `const auth = createAuthClient()`. */
  client: AuthClient;
  /** The app. */
  children?: ReactNode;
}

/**
 * Starts the client while it is mounted, and hands it to the hooks and guards below. Renders its children on the server too,
 * as `loading`.
 *
 * @throws AuthError `invalidOptions` when `client` is no client.
 *
 * @example
 * const auth = createAuthClient();
 * root.render(<AuthProvider client={auth}><App /></AuthProvider>);
 */
export function AuthProvider({ client, children }: AuthProviderProps): ReactElement {
  const store = useMemo(() => authStoreOf(requireClient(client)), [client]);
  useEffect(() => client.start(), [client]);
  return <AuthContext.Provider value={store}>{children}</AuthContext.Provider>;
}

function requireClient(client: AuthClient | null | undefined): AuthClient {
  if (typeof client?.subscribe === "function") return client;
  const given = client === null ? "null" : typeof client;
  throw new AuthError(
    "invalidOptions",
    `<AuthProvider client={…}> was given ${given}: make the client once, outside React, with createAuthClient().`,
  );
}
