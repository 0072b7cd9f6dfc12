import type { TokenBackend, TokenBackendOptions } from "../../../src/core/tokenBackend/tokenBackendOptions.ts";
import type { PresetOptions } from "../../../src/backends/presetOptions.ts";
import type { ServerApp } from "../../../src/testing.ts";

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A token API under test, and the preset that is to speak to it. */
export interface BackendCase {
  readonly app: ServerApp;
  /** Parts of the paths by which refreshes and sign-outs are known in the log. */
  readonly refreshPath: string;
  readonly signOutPath: string | null;
  /** Asks for a bearer, or for the cookie. */
  readonly protectedUrl: string;
  /** The pages' origin. Default: that of the API. */
  readonly pageOrigin?: string;
  /** What a person signs in with: another each time, where that is a code. */
  credentials(isWrong: boolean): Promise<Credentials> | Credentials;
  /** What `fetchUser` should say. */
  readonly user: object;
  backend(given: {
    readonly platform: NonNullable<PresetOptions["platform"]>;
    readonly refreshToken: Exclude<NonNullable<TokenBackendOptions["refreshToken"]>, "cookie">;
  }): TokenBackend;
  /** Ends every session at the server, as an administrator would. */
  endSessions(): Promise<void> | void;
  close?(): Promise<void>;
}
