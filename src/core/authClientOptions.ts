import { AuthError } from "./authError.ts";
import type { Backend } from "./backend.ts";
import type { HttpBackendPaths } from "./createHttpBackend.ts";
import type { Platform } from "./ports.ts";

/** How an app wants its session kept; every default is one that a newcomer can live with. */
export interface AuthClientOptions {
  /** Address of the auth endpoints. Default: `/v1/auth`. */
  readonly baseUrl?: string | undefined;
  /** Moves single endpoints of the default backend. Default: where PROTOCOL has them. */
  readonly paths?: Partial<HttpBackendPaths> | undefined;
  /** Any other server. Default: the one at `baseUrl`, as PROTOCOL has it. */
  readonly backend?: Backend | undefined;
  /**
   * Who may become a guest: nobody, whoever calls `signInAsGuest`, or everybody for whom no user session was ever there or
   * who signed out. A user whose session ended is never made a guest. Default: `onRequest`.
   */
  readonly guests?: "never" | "onRequest" | "automatic" | undefined;
  /** Requests after the end of a session: rejected, or held until the same subject is back. Default: `reject`. */
  readonly onSessionEnd?: "reject" | "hold" | undefined;
  /** How long before its end a token is renewed, in milliseconds. Default: a fifth of the lifetime, 5 s to 2 min. */
  readonly refreshAheadMs?: number | undefined;
  /** How long one call to the server may take, in milliseconds. Default: 10 000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether a hidden page renews its token ahead of need; `false` lets an idle session end. Default: true. */
  readonly refreshWhileHidden?: boolean | undefined;
  /** Whether tabs hand each other access tokens; otherwise each asks the server. Default: true. */
  readonly shareTokens?: boolean | undefined;
  /** Sets several clients on one origin apart. Default: `stay-signed-in:` and the `baseUrl`. */
  readonly namespace?: string | undefined;
}

/** The options with their defaults. @throws AuthError `invalidOptions`. */
export function readOptions(options: AuthClientOptions & { readonly platform: Platform }) {
  const { requestTimeoutMs = 10_000, refreshAheadMs } = options;
  if (!(requestTimeoutMs > 0))
    throw new AuthError("invalidOptions", "`requestTimeoutMs` must be a positive number of milliseconds.");
  if (refreshAheadMs !== undefined && !(refreshAheadMs >= 0)) {
    throw new AuthError("invalidOptions", "`refreshAheadMs` must be a number of milliseconds, zero or more.");
  }
  const given = (options.baseUrl ?? "/v1/auth").replace(/\/+$/, "");
  const { origin } = options.platform;
  const baseUrl = origin === undefined ? given : new URL(given, origin).href.replace(/\/+$/, "");
  return {
    baseUrl,
    guests: options.guests ?? "onRequest",
    onSessionEnd: options.onSessionEnd ?? "reject",
    requestTimeoutMs,
    refreshWhileHidden: options.refreshWhileHidden ?? true,
    shareTokens: options.shareTokens ?? true,
    namespace: options.namespace ?? `stay-signed-in:${given}`,
  };
}
