import { AuthError } from "../authError.ts";
import { createRefreshTokenKeeper, type RefreshTokenKeeper } from "./refreshTokenKeeper.ts";
import { createTabStore } from "./tabStore.ts";
import type { TokenBackendOptions, TokenBackendPlatform } from "./tokenBackendOptions.ts";
import { createGuardedStore, createMapStore, type TokenStore } from "./tokenStore.ts";

export interface RefreshTokens {
  readonly keeper: RefreshTokenKeeper;
  /** Begins to hear of what other tabs keep; returns its stop. */
  start(): () => void;
}

/**
 * The keeper that a description asks for; null where a cookie carries the refresh token, or there is none.
 *
 * @throws AuthError `invalidOptions`.
 */
export function openRefreshTokens<Credentials>({
  baseUrl,
  refreshToken = "cookie",
  adoptRefreshToken,
  namespace = `stay-signed-in:${baseUrl.replace(/\/+$/, "")}`,
  platform,
}: TokenBackendOptions<Credentials> & { readonly platform: TokenBackendPlatform }): RefreshTokens | null {
  if (refreshToken === "cookie") return null;
  const { storages } = platform;

  function open(store: TokenStore, start: () => () => void = () => () => {}): RefreshTokens {
    return { keeper: createRefreshTokenKeeper({ store, namespace, platform, adopt: adoptRefreshToken }), start };
  }

  if (typeof refreshToken === "object") return open(createGuardedStore(refreshToken));
  if (refreshToken === "localStorage") return open(createGuardedStore(storages.localStorage ?? createMapStore()));
  if (refreshToken !== "memory" && refreshToken !== "sessionStorage") {
    throw new AuthError(
      "invalidOptions",
      '`refreshToken` must be "cookie", "memory", "sessionStorage", "localStorage" or an object with `getItem`, `setItem` and `removeItem`.',
    );
  }
  const copy =
    refreshToken === "memory" ? createMapStore() : createGuardedStore(storages.sessionStorage ?? createMapStore());
  const store = createTabStore({ name: namespace, platform, copy });
  return open(store, store.start);
}
