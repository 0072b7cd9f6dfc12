import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import type { TokenBackend } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** How dj-rest-auth is set up. */
export interface DjRestAuthOptions extends PresetOptions {
  /** The address that `dj_rest_auth.urls` stands under, such as `/api/auth`. */
  readonly baseUrl: string;
  /**
   * Where the refresh token is: in the cookie `JWT_AUTH_REFRESH_COOKIE`, or, with `JWT_AUTH_HTTPONLY: False`, wherever you keep it.
   * Default: `cookie`.
   */
  readonly refreshToken?: "cookie" | KeptRefreshToken | undefined;
  /** `cookie`: the API's own requests are authenticated by the cookie `JWT_AUTH_COOKIE`. Default: `bearer`. */
  readonly accessToken?: "bearer" | "cookie" | undefined;
  /** What a person signs in with. Default: `username`. */
  readonly signInWith?: "username" | "email" | undefined;
}

/**
 * A backend for dj-rest-auth with `USE_JWT`, djangorestframework-simplejwt below it.
 *
 * @example
 * const backend = djRestAuth({ baseUrl: "/api/auth", signInWith: "email" });
 */
export function djRestAuth(options: DjRestAuthOptions): TokenBackend {
  checkOptions<DjRestAuthOptions>(
    options,
    { ...presetRules, refreshToken: true, accessToken: true, signInWith: true },
    "`djRestAuth`",
  );
  const { refreshToken = "cookie", accessToken = "bearer", signInWith = "username", ...rest } = options;
  const isHeld = refreshToken !== "cookie";
  return createTokenBackend({
    ...rest,
    refreshToken,
    signIn: ({ username, password }) => ({ path: "login/", json: { [signInWith]: username, password } }),
    refresh: (refresh) => ({ path: "token/refresh/", json: isHeld ? { refresh } : {} }),
    signOut: ({ refreshToken: refresh }) => ({ path: "logout/", json: isHeld ? { refresh } : {} }),
    register: ({ email, password }) => ({
      path: "registration/",
      json: { email, username: email, password1: password, password2: password },
    }),
    tokens:
      accessToken === "cookie"
        ? { cookie: (body) => ({ user: body?.user, expiresAt: body?.access_expiration }) }
        : (body) => ({
            accessToken: body.access,
            // The cookie's server sends an empty text in its place.
            refreshToken: isHeld ? body.refresh : null,
            user: body.user,
          }),
    ...(accessToken === "bearer" && { subject: "user_id" }),
    user: { path: "user/" },
  });
}
