import { checkOptions } from "../core/checkOptions.ts";
import { createTokenBackend } from "../browser/createTokenBackend.ts";
import { parseClaims } from "../core/claims.ts";
import type { AnswerBody, TokenBackend } from "../core/tokenBackend/tokenBackendOptions.ts";
import { type KeptRefreshToken, type PresetOptions, presetRules } from "./presetOptions.ts";

/** A public client of an OAuth 2.0 or OpenID Connect server. */
export interface OAuth2Options extends Omit<PresetOptions, "baseUrl" | "credentials"> {
  /** A public client: it has no secret, so PKCE is what ties a code to the page that asked for it. */
  readonly clientId: string;
  /** Where the server sends people back to, as it knows it. */
  readonly redirectUri: string;
  /** As the server's `/.well-known/openid-configuration` names them, absolute. */
  readonly endpoints: {
    readonly token: string;
    /** Absent: a sign-out counts here alone. RFC 7009. */
    readonly revocation?: string | undefined;
    /** Absent: nobody can be asked who is signed in. OpenID Connect Core §5.3. */
    readonly userinfo?: string | undefined;
  };
  /** Where to keep the refresh token, which this server hands to scripts. */
  readonly refreshToken: KeptRefreshToken;
}

/** What the redirect brought back, in the place of a user name and a password: `auth.signIn(codeCredentials(…))`. */
export const codeCredentials = ({ code, codeVerifier }: { code: string; codeVerifier: string }) => ({
  username: code,
  password: codeVerifier,
});

/**
 * A backend for any OAuth 2.0 or OpenID Connect server: the authorization code grant with PKCE, the refresh grant, revocation. RFC 6749
 * §4.1.3 and §6, RFC 7636, RFC 7009. The first half of a sign-in is `createAuthorizationRequest`.
 *
 * @example
 * const backend = oauth2({ clientId: "the-page", redirectUri, endpoints, refreshToken: "sessionStorage" });
 */
export function oauth2(options: OAuth2Options): TokenBackend {
  const { baseUrl: _baseUrl, credentials: _credentials, ...common } = presetRules;
  checkOptions<OAuth2Options>(
    options,
    { ...common, clientId: true, redirectUri: true, endpoints: true, refreshToken: true },
    "`oauth2`",
  );
  const { clientId: client_id, redirectUri: redirect_uri, endpoints, ...rest } = options;
  const { revocation, userinfo } = endpoints;
  return createTokenBackend({
    ...rest,
    baseUrl: new URL(endpoints.token).origin,
    credentials: "omit",
    signIn: ({ username: code, password: code_verifier }) => ({
      path: endpoints.token,
      form: { grant_type: "authorization_code", client_id, redirect_uri, code, code_verifier },
    }),
    refresh: (refresh_token) => ({
      path: endpoints.token,
      form: { grant_type: "refresh_token", client_id, refresh_token },
    }),
    ...(revocation !== undefined && {
      signOut: ({ refreshToken: token }: { refreshToken: string | null }) => ({
        path: revocation,
        form: { client_id, token, token_type_hint: "refresh_token" },
        // A bearer would be taken for the client's own authentication.
        bearer: false,
      }),
    }),
    tokens: ({ access_token, refresh_token, expires_in, id_token }) => ({
      accessToken: access_token,
      refreshToken: refresh_token,
      expiresIn: expires_in,
      // Read, not verified: it came straight from the token endpoint (OpenID Connect Core §3.1.3.7, point 6).
      subject: typeof id_token === "string" ? parseClaims(id_token)?.subject : null,
    }),
    ...(userinfo !== undefined && {
      user: {
        path: userinfo,
        map: ({ sub, email_verified, ...claims }: AnswerBody) => ({ ...claims, id: sub, is_verified: email_verified }),
      },
    }),
    // Every other code speaks of the set-up: nobody is signed out by a wrong client id that is mended an hour later.
    refused: {
      signIn: (_, body) => body?.error === "invalid_grant",
      refresh: (_, body) => body?.error === "invalid_grant",
    },
  });
}
