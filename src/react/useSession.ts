import { useSyncExternalStore } from "react";
import { useAuthStore } from "./authContext.ts";
import { createSessionStore, type Session } from "./sessionStore.ts";

/**
 * Who is signed in by the server's own word (`GET /users/me`): asked once, however many components want to know, and kept for as
 * long as that person is signed in. `user` is null until the answer is there; what one person was told is never shown to
 * another, and a renewed token asks nothing.
 *
 * An outage is in `error`, and the server is asked again by itself: after 1 s, 2 s, 4 s, at most 30 s, or as it says.
 *
 * On the server and while hydrating it is `loading`.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 *
 * @example
 * const { user, refetch } = useSession();
 * return <p>Hello, {user?.email ?? "guest"}!</p>;
 */
export function useSession(): Session {
  const store = useAuthStore("useSession()").once(createSessionStore);
  return useSyncExternalStore(store.subscribe, store.getSession, store.getServerSession);
}
