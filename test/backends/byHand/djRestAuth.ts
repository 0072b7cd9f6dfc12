import { AuthError } from "../../../src/core/authError.ts";
import type { Backend, TokenAnswer } from "../../../src/core/backend.ts";
import { parseClaims } from "../../../src/core/claims.ts";
import type { AnswerBody } from "../../../src/core/tokenBackend/tokenBackendOptions.ts";
import type { HandWritten } from "./handWritten.ts";

/** What a developer writes by hand for this API: dj-rest-auth, with its refresh token in JSON. */
export const djRestAuth: HandWritten = ({ storage }): Backend => {
  const base = "https://app.example/api";
  const subjectOf = (token: string): string => `${parseClaims(token)?.shown["user_id"] as string}`;
  const asUser = (user: AnswerBody) => ({ ...user, id: String(user["pk"]) });

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
    const refreshToken = body.refresh;
    if (refreshToken) storage.setItem("refreshToken", refreshToken);
    return { accessToken: body.access, subject: subjectOf(body.access) };
  }

  return {
    async signIn({ username, password }, call) {
      const response = await send(call, "auth/login/", {}, { username, password });
      if (response.status === 400) throw new AuthError("credentialsRejected");
      if (response.status === 429) throw new AuthError("rateLimited");
      if (!response.ok) throw new AuthError("unavailable", `Status ${response.status}.`);
      return toAnswer(await response.json());
    },
    async refresh(call) {
      const refreshToken = storage.getItem("refreshToken");
      if (refreshToken === null) return { kind: "ended", reason: "none", namesRefreshToken: true };
      const response = await send(call, "auth/token/refresh/", {}, { refresh: refreshToken });
      if (response.status === 401) {
        storage.removeItem("refreshToken");
        return { kind: "ended", reason: "expired", namesRefreshToken: true };
      }
      const error = new AuthError("unavailable", `Status ${response.status}.`);
      if (!response.ok) return { kind: "transient", error, retryAfterMs: null };
      return { kind: "token", answer: toAnswer(await response.json()) };
    },
    async signOut(_, accessToken, call) {
      const refreshToken = storage.getItem("refreshToken");
      storage.removeItem("refreshToken");
      const response = await send(
        call,
        "auth/logout/",
        { headers: { Authorization: `Bearer ${accessToken}` } },
        { refresh: refreshToken },
      );
      if (response.status >= 500) throw new AuthError("unavailable", `Status ${response.status}.`);
    },
    async fetchUser(accessToken, call) {
      const response = await send(call, "auth/user/", {
        method: "GET",
        headers: { Authorization: `Bearer ${accessToken}` },
      });
      if (response.status === 401) return null;
      if (!response.ok) throw new AuthError("unavailable", `Status ${response.status}.`);
      return asUser(await response.json());
    },
  };
};
