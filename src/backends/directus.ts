import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import type { TokenBackend } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** How a page speaks to Directus. */
export interface DirectusOptions extends PresetOptions {
  /** The address of the project, such as `https://cms.example`. */
  readonly baseUrl: string;
  /**
   * Where the refresh token is: in Directus' HttpOnly cookie (its mode `cookie`), or kept by the client (its mode `json`).
   * Default: `cookie`.
   */
  readonly refreshToken?: "cookie" | KeptRefreshToken | undefined;
  /** `cookie`: Directus' mode `session`, one HttpOnly cookie for everything. Default: `bearer`. */
  readonly accessToken?: "bearer" | "cookie" | undefined;
}

/**
 * A backend for Directus 10 and later. A `username` is an e-mail address.
 *
 * @example
 * const backend = directus({ baseUrl: "https://cms.example" });
 */
export function directus(options: DirectusOptions): TokenBackend {
  checkOptions<DirectusOptions>(options, { ...presetRules, refreshToken: true, accessToken: true }, "`directus`");
  const { refreshToken = "cookie", accessToken = "bearer", ...rest } = options;
  const mode = accessToken === "cookie" ? "session" : refreshToken === "cookie" ? "cookie" : "json";
  return createTokenBackend({
    ...rest,
    refreshToken: accessToken === "cookie" ? "cookie" : refreshToken,
    signIn: ({ username, password }) => ({ path: "auth/login", json: { email: username, password, mode } }),
    refresh: (token) => ({ path: "auth/refresh", json: mode === "json" ? { mode, refresh_token: token } : { mode } }),
    signOut: ({ refreshToken: token }) => ({
      path: "auth/logout",
      json: mode === "json" ? { mode, refresh_token: token } : { mode },
      bearer: false,
    }),
    register: (account) => ({ path: "users/register", json: account }),
    // `expires` is in milliseconds.
    tokens:
      mode === "session"
        ? { cookie: (body) => ({ expiresIn: `${body.data.expires}ms` }) }
        : ({ data }) => ({
            accessToken: data.access_token,
            refreshToken: data.refresh_token,
            expiresIn: `${data.expires}ms`,
          }),
    ...(mode !== "session" && { subject: "id" }),
    user: { path: "users/me", map: ({ data }) => data },
  });
}
