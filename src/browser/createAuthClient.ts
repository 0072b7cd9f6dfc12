import type { AuthClient } from "../core/authClient.ts";
import { type AuthClientOptions, createAuthClient as createOnPorts } from "../core/createAuthClient.ts";
import type { Platform } from "../core/ports.ts";
import { createBrowserPlatform } from "./createBrowserPlatform.ts";

/**
 * Makes the client of an app: one, outside React. Touches nothing until it is started.
 *
 * @example
 * export const auth = createAuthClient({ baseUrl: "/v1/auth" });
 *
 * @throws AuthError `invalidOptions`.
 */
export function createAuthClient({
  platform,
  ...options
}: AuthClientOptions & { platform?: Partial<Platform> | undefined } = {}): AuthClient {
  return createOnPorts({ ...options, platform: createBrowserPlatform(platform) });
}
