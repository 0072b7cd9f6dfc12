import { AuthError } from "../../../src/core/authError.ts";
import type { Backend, TokenAnswer } from "../../../src/core/backend.ts";
import { parseClaims } from "../../../src/core/claims.ts";
import type { AnswerBody } from "../../../src/core/tokenBackend/tokenBackendOptions.ts";
import type { HandWritten } from "./handWritten.ts";

/** What a developer writes by hand for this API: Directus, its mode `json`. */
export const directus: HandWritten = ({ storage }): Backend => {
  const base = "https://app.example";
  const subjectOf = (token: string): string => `${parseClaims(token)?.shown["id"] as string}`;

  function send(
    call: Parameters<Backend["refresh"]>[0],
    path: string,
    init: RequestInit,
    body?: object,
  ): Promise<Response> {
    const headers = {
      Accept: "application/json",
      ...(body && { "Content-Type": "application/json" }),
      ...(init.headers as Record<string, string>),
    };
    return call.fetch(`${base}/${path}`, {
      method: "POST",
      signal: call.signal,
      ...init,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  function toAnswer(body: AnswerBody): TokenAnswer {
    const refreshToken = body.data.refresh_token;
    if (refreshToken) storage.setItem("refreshToken", refreshToken);
    return {
      accessToken: body.data.access_token,
      expiresInSeconds: body.data.expires / 1_000,
      subject: subjectOf(body.data.access_token),
    };
  }

  return {
    async signIn({ username, password }, call) {
      const response = await send(call, "auth/login", {}, { email: username, password, mode: "json" });
      if (response.status === 400 || response.status === 401) throw new AuthError("credentialsRejected");
      if (response.status === 429) throw new AuthError("rateLimited");
      if (!response.ok) throw new AuthError("unavailable", `Status ${response.status}.`);
      return toAnswer(await response.json());
    },
    async refresh(call) {
      const refreshToken = storage.getItem("refreshToken");
      if (refreshToken === null) return { kind: "ended", reason: "none", namesRefreshToken: true };
      const response = await send(call, "auth/refresh", {}, { refresh_token: refreshToken, mode: "json" });
      if (response.status === 401 || response.status === 403) {
        storage.removeItem("refreshToken");
        return { kind: "ended", reason: "expired", namesRefreshToken: true };
      }
      const error = new AuthError("unavailable", `Status ${response.status}.`);
      if (!response.ok) return { kind: "transient", error, retryAfterMs: null };
      return { kind: "token", answer: toAnswer(await response.json()) };
    },
    async signOut(_, __, call) {
      const refreshToken = storage.getItem("refreshToken");
      storage.removeItem("refreshToken");
      const response = await send(call, "auth/logout", {}, { refresh_token: refreshToken, mode: "json" });
      if (response.status >= 500) throw new AuthError("unavailable", `Status ${response.status}.`);
    },
    async fetchUser(accessToken, call) {
      const response = await send(call, "users/me", {
        method: "GET",
        headers: { Authorization: `Bearer ${accessToken}` },
      });
      if (response.status === 401) return null;
      if (!response.ok) throw new AuthError("unavailable", `Status ${response.status}.`);
      return (await response.json()).data;
    },
  };
};
