import { useSyncExternalStore } from "react";
import { useAuthStore } from "./authContext.ts";
import type { Auth } from "./authStore.ts";

/** `useAuth()` without a selector, for what needs none: it comes without the code of selections. */
export function useAuthState(caller: string): Auth {
  const { subscribe, getAuth, getServerAuth } = useAuthStore(caller);
  return useSyncExternalStore(subscribe, getAuth, getServerAuth);
}
