import { useSyncExternalStore } from "react";
import { useAuthStore } from "./authContext.ts";

/**
 * The access token in use, or null: the one hook that renders at each renewal. It may be about to expire: requests ask
 * `getAccessToken()` or go through an adapter instead.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 */
export function useAccessToken(): string | null {
  const store = useAuthStore("useAccessToken()");
  return useSyncExternalStore(store.subscribeToAccessToken, store.getAccessToken, getNothing);
}

function getNothing(): null {
  return null;
}
