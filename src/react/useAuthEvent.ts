import { useEffect, useInsertionEffect, useRef } from "react";
import type { AuthEventName, AuthEvents } from "../core/authClient.ts";
import { useAuthStore } from "./authContext.ts";

/**
 * Calls `listener` each time `event` happens while the component is mounted. The listener may be a new function at each
 * render; the latest one is called. Events come before the state that they lead to is rendered.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 *
 * @example
 * useAuthEvent("sessionEnded", ({ reason }) => toast(reason === "expired" ? "Please sign in again." : "Signed out elsewhere."));
 */
export function useAuthEvent<E extends AuthEventName>(event: E, listener: (detail: AuthEvents[E]) => void): void {
  const { client } = useAuthStore("useAuthEvent()");
  const latest = useRef(listener);
  useInsertionEffect(() => {
    latest.current = listener;
  });
  useEffect(() => client.on(event, (detail) => latest.current(detail)), [client, event]);
}
