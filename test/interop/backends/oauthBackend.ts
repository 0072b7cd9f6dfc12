import { jwtDecode } from "jwt-decode";
import { AuthError } from "../../../src/core/authError.ts";
import type { Backend, BackendCall, TokenAnswer } from "../../../src/core/backend.ts";

export interface OAuthBackendOptions {
  /** A public client: it has no secret, so PKCE is what ties a code to the page that asked for it. */
  readonly clientId: string;
  readonly redirectUri: string;
  /** As the server's `/.well-known/openid-configuration` names them. */
  readonly endpoints: { readonly token: string; readonly revocation: string; readonly userinfo: string };
  /**
   * Where the refresh token is kept: this server hands it to the page's scripts. Memory ends the session at a reload; storage lets
   * every script of the origin read it.
   */
  readonly refreshToken: { read(): string | null; write(token: string | null): void };
}

/** What the redirect brought back, in the place of a user name and a password: `auth.signIn(codeCredentials(…))`. */
export const codeCredentials = ({ code, codeVerifier }: { code: string; codeVerifier: string }) => ({
  username: code,
  password: codeVerifier,
});

/** A `backend` for any OAuth 2.0 or OpenID Connect server: RFC 6749 §4.1.3 and §6, RFC 7636, RFC 7009. */
export function createOAuthBackend({ clientId, redirectUri, endpoints, refreshToken }: OAuthBackendOptions): Backend {
  const post = (address: string, fields: Record<string, string>, { fetch, signal }: BackendCall) =>
    fetch(address, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ client_id: clientId, ...fields }),
      credentials: "omit",
      redirect: "error",
      signal,
    });

  /** Refresh tokens that were signed out and not yet revoked. */
  const owed = new Set<string>();

  const absent = (what: string) => new AuthError("invalidOptions", `This server has no ${what}.`);

  /** Keeps the refresh token, if there is one, before anybody sees the access token. */
  function readTokens(body: TokenFields): TokenAnswer | null {
    if (typeof body.access_token !== "string" || body.access_token === "") return null;
    if (typeof body.refresh_token === "string") refreshToken.write(body.refresh_token);
    return {
      accessToken: body.access_token,
      expiresInSeconds: typeof body.expires_in === "number" ? body.expires_in : null,
      session: null,
      subject: subjectOf(body.id_token),
      serverNow: null,
    };
  }

  return {
    async signIn({ username: code, password: codeVerifier }, call) {
      const grant = { grant_type: "authorization_code", code, code_verifier: codeVerifier, redirect_uri: redirectUri };
      const response = await post(endpoints.token, grant, call);
      const body = await readFields(response);
      const { status } = response;
      if (body.error === "invalid_grant")
        throw new AuthError("credentialsRejected", "This code does not count (any more); sign in again.", { status });
      if (!response.ok) throw unavailable("The sign-in", status, body.error);
      const answer = readTokens(body);
      if (answer === null) throw new AuthError("badResponse", "The sign-in's answer holds no token.", { status });
      return answer;
    },
    register: () => Promise.reject(absent("registration of its own")),
    signInAsGuest: () => Promise.reject(new AuthError("guestsDisabled", "This server has no guests.")),
    async refresh(call) {
      const presented = refreshToken.read();
      if (presented === null) return { kind: "ended", reason: "none", coded: true };
      const grant = { grant_type: "refresh_token", refresh_token: presented };
      const response = await post(endpoints.token, grant, call);
      const body = await readFields(response);
      const { status } = response;
      const answer = response.ok ? readTokens(body) : null;
      if (answer !== null) return { kind: "token", answer };
      if (status === 400 && body.error === "invalid_grant") {
        // Another tab's token may have been stored since: only the one that was refused goes.
        if (refreshToken.read() === presented) refreshToken.write(null);
        return { kind: "ended", reason: "expired", coded: true };
      }
      // Also invalid_client and its like: they speak of the set-up, not of this refresh token.
      return { kind: "transient", error: unavailable("The refresh", status, body.error), retryAfterMs: null };
    },
    async signOut(_session, _accessToken, call) {
      // At once, whether or not the server can be reached: the next sign-in's token must not be taken for this one's.
      const current = refreshToken.read();
      if (current !== null) owed.add(current);
      refreshToken.write(null);
      for (const token of owed) {
        const response = await post(endpoints.revocation, { token, token_type_hint: "refresh_token" }, call);
        // 200 also for a token that was worthless already (RFC 7009 §2.2).
        if (!response.ok) throw unavailable("The sign-out", response.status, (await readFields(response)).error);
        owed.delete(token);
      }
    },
    signOutOthers: () => Promise.reject(absent("list of sessions")),
    async fetchUser(accessToken, { fetch, signal }) {
      const headers = { Authorization: `Bearer ${accessToken}` };
      const response = await fetch(endpoints.userinfo, { headers, credentials: "omit", redirect: "error", signal });
      if (response.status === 401) return null;
      const user = await readFields(response);
      if (!response.ok) throw unavailable("The user", response.status, user.error);
      if (typeof user.sub !== "string") throw new AuthError("badResponse", "The user's answer names no subject.");
      return {
        id: user.sub,
        email: typeof user.email === "string" ? user.email : null,
        is_active: true,
        is_superuser: false,
        is_verified: user.email_verified === true,
        is_guest: false,
      };
    },
  };
}

type TokenFields = Partial<
  Record<
    "access_token" | "refresh_token" | "id_token" | "expires_in" | "error" | "sub" | "email" | "email_verified",
    unknown
  >
>;

async function readFields(response: Response): Promise<TokenFields> {
  const body: unknown = await response.json().catch(() => null);
  return typeof body === "object" && body !== null ? body : {};
}

/** Read, not verified: it came straight from the token endpoint (OpenID Connect Core §3.1.3.7, point 6). */
function subjectOf(idToken: unknown): string | null {
  if (typeof idToken !== "string") return null;
  try {
    return jwtDecode(idToken).sub ?? null;
  } catch {
    return null;
  }
}

function unavailable(what: string, status: number, error: unknown): AuthError {
  const serverCode = typeof error === "string" ? error : undefined;
  const sentence = `${what} was answered with status ${status}${serverCode === undefined ? "" : ` (${serverCode})`}.`;
  return new AuthError("unavailable", sentence, { status, serverCode });
}
