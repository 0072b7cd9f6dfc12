import { createContext, useContext } from "react";
import type { AuthStore } from "./authStore.ts";

/** What {@link AuthProvider} hands down: the same object for as long as the client is the same. */
export const AuthContext = createContext<AuthStore | null>(null);

export function useAuthStore(caller: string): AuthStore {
  const store = useContext(AuthContext);
  if (store === null) {
    throw new Error(
      `${caller} was used outside <AuthProvider>: put <AuthProvider client={auth}> above it, with what createAuthClient() has made.`,
    );
  }
  return store;
}
