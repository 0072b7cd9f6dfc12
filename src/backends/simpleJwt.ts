import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import type { TokenBackend, UserEndpoint } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** Where djangorestframework-simplejwt's views stand. */
export interface SimpleJwtOptions extends PresetOptions {
  /** The address that the views stand under, such as `https://api.example/api/token`. */
  readonly baseUrl: string;
  /** Where to keep the refresh token, which this server hands to scripts. */
  readonly refreshToken: KeptRefreshToken;
  /** The app's own "who am I"; simplejwt has none. Default: the claims of the access token. */
  readonly user?: UserEndpoint | undefined;
  /** The setting `USER_ID_CLAIM`. Default: `user_id`. */
  readonly userIdClaim?: string | undefined;
  /** Whether `TokenBlacklistView` stands at `blacklist/`. Default: true. */
  readonly hasBlacklist?: boolean | undefined;
}

/**
 * A backend for djangorestframework-simplejwt: `TokenObtainPairView` at the `baseUrl`, `TokenRefreshView` at `refresh/`,
 * `TokenBlacklistView` at `blacklist/`; with or without `ROTATE_REFRESH_TOKENS`.
 *
 * @example
 * const backend = simpleJwt({ baseUrl: "/api/token", refreshToken: "localStorage", user: { path: "/api/me/" } });
 */
export function simpleJwt(options: SimpleJwtOptions): TokenBackend {
  checkOptions<SimpleJwtOptions>(
    options,
    { ...presetRules, refreshToken: true, user: true, userIdClaim: true, hasBlacklist: true },
    "`simpleJwt`",
  );
  const { userIdClaim = "user_id", hasBlacklist = true, user = "claims", ...rest } = options;
  return createTokenBackend({
    ...rest,
    signIn: ({ username, password }) => ({ path: "", json: { username, password } }),
    refresh: (refresh) => ({ path: "refresh/", json: { refresh } }),
    ...(hasBlacklist && {
      signOut: ({ refreshToken }: { refreshToken: string | null }) => ({
        path: "blacklist/",
        json: { refresh: refreshToken },
        // The view asks for no authentication, and would refuse an access token that has just ended.
        bearer: false,
      }),
    }),
    tokens: ({ access, refresh }) => ({ accessToken: access, refreshToken: refresh }),
    subject: userIdClaim,
    user,
  });
}
