import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import type { TokenBackend, UserEndpoint } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** Where `MapIdentityApi` stands. */
export interface AspNetIdentityOptions extends PresetOptions {
  /** The address that `MapIdentityApi<TUser>()` stands under: the app's own, or its group's. */
  readonly baseUrl: string;
  /** Where to keep the refresh token, which this server hands to scripts. */
  readonly refreshToken: KeptRefreshToken;
  /** An endpoint of your own that says who one is. Default: `manage/info`, which knows the e-mail address and no id. */
  readonly user?: UserEndpoint | undefined;
}

/**
 * A backend for ASP.NET Core Identity's endpoints (.NET 8 and later) with bearer tokens. They are opaque, no JWTs; there is no
 * sign-out: a refresh token lives until it ends or the security stamp changes.
 *
 * @example
 * const backend = aspNetIdentity({ baseUrl: "/account", refreshToken: "localStorage" });
 */
export function aspNetIdentity(options: AspNetIdentityOptions): TokenBackend {
  checkOptions<AspNetIdentityOptions>(options, { ...presetRules, refreshToken: true, user: true }, "`aspNetIdentity`");
  const { user, ...rest } = options;
  return createTokenBackend({
    ...rest,
    signIn: ({ username, password }) => ({ path: "login", json: { email: username, password } }),
    refresh: (refreshToken) => ({ path: "refresh", json: { refreshToken } }),
    register: (account) => ({ path: "register", json: account }),
    tokens: ({ accessToken, refreshToken, expiresIn }) => ({ accessToken, refreshToken, expiresIn }),
    user: user ?? {
      path: "manage/info",
      map: ({ email, isEmailConfirmed }) => ({ id: email, email, is_verified: isEmailConfirmed }),
    },
  });
}
