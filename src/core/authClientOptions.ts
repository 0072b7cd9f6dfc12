import { AuthError } from "./authError.ts";
import type { Backend } from "./backend.ts";
import { checkOptions, oneOf, type OptionRules, trueOrFalse } from "./checkOptions.ts";
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
  /** Sets several clients on one origin apart. Default: `stay-signed-in:` and the `baseUrl`, or the backend's own `address`. */
  readonly namespace?: string | undefined;
}

/** {@link AuthClientOptions} with their defaults. */
export interface ResolvedOptions {
  readonly baseUrl: string;
  readonly namespace: string;
  readonly guests: NonNullable<AuthClientOptions["guests"]>;
  readonly onSessionEnd: NonNullable<AuthClientOptions["onSessionEnd"]>;
  readonly refreshAheadMs: number | undefined;
  readonly requestTimeoutMs: number;
  readonly refreshWhileHidden: boolean;
  readonly shareTokens: boolean;
}

type GivenOptions = AuthClientOptions & { readonly platform: Platform };

const RULES: OptionRules<GivenOptions> = {
  baseUrl: true,
  paths: true,
  backend: {
    expected: "an object with at least the functions `signIn` and `refresh`",
    accepts: (value) =>
      ["signIn", "refresh"].every((name) => typeof (value as Record<string, unknown> | null)?.[name] === "function"),
  },
  guests: oneOf("never", "onRequest", "automatic"),
  onSessionEnd: oneOf("reject", "hold"),
  refreshAheadMs: { expected: "milliseconds from 0 on", accepts: (value) => (value as number) >= 0 },
  requestTimeoutMs: { expected: "milliseconds, more than 0", accepts: (value) => (value as number) > 0 },
  refreshWhileHidden: trueOrFalse,
  shareTokens: trueOrFalse,
  namespace: true,
  platform: true,
};

/** The options with their defaults. @throws AuthError `invalidOptions`. */
export function readOptions(given: GivenOptions): ResolvedOptions {
  checkOptions(given, RULES, "`createAuthClient`");
  const {
    platform,
    paths,
    baseUrl,
    guests = "onRequest",
    onSessionEnd = "reject",
    refreshAheadMs,
    requestTimeoutMs = 10_000,
    refreshWhileHidden = true,
    shareTokens = true,
    backend,
    namespace,
  } = given;
  if (backend && paths) throw invalid("`paths` belongs to the default backend: leave out `backend` or `paths`.");
  const address = (baseUrl ?? backend?.address ?? "/v1/auth").replace(/\/+$/, "");
  return {
    baseUrl: resolveAddress(address, platform.origin),
    // Clients of several backends on one origin must not take each other's sessions for their own.
    namespace: namespace ?? `stay-signed-in:${address}`,
    guests,
    onSessionEnd,
    refreshAheadMs,
    requestTimeoutMs,
    refreshWhileHidden,
    shareTokens,
  };
}

const invalid = (sentence: string): AuthError => new AuthError("invalidOptions", sentence);

function resolveAddress(address: string, origin: string | undefined): string {
  if (/^(https?:\/\/|\/)/i.test(address)) {
    return origin === undefined ? address : new URL(address, origin).href.replace(/\/+$/, "");
  }
  // "localhost:3000/v1" would be taken for a scheme, "api/v1" for a path of whatever page is open.
  throw invalid(`\`baseUrl\` must begin with "/", "https://" or "http://": "/${address}" or "https://${address}"?`);
}
