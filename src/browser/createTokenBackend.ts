import { createTokenBackend as createOnPorts } from "../core/createTokenBackend.ts";
import type {
  TokenBackend,
  TokenBackendOptions,
  TokenBackendPlatform,
} from "../core/tokenBackend/tokenBackendOptions.ts";
import type { TokenStore } from "../core/tokenBackend/tokenStore.ts";
import { createBrowserClock } from "./browserClock.ts";
import { createOpenTabChannel } from "./tabChannel.ts";

/**
 * Makes a backend of the description of a token API. The client keeps the refresh token, renews under its lock, and lets go of it
 * at a sign-out.
 *
 * @example
 * const backend = createTokenBackend({
 *   baseUrl: "https://api.example/auth",
 *   signIn: ({ username, password }) => ({ path: "login", json: { email: username, password } }),
 *   refresh: (refreshToken) => ({ path: "refresh", json: { refreshToken } }),
 *   signOut: ({ refreshToken }) => ({ path: "logout", json: { refreshToken } }),
 *   tokens: (body) => ({ accessToken: body.accessToken, refreshToken: body.refreshToken, expiresIn: body.expiresIn }),
 *   user: { path: "me" },
 *   refreshToken: "localStorage",
 * });
 * export const auth = createAuthClient({ backend });
 *
 * @throws AuthError `invalidOptions`, with the name of what is missing or not known.
 */
export function createTokenBackend<Credentials = { username: string; password: string }>({
  platform,
  ...options
}: TokenBackendOptions<Credentials> & { platform?: Partial<TokenBackendPlatform> | undefined }): TokenBackend {
  return createOnPorts<Credentials>({ ...options, platform: { ...createTokenBackendPlatform(), ...platform } });
}

function createTokenBackendPlatform(): TokenBackendPlatform {
  return {
    clock: createBrowserClock(),
    random: Math.random,
    // A channel would keep a program running, and outside a page there are no tabs.
    openChannel: typeof document === "undefined" ? undefined : createOpenTabChannel(),
    storages: {
      localStorage: typeof document === "undefined" ? undefined : lookedUp(() => localStorage),
      sessionStorage: typeof document === "undefined" ? undefined : lookedUp(() => sessionStorage),
    },
  };
}

/** Looked up at each call: where storage is blocked the property itself throws. */
function lookedUp(storage: () => TokenStore): TokenStore {
  return {
    getItem: (key) => storage().getItem(key),
    setItem: (key, value) => storage().setItem(key, value),
    removeItem: (key) => storage().removeItem(key),
  };
}
