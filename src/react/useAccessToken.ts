import { useSyncExternalStore } from "react";
import { useAuthStore } from "./authContext.ts";

/**
 * The access token in use, or null: the one hook that renders at each renewal. It may be about to expire: requests ask
 * `getAccessToken()` or go through an adapter instead.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 */
export function useAccessToken(): string | null {
  const { accessToken } = useAuthStore("useAccessToken()").client;
  return useSyncExternalStore(accessToken.subscribe, accessToken.getState, getNothing);
}

function getNothing(): null {
  return null;
}
