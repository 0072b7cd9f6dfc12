import { AuthError } from "../../../src/core/authError.ts";
import type { Backend, BackendCall, TokenAnswer } from "../../../src/core/backend.ts";

export interface SimpleJwtBackendOptions {
  /** The address that djangorestframework-simplejwt's views stand under, such as `https://api.example/api/token`. */
  readonly baseUrl: string;
  /**
   * Where the refresh token is kept: this server hands it to the page's scripts. Memory ends the session at a reload; storage lets
   * every script of the origin read it.
   */
  readonly refreshToken: { read(): string | null; write(token: string | null): void };
  /** The app's own "who am I"; simplejwt has none. */
  readonly userUrl: string;
}

/** A `backend` for djangorestframework-simplejwt: the smallest token API that many servers speak in one spelling or another. */
export function createSimpleJwtBackend({ baseUrl, refreshToken, userUrl }: SimpleJwtBackendOptions): Backend {
  const post = (path: string, fields: object, { fetch, signal }: BackendCall) =>
    fetch(`${baseUrl}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
      redirect: "error",
      signal,
    });

  /** Refresh tokens that were signed out and not yet blacklisted. */
  const owed = new Set<string>();

  /** Keeps the refresh token, if there is one, before anybody sees the access token. */
  async function readTokens(response: Response): Promise<TokenAnswer | null> {
    const body = (await response.json().catch(() => null)) as { access?: unknown; refresh?: unknown } | null;
    if (typeof body?.access !== "string" || body.access === "") return null;
    if (typeof body.refresh === "string") refreshToken.write(body.refresh);
    // The lifetime is read from the token itself.
    return { accessToken: body.access, expiresInSeconds: null, session: null, subject: null, serverNow: null };
  }

  const absent = (what: string) => new AuthError("invalidOptions", `This server has no ${what}.`);

  return {
    async signIn({ username, password }, call) {
      const response = await post("/", { username, password }, call);
      if (response.status === 401)
        throw new AuthError("credentialsRejected", "Unknown user or wrong password.", { status: 401 });
      const { status } = response;
      if (!response.ok)
        throw new AuthError("unavailable", `The sign-in was answered with status ${status}.`, { status });
      const answer = await readTokens(response);
      if (answer === null) throw new AuthError("badResponse", "The sign-in's answer holds no token.", { status });
      return answer;
    },
    register: () => Promise.reject(absent("registration")),
    signInAsGuest: () => Promise.reject(new AuthError("guestsDisabled", "This server has no guests.")),
    async refresh(call) {
      const refresh = refreshToken.read();
      if (refresh === null) return { kind: "ended", reason: "none", coded: true };
      const response = await post("/refresh/", { refresh }, call);
      const { status } = response;
      if (response.ok) {
        const answer = await readTokens(response);
        if (answer !== null) return { kind: "token", answer };
      }
      const body = (await response.json().catch(() => null)) as { code?: unknown } | null;
      if (status === 401 && body?.code === "token_not_valid") {
        // Another tab's token may have been stored since: only the one that was refused goes.
        if (refreshToken.read() === refresh) refreshToken.write(null);
        return { kind: "ended", reason: "expired", coded: true };
      }
      const error = new AuthError("unavailable", `The refresh was answered with status ${status}.`, { status });
      return { kind: "transient", error, retryAfterMs: null };
    },
    async signOut(_session, _accessToken, call) {
      // At once, whether or not the server can be reached: the next sign-in's token must not be taken for this one's.
      const current = refreshToken.read();
      if (current !== null) owed.add(current);
      refreshToken.write(null);
      for (const refresh of owed) {
        const { ok, status } = await post("/blacklist/", { refresh }, call);
        // 401: it was worthless already.
        if (!ok && status !== 401)
          throw new AuthError("unavailable", `The sign-out was answered with status ${status}.`, { status });
        owed.delete(refresh);
      }
    },
    signOutOthers: () => Promise.reject(absent("list of sessions")),
    async fetchUser(accessToken, { fetch, signal }) {
      const response = await fetch(userUrl, {
        headers: { Authorization: `Bearer ${accessToken}` },
        redirect: "error",
        signal,
      });
      if (response.status === 401) return null;
      const { status } = response;
      if (!response.ok) throw new AuthError("unavailable", `The user was answered with status ${status}.`, { status });
      const user = (await response.json()) as { id: number; email: string };
      return {
        id: String(user.id),
        email: user.email,
        is_active: true,
        is_superuser: false,
        is_verified: true,
        is_guest: false,
      };
    },
  };
}
