import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import type { TokenBackend } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** Where PocketBase is. */
export interface PocketBaseOptions extends PresetOptions {
  /** The address of the server, such as `https://base.example`. */
  readonly baseUrl: string;
  /** The auth collection. Default: `users`. */
  readonly collection?: string | undefined;
  /** Where to keep the token, which is both access and refresh token here. */
  readonly refreshToken: KeptRefreshToken;
}

/**
 * A backend for PocketBase 0.20 and later, where one token is used until it ends and exchanged for another before. There is no
 * sign-out at the server: a token that somebody copied lives on until it ends.
 *
 * @example
 * const backend = pocketBase({ baseUrl: "https://base.example", refreshToken: "localStorage" });
 */
export function pocketBase(options: PocketBaseOptions): TokenBackend {
  checkOptions<PocketBaseOptions>(options, { ...presetRules, collection: true, refreshToken: true }, "`pocketBase`");
  const { collection = "users", baseUrl, ...rest } = options;
  return createTokenBackend({
    ...rest,
    baseUrl: `${baseUrl.replace(/\/+$/, "")}/api/collections/${encodeURIComponent(collection)}`,
    signIn: ({ username, password }) => ({ path: "auth-with-password", json: { identity: username, password } }),
    refresh: (token) => ({ path: "auth-refresh", headers: { Authorization: `Bearer ${token}` } }),
    register: ({ email, password }) => ({ path: "records", json: { email, password, passwordConfirm: password } }),
    tokens: ({ token, record }) => ({ accessToken: token, refreshToken: token, user: record }),
    subject: "id",
    user: "signIn",
  });
}
