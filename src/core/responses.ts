import type { User } from "./register.ts";
import { AuthError } from "./authError.ts";
import type { RefreshOutcome, TokenAnswer } from "./backend.ts";
import { smallestPositive } from "./lifetime.ts";
import { type Fields, isFields, parseNumber, parseText } from "./parse.ts";
import type { SessionName } from "./session.ts";

const readPositive = (...values: unknown[]): number | null => smallestPositive(values.map(parseNumber));

/** The body of an answer as a JSON object, or null for anything else: an empty body, a page of HTML, a bare value. */
export async function readFields(response: Response): Promise<Fields | null> {
  try {
    const body: unknown = JSON.parse(await response.text());
    return isFields(body) ? body : null;
  } catch (error) {
    // A body that breaks off is a network failure, not an answer.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const readMoment = (header: string | null): number | null => Date.parse(header ?? "") || null;

/** `Retry-After` in milliseconds, given in seconds or as a date. RFC 9110 §10.2.3. */
export function readRetryAfterMs(response: Response, now: number): number | null {
  const header = response.headers.get("Retry-After")?.trim() ?? "";
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const moment = readMoment(header);
  return moment === null ? null : Math.max(0, moment - (readMoment(response.headers.get("Date")) ?? now));
}

/** A token answer, or null without a non-empty `access_token`. */
export function parseTokenAnswer(body: Fields | null, response: Response): TokenAnswer | null {
  const accessToken = body?.["access_token"];
  if (typeof accessToken !== "string" || accessToken.trim() === "") return null;
  const session = isFields(body?.["session"]) ? body["session"] : {};
  const id = parseText(session["id"]);
  const number = readPositive(session["number"]);
  return {
    accessToken,
    expiresInSeconds: readPositive(body?.["expires_in"]),
    session: id === null ? null : { id, number: Number.isSafeInteger(number) ? number : null },
    sessionEndsInSeconds: readPositive(session["expires_in"], session["ends_in"]),
    subject: parseText(body?.["subject"]),
    serverNow: readMoment(response.headers.get("Date")),
  };
}

/** Which session a sign-out that named none has ended, where the server says so: PROTOCOL, "Endpoints". */
export function readEndedSession(response: Response): SessionName | null {
  const [, number, id] = /^(\d{1,15}) ([\w-]{1,200})$/.exec(response.headers.get("Session-Ended") ?? "") ?? [];
  return id === undefined ? null : { number: Number(number), id };
}

/**
 * Who a user is, as text.
 *
 * @throws AuthError `badResponse` when there is no `id`; it names the fields that there are, never what is in them.
 */
export function readUserId(user: unknown): string {
  const id = isFields(user) ? parseText(user["id"]) : null;
  if (id !== null) return id;
  const found = isFields(user) ? Object.keys(user).slice(0, 12).join(", ") : typeof user;
  throw new AuthError(
    "badResponse",
    `The user has no \`id\` (a text or a number), but: ${found || "nothing"}. Map another field to it, or check \`paths.user\`.`,
  );
}

/** A user. @throws AuthError `badResponse` when the body names none. */
export function parseUser(body: Fields | null): User {
  const id = readUserId(body);
  return {
    ...body,
    id,
    email: parseText(body?.["email"]),
    is_active: body?.["is_active"] !== false,
    is_superuser: body?.["is_superuser"] === true,
    is_verified: body?.["is_verified"] === true,
    is_guest: body?.["is_guest"] === true,
  };
}

/** The server's code (upper-case words) and its sentence for people, out of any of the four shapes of `detail`. */
export function readErrorDetail(body: Fields | null): { code: string | undefined; reason: string | undefined } {
  const detail = body?.["detail"] ?? body?.["code"] ?? body?.["error"];
  const { code, reason } = isFields(detail) ? detail : { code: detail, reason: undefined };
  const isCode = typeof code === "string" && /^[A-Z][A-Z0-9_]*$/.test(code);
  return { code: isCode ? code : undefined, reason: typeof reason === "string" ? reason : undefined };
}

/** An error that tells how a call of ours failed and carries nothing of the call: no header, body or address. */
export function describeFailure(error: unknown): Error {
  const { name, code } = isFields(error) || error instanceof Error ? (error as Fields) : {};
  const kind = typeof name === "string" ? name : "Error";
  const description = new Error(typeof code === "string" ? `${kind} (${code})` : kind);
  description.name = kind;
  return description;
}

/** What a call of ours failed by, in the one form that callers get. */
export const toAuthError = (error: unknown): AuthError =>
  error instanceof AuthError ? error : new AuthError("unavailable", undefined, { cause: describeFailure(error) });

/** With what the server says of it: it alone knows which of its settings is missing. */
export function refusedOriginError(reason: string | undefined): AuthError {
  const message = reason ? `The server refuses calls from this page's origin: ${reason}` : undefined;
  return new AuthError("originNotAllowed", message, { status: 403, serverCode: "ORIGIN_NOT_ALLOWED", reason });
}

/** What to make of the answer to a refresh: PROTOCOL, "What a client makes of a refresh answer". */
export async function parseRefreshAnswer(response: Response, now: number): Promise<RefreshOutcome> {
  const { status } = response;
  const body = await readFields(response);
  const { code, reason: said } = readErrorDetail(body);
  const namesRefreshToken = code?.startsWith("REFRESH_TOKEN_") === true || body?.["error"] === "invalid_grant";
  if (status === 200) {
    const answer = parseTokenAnswer(body, response);
    if (answer !== null) return { kind: "token", answer };
  }
  const isMissing = code === "REFRESH_TOKEN_MISSING";
  if (
    (status === 401 && body !== null) ||
    (isMissing && status === 200) ||
    ((status === 400 || status === 403) && namesRefreshToken)
  ) {
    const reason = /_(REVOKED|REUSED)$/.test(code ?? "") ? "revoked" : isMissing ? "none" : "expired";
    return { kind: "ended", reason, namesRefreshToken };
  }
  if (status === 404 || status === 405 || status === 501) return { kind: "absent" };
  if (status === 403 && code === "ORIGIN_NOT_ALLOWED") return { kind: "originNotAllowed", reason: said };
  const error =
    status === 200
      ? new AuthError("badResponse", "The answer to a refresh holds no access token.", { status, serverCode: code })
      : new AuthError("unavailable", `The server answered with status ${status}.`, { status, serverCode: code });
  return { kind: "transient", error, retryAfterMs: readRetryAfterMs(response, now) };
}
