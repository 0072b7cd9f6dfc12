import type { OptionRules } from "../core/checkOptions.ts";
import type { TokenBackendOptions, TokenBackendPlatform } from "../core/tokenBackend/tokenBackendOptions.ts";

/** What every preset takes besides its own options, as {@link TokenBackendOptions} explains it. */
export interface PresetOptions
  extends Pick<TokenBackendOptions, "headers" | "adoptRefreshToken" | "namespace" | "credentials"> {
  /** Address of the endpoints; a path counts from the page's origin. */
  readonly baseUrl: string;
  /** The clock, the storages and the channel between tabs, for tests. Default: those of the page. */
  readonly platform?: Partial<TokenBackendPlatform> | undefined;
}

/** Where a refresh token is kept that the server hands to the page's scripts: see {@link TokenBackendOptions.refreshToken}. */
export type KeptRefreshToken = Exclude<NonNullable<TokenBackendOptions["refreshToken"]>, "cookie">;

/** The part of each preset's rules that all of them have. */
export const presetRules: OptionRules<PresetOptions> = {
  baseUrl: true,
  headers: true,
  adoptRefreshToken: true,
  namespace: true,
  credentials: true,
  platform: true,
};
