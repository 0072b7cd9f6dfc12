import { describe, expect, it } from "vitest";
import type { RefreshOutcome } from "../../src/core/backend.ts";
import {
  describeFailure,
  parseRefreshAnswer,
  parseTokenAnswer,
  parseUser,
  readErrorDetail,
  readFields,
  readRetryAfterMs,
} from "../../src/core/responses.ts";

const NOW = Date.UTC(2030, 0, 1);
const TOKEN = "header.payload.signature-that-is-secret";

type Body = string | object | null;
const respond = (status: number, body: Body, headers: Record<string, string> = {}): Response =>
  new Response(
    body === null || status === 204 || status === 304 ? null : typeof body === "string" ? body : JSON.stringify(body),
    {
      status,
      headers,
    },
  );
const judge = (status: number, body: Body, headers?: Record<string, string>): Promise<RefreshOutcome> =>
  parseRefreshAnswer(respond(status, body, headers), NOW);

describe("an answer to a refresh that succeeds", () => {
  it.each<[string, Body, Record<string, unknown>]>([
    ["a token alone", { access_token: TOKEN }, { expiresInSeconds: null, session: null, subject: null }],
    [
      "all there is",
      { access_token: TOKEN, token_type: "bearer", expires_in: 900, session: { id: "s1", number: 7 }, subject: "ada" },
      { expiresInSeconds: 900, session: { id: "s1", number: 7 }, subject: "ada" },
    ],
    // B134 https://github.com/react-auth-kit/react-auth-kit/issues/643
    ["a lifetime in a text", { access_token: TOKEN, expires_in: "600" }, { expiresInSeconds: 600 }],
    ["a lifetime of zero", { access_token: TOKEN, expires_in: 0 }, { expiresInSeconds: null }],
    ["a negative lifetime", { access_token: TOKEN, expires_in: -5 }, { expiresInSeconds: null }],
    ["a lifetime that is no number", { access_token: TOKEN, expires_in: "soon" }, { expiresInSeconds: null }],
    ["an empty lifetime", { access_token: TOKEN, expires_in: "" }, { expiresInSeconds: null }],
    ["an endless lifetime", `{"access_token":"${TOKEN}","expires_in":1e999}`, { expiresInSeconds: null }],
    ["a huge lifetime", { access_token: TOKEN, expires_in: 1e20 }, { expiresInSeconds: 1e20 }],
    [
      "a session without a number",
      { access_token: TOKEN, session: { id: "s1" } },
      { session: { id: "s1", number: null } },
    ],
    [
      "a session with a number for an id",
      { access_token: TOKEN, session: { id: 5, number: 1 } },
      { session: { id: "5", number: 1 } },
    ],
    [
      "a session number in a fraction",
      { access_token: TOKEN, session: { id: "s", number: 1.5 } },
      { session: { id: "s", number: null } },
    ],
    [
      "a session number beyond what is exact",
      { access_token: TOKEN, session: { id: "s", number: 2 ** 60 } },
      { session: { id: "s", number: null } },
    ],
    ["a session that is a text", { access_token: TOKEN, session: "s1" }, { session: null }],
    ["a session without an id", { access_token: TOKEN, session: { number: 4 } }, { session: null }],
    ["an unknown field beside it", { access_token: TOKEN, scope: ["a"], extra: { deep: null } }, { subject: null }],
    ["a byte order mark before it", `\uFEFF{"access_token":"${TOKEN}"}`, { subject: null }],
  ])("with %s", async (_name, body, expected) => {
    expect(await judge(200, body)).toMatchObject({ kind: "token", answer: { accessToken: TOKEN, ...expected } });
  });

  it("tells the server's time by its Date header", async () => {
    const outcome = await judge(200, { access_token: TOKEN }, { Date: "Tue, 01 Jan 2030 00:01:00 GMT" });
    expect(outcome).toMatchObject({ answer: { serverNow: NOW + 60_000 } });
    expect(await judge(200, { access_token: TOKEN }, { Date: "whenever" })).toMatchObject({
      answer: { serverNow: null },
    });
  });
});

describe("an answer to a refresh that is definitive", () => {
  it.each<[number, Body, "none" | "expired" | "revoked", boolean]>([
    [401, { detail: "REFRESH_TOKEN_MISSING" }, "none", true],
    [200, { access_token: null, detail: "REFRESH_TOKEN_MISSING" }, "none", true],
    [401, { detail: "REFRESH_TOKEN_INVALID" }, "expired", true],
    [401, { detail: "REFRESH_TOKEN_EXPIRED" }, "expired", true],
    [401, { detail: "REFRESH_TOKEN_REVOKED" }, "revoked", true],
    [401, { detail: "REFRESH_TOKEN_REUSED" }, "revoked", true],
    [401, { detail: { code: "REFRESH_TOKEN_REVOKED", reason: "an administrator ended it" } }, "revoked", true],
    [401, { detail: "Unauthorized" }, "expired", false],
    [401, {}, "expired", false],
    [401, { type: "about:blank", title: "Unauthorized", status: 401 }, "expired", false],
    [401, { code: "token_not_valid", detail: "Token is blacklisted" }, "expired", false],
    [400, { detail: "REFRESH_TOKEN_EXPIRED" }, "expired", true],
    [403, { detail: "REFRESH_TOKEN_REVOKED" }, "revoked", true],
    [400, { error: "invalid_grant" }, "expired", true],
    [403, { error: "invalid_grant" }, "expired", true],
    [401, { error: "invalid_grant", error_description: "Token expired" }, "expired", true],
    [400, { code: "REFRESH_TOKEN_REVOKED" }, "revoked", true],
  ])("%s %o: the session ends as %s", async (status, body, reason, namesRefreshToken) => {
    expect(await judge(status, body)).toEqual({ kind: "ended", reason, namesRefreshToken });
  });
});

describe("an answer to a refresh that says there is no such thing", () => {
  it.each([404, 405, 501])("%s, whatever its body", async (status) => {
    for (const body of ["", "<html>", {}, { detail: "Not Found" }])
      expect(await judge(status, body)).toEqual({ kind: "absent" });
  });

  it("403 ORIGIN_NOT_ALLOWED, a wrong set-up", async () => {
    expect(await judge(403, { detail: "ORIGIN_NOT_ALLOWED" })).toEqual({ kind: "originNotAllowed" });
    expect(await judge(403, { detail: { code: "ORIGIN_NOT_ALLOWED" } })).toEqual({ kind: "originNotAllowed" });
  });
});

describe("an answer to a refresh that says nothing of the session", () => {
  // B042 https://github.com/supabase/auth-js/pull/710
  // B048 https://github.com/decocms/studio/pull/6068
  it.each<[string, number, Body]>([
    ["a captive portal's page", 200, "<html>Sign in to Wi-Fi</html>"],
    ["nothing", 200, ""],
    ["an empty object", 200, {}],
    ["null", 200, "null"],
    ["a list", 200, `[{"access_token":"${TOKEN}"}]`],
    ["a bare text", 200, `"${TOKEN}"`],
    ["no token", 200, { access_token: null }],
    ["an empty token", 200, { access_token: "" }],
    ["a token of spaces", 200, { access_token: "  " }],
    ["a number for a token", 200, { access_token: 5 }],
    ["an object for a token", 200, { access_token: { value: TOKEN } }],
    ["another spelling", 200, { accessToken: TOKEN }],
    ["JSON that breaks off", 200, `{"access_token":"${TOKEN}`],
    ["a token with another success", 201, { access_token: TOKEN }],
    ["no content", 204, null],
    ["a redirect", 302, ""],
    ["not modified", 304, null],
    ["a gateway's 401", 401, "<html>401 Authorization Required</html>"],
    ["an empty 401", 401, ""],
    ["a 401 with a list", 401, "[]"],
    ["a 400 of another kind", 400, { detail: "BAD" }],
    ["a 400 of a parser", 400, "Bad Request"],
    ["a firewall's 403", 403, "<html>Forbidden</html>"],
    ["a 403 of another kind", 403, { detail: "CSRF_FAILED" }],
    ["a wrong method's validation", 422, { detail: [{ loc: ["body"], msg: "field required", input: "secret" }] }],
    ["a code in the wrong case", 400, { detail: "refresh_token_expired" }],
    ["a time-out", 408, {}],
    ["too early", 425, {}],
    ["too many", 429, { detail: "REFRESH_TOKEN_EXPIRED" }],
    ["a network that wants a sign-in", 511, "<html>"],
    ["gone", 410, {}],
    ["a conflict", 409, {}],
    ...[500, 502, 503, 504, 520, 599].map((status): [string, number, Body] => [
      "a server's failure",
      status,
      { detail: "REFRESH_TOKEN_REVOKED" },
    ]),
  ])("%s (%s)", async (_name, status, body) => {
    const outcome = await judge(status, body);
    expect(outcome.kind).toBe("transient");
    if (outcome.kind !== "transient") return;
    expect(outcome.error.message).not.toBe("");
    expect(JSON.stringify(outcome.error) + outcome.error.message).not.toContain("secret");
    expect(outcome.error).toMatchObject({ status });
  });

  it("is no answer when it breaks off on the way", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"detail":"REFRESH_TOKEN_REV'));
        controller.error(new TypeError("network error"));
      },
    });
    await expect(parseRefreshAnswer(new Response(body, { status: 401 }), NOW)).rejects.toThrow("network error");
  });
});

describe("Retry-After", () => {
  // B046 https://github.com/clerk/javascript/pull/8004
  it.each<[string | null, string | null, number | null]>([
    ["30", null, 30_000],
    ["0", null, 0],
    [" 7 ", null, 7_000],
    ["Tue, 01 Jan 2030 00:00:30 GMT", null, 30_000],
    ["Tue, 01 Jan 2030 00:00:30 GMT", "Tue, 01 Jan 2030 00:00:10 GMT", 20_000],
    ["Mon, 31 Dec 2029 23:59:00 GMT", null, 0],
    ["soon", null, null],
    ["", null, null],
    [null, null, null],
  ])("of %o with the Date %o is %o ms", async (retryAfter, date, expected) => {
    const headers = {
      ...(retryAfter === null ? {} : { "Retry-After": retryAfter }),
      ...(date === null ? {} : { Date: date }),
    };
    expect(readRetryAfterMs(respond(429, {}, headers), NOW)).toBe(expected);
    expect(await judge(503, {}, headers)).toMatchObject({ kind: "transient", retryAfterMs: expected });
  });
});

describe("the pieces of an answer", () => {
  it.each<[Body, { code: string | undefined; reason: string | undefined }]>([
    [{ detail: "LOGIN_BAD_CREDENTIALS" }, { code: "LOGIN_BAD_CREDENTIALS", reason: undefined }],
    [
      { detail: { code: "REGISTER_INVALID_PASSWORD", reason: "too short" } },
      { code: "REGISTER_INVALID_PASSWORD", reason: "too short" },
    ],
    [{ detail: "Not authenticated" }, { code: undefined, reason: undefined }],
    [{ detail: [{ msg: "field required", input: "hunter2" }] }, { code: undefined, reason: undefined }],
    [{ detail: null }, { code: undefined, reason: undefined }],
    [
      { title: "Bad", status: 400 },
      { code: undefined, reason: undefined },
    ],
    ["<html>", { code: undefined, reason: undefined }],
    ["", { code: undefined, reason: undefined }],
  ])("the code and the reason of %o", async (body, expected) => {
    expect(readErrorDetail(await readFields(respond(400, body)))).toEqual(expected);
  });

  it.each<[Body, Record<string, unknown> | null]>([
    [
      { id: "u1", email: "a@b.c" },
      { id: "u1", email: "a@b.c", is_active: true, is_guest: false, is_superuser: false },
    ],
    [{ id: 7 }, { id: "7", email: null }],
    [
      { id: "u1", is_guest: true, plan: "pro" },
      { is_guest: true, plan: "pro" },
    ],
    [
      { id: "u1", is_active: false, is_verified: "yes" },
      { is_active: false, is_verified: false },
    ],
    [{ id: "" }, null],
    [{ email: "a@b.c" }, null],
    [{ id: {} }, null],
    ["[]", null],
    ["<html>", null],
  ])("the user in %o", async (body, expected) => {
    const parse = async () => parseUser(await readFields(respond(200, body)));
    if (expected === null) await expect(parse()).rejects.toMatchObject({ code: "badResponse" });
    else expect(await parse()).toMatchObject(expected);
  });

  it("no token where there is no body", () => {
    expect(parseTokenAnswer(null, respond(200, null))).toBe(null);
  });

  // B133 https://github.com/aws-amplify/amplify-js/issues/13486
  it.each<[string, unknown, string]>([
    ["a network failure", new TypeError(`Failed to fetch https://x/?t=${TOKEN}`), "TypeError"],
    ["a failure with a code", Object.assign(new Error(TOKEN), { code: "ECONNREFUSED" }), "Error (ECONNREFUSED)"],
    [
      "a failure of an HTTP client",
      Object.assign(new Error("x"), {
        name: "AxiosError",
        code: "ERR_NETWORK",
        config: { headers: { Authorization: TOKEN } },
      }),
      "AxiosError (ERR_NETWORK)",
    ],
    ["an abort", new DOMException(TOKEN, "AbortError"), "AbortError"],
    ["a text", TOKEN, "Error"],
    ["nothing", undefined, "Error"],
    ["null", null, "Error"],
    ["an object", { token: TOKEN }, "Error"],
  ])("of %s only its kind is told", (_name, failure, expected) => {
    const described = describeFailure(failure);
    expect(described.message).toBe(expected);
    expect(
      `${described.stack ?? ""}${JSON.stringify(described)}${JSON.stringify(Object.entries(described))}`,
    ).not.toContain(TOKEN);
  });
});
