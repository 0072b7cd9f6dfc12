import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import type { TokenBackend } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** How Strapi's plugin users-permissions is set up. */
export interface StrapiOptions extends PresetOptions {
  /** The address of the API, such as `https://cms.example/api`. */
  readonly baseUrl: string;
  /**
   * `cookie`: `jwtManagement: "refresh"` with `sessions.httpOnly`. Elsewhere: `jwtManagement: "refresh"` without it. `none`: Strapi's
   * older manner, one token without a refresh; a session then ends with its token and with a reload. Default: `cookie`.
   */
  readonly refreshToken?: "cookie" | "none" | KeptRefreshToken | undefined;
}

/**
 * A backend for Strapi's plugin users-permissions. A `username` is a user name or an e-mail address.
 *
 * @example
 * const backend = strapi({ baseUrl: "https://cms.example/api" });
 */
export function strapi(options: StrapiOptions): TokenBackend {
  checkOptions<StrapiOptions>(options, { ...presetRules, refreshToken: true }, "`strapi`");
  const { refreshToken = "cookie", ...rest } = options;
  const isHeld = refreshToken !== "cookie" && refreshToken !== "none";
  return createTokenBackend({
    ...rest,
    refreshToken: isHeld ? refreshToken : "cookie",
    signIn: ({ username, password }) => ({ path: "auth/local", json: { identifier: username, password } }),
    ...(refreshToken !== "none" && {
      refresh: (token: string | null) => ({ path: "auth/refresh", json: isHeld ? { refreshToken: token } : {} }),
      signOut: () => ({ path: "auth/logout" }),
    }),
    register: ({ email, password }) => ({ path: "auth/local/register", json: { username: email, email, password } }),
    tokens: (body) => ({ accessToken: body.jwt, refreshToken: isHeld ? body.refreshToken : null, user: body.user }),
    user: { path: "users/me" },
  });
}
