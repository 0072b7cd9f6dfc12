import { useSyncExternalStore } from "react";
import { useAuthStore } from "./authContext.ts";

/**
 * The access token in use, or null: the one hook that renders at each renewal. It may be about to expire: requests ask
 * `getAccessToken()` or go through an adapter instead.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 */
export function useAccessToken(): string | null {
  const { subscribe, getState } = useAuthStore("useAccessToken()").client.accessToken;
  return useSyncExternalStore(subscribe, getState, getNothing);
}

function getNothing(): null {
  return null;
}
