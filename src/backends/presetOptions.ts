import { checkNames } from "../core/checkOptions.ts";
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

const NAMES: ReadonlyArray<keyof PresetOptions> = [
  "baseUrl",
  "headers",
  "adoptRefreshToken",
  "namespace",
  "credentials",
  "platform",
];

/** @throws AuthError `invalidOptions` for an option that the preset does not have; `own` are those that it alone has. */
export function checkPreset(
  preset: string,
  options: object,
  own: readonly string[],
  without: readonly string[] = [],
): void {
  const names = [...NAMES, ...own].filter((name) => !without.includes(name));
  checkNames(options, names, `\`${preset}\``);
}
