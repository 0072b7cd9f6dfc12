import type { AuthClient } from "../core/authClient.ts";
import { useAuthStore } from "./authContext.ts";

/**
 * The client itself, for adapters and for what the hooks do not cover. Renders nothing, ever.
 *
 * @throws Error when there is no `<AuthProvider>` above.
 */
export function useAuthClient(): AuthClient {
  return useAuthStore("useAuthClient()").client;
}
