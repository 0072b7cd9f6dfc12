import { AuthError } from "../../../src/core/authError.ts";
import type { Backend, TokenAnswer } from "../../../src/core/backend.ts";
import { parseClaims } from "../../../src/core/claims.ts";
import type { AnswerBody } from "../../../src/core/tokenBackend/tokenBackendOptions.ts";
import type { HandWritten } from "./handWritten.ts";

/** What a developer writes by hand for this API: Express, refresh token in a cookie, no rotation. */
export const expressWithCookie: HandWritten = (): Backend => {
  const base = "https://app.example/api";
  const subjectOf = (token: string): string => `${parseClaims(token)?.shown["id"] as string}`;
  const asUser = (user: AnswerBody) => ({ ...user, id: String(user["_id"]) });

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
      credentials: "include",
      signal: call.signal,
      ...init,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  function toAnswer(body: AnswerBody): TokenAnswer {
    return { accessToken: body.token, subject: subjectOf(body.token) };
  }

  return {
    async signIn({ username, password }, call) {
      const response = await send(call, "login", {}, { email: username, password });
      if (response.status === 401) throw new AuthError("credentialsRejected");
      if (response.status === 429) throw new AuthError("rateLimited");
      if (!response.ok) throw new AuthError("unavailable", `Status ${response.status}.`);
      return toAnswer(await response.json());
    },
    async refresh(call) {
      const response = await send(call, "refresh", { method: "GET" });
      if (response.status === 403) return { kind: "ended", reason: "expired", namesRefreshToken: true };
      const error = new AuthError("unavailable", `Status ${response.status}.`);
      if (!response.ok) return { kind: "transient", error, retryAfterMs: null };
      return { kind: "token", answer: toAnswer(await response.json()) };
    },
    async signOut(_, accessToken, call) {
      const response = await send(call, "logout", { headers: { Authorization: `Bearer ${accessToken}` } });
      if (response.status >= 500) throw new AuthError("unavailable", `Status ${response.status}.`);
    },
    async fetchUser(accessToken, call) {
      const response = await send(call, "me", { method: "GET", headers: { Authorization: `Bearer ${accessToken}` } });
      if (response.status === 401) return null;
      if (!response.ok) throw new AuthError("unavailable", `Status ${response.status}.`);
      return asUser((await response.json()).data);
    },
  };
};
