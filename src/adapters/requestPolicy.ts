import type { AuthClient } from "../core/authClient.ts";
import { AuthError } from "../core/authError.ts";
import { aFunction, aText, type OptionRules } from "../core/checkOptions.ts";
import { createOriginGuard, type OriginGuard } from "./originGuard.ts";
import { createPeople, type Person } from "./people.ts";
import { createTurnstile } from "./turnstile.ts";

/** How requests carry the token, and which answers refuse it; the same for axios and fetch. */
export interface AuthorizationOptions<Answer> {
  /** Origins that may see the token. Default: those of the page, the auth endpoints and, with axios, the instance's base URL. */
  allowedOrigins?: readonly string[] | undefined;
  /** The header that carries the token. Default: `Authorization`. */
  header?: string | undefined;
  /** What stands before the token, as `JWT` or `Token`. Default: `Bearer` in `Authorization`, nothing in any other header. */
  scheme?: string | undefined;
  /**
   * Whether an answer means that its token is not good any more, so that the request is sent again with another. Reading its
   * body uses nothing up. Default: status 401.
   *
   * @example
   * isRefused: ({ status }) => status === 401 || status === 498
   */
  isRefused?: ((answer: Answer) => boolean | Promise<boolean>) | undefined;
}

/** What one request may say of itself. */
export interface RequestAuthorization {
  /** `false`: goes out without a token, whoever is signed in. */
  token?: false | undefined;
  /** `false`: a refusal is handed over without a second send (the token is renewed for the next request). Default: true. */
  retryOn401?: boolean | undefined;
  /**
   * `true`: goes on when whoever it was made by has left. Default: false: it, its body and what it streams end with
   * AuthError `identityChanged`.
   */
  outlives?: boolean | undefined;
}

/** What all requests of one attachment have in common. */
export interface RequestPolicy<Answer> {
  readonly auth: AuthClient;
  /** As the caller spells it. */
  readonly header: string;
  /** In lower case. */
  readonly headerName: string;
  readonly isRefused: AuthorizationOptions<Answer>["isRefused"];
  readonly isAllowed: OriginGuard;
  readonly personOf: (subject: string) => Person;
  readonly takeTurn: () => Promise<void> | undefined;
  /** By a cookie there is nothing to set: the browser sends it. */
  readonly isCookie: () => boolean;
  valueOf(token: string): string;
}

export const authorizationRules: OptionRules<AuthorizationOptions<never>> = {
  allowedOrigins: true,
  header: { expected: "the name of a header", accepts: (value) => Boolean(value) && aText.accepts(value) },
  scheme: aText,
  isRefused: aFunction,
};

/** @throws AuthError `invalidOptions`. */
export function createRequestPolicy<Answer>(
  auth: AuthClient,
  { allowedOrigins, header = "Authorization", scheme, isRefused }: AuthorizationOptions<Answer>,
): RequestPolicy<Answer> {
  const headerName = header.toLowerCase();
  const prefix = scheme ?? (headerName === "authorization" ? "Bearer" : "");
  return {
    auth,
    header,
    headerName,
    isRefused,
    isAllowed: createOriginGuard(auth, allowedOrigins),
    personOf: createPeople(auth),
    takeTurn: createTurnstile(),
    isCookie: () => auth.internals.tokens === "cookie",
    valueOf: (token) => (prefix ? `${prefix} ${token}` : token),
  };
}

/** @throws AuthError `invalidOptions` unless `auth` is a client. */
export function assertClient(auth: unknown, call: string): asserts auth is AuthClient {
  if (typeof (auth as AuthClient | undefined)?.getAccessToken === "function") return;
  throw new AuthError("invalidOptions", `Pass the client that createAuthClient() has made: ${call}.`);
}
