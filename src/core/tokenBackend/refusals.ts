import { AuthError, type AuthErrorCode } from "../authError.ts";
import { readRetryAfterMs } from "../responses.ts";
import type { EndpointAnswer } from "./endpointCaller.ts";

type Fields = Readonly<Record<string, unknown>>;

const SENTENCES: Partial<Record<AuthErrorCode, string>> = {
  credentialsRejected: "The server does not accept these credentials.",
  challengeExpired: "This challenge can no longer be answered; sign in again.",
  registrationRejected: "The server does not accept this registration; see `reason` and `serverCode`.",
  guestsDisabled: "This server starts no guest sessions.",
  rateLimited: "Too many attempts; try again after `retryAfterMs`.",
  invalidInput: "The server does not accept the form of this input.",
};

/** What an answer that is no success means to whoever asked. */
export function toError(
  answer: EndpointAnswer,
  codes: Readonly<Record<number, AuthErrorCode>>,
  now: number,
): AuthError {
  const { response, body, place } = answer;
  const { status } = response;
  // A page in the place of an answer comes from something in between: it says nothing about credentials.
  const code =
    (isPage(response) ? undefined : codes[status]) ??
    (status === 422 ? "invalidInput" : status === 429 ? "rateLimited" : "unavailable");
  const missing = status === 404 || status === 405 ? "; do `baseUrl` and `path` lead there?" : "";
  return new AuthError(code, SENTENCES[code] ?? `${place} was answered with status ${status}${missing || "."}`, {
    status,
    ...readRefusal(body),
    retryAfterMs: readRetryAfterMs(response, now) ?? undefined,
  });
}

/** Whether an answer says that the refresh token is worth nothing, for servers that have not said otherwise. */
export function isRefreshRefused({ response, body }: EndpointAnswer): boolean {
  const { status } = response;
  if (isPage(response)) return false;
  if (status === 401) return true;
  if (status !== 400 && status !== 403) return false;
  const said = JSON.stringify(body ?? "");
  if (/csrf|xsrf|origin/i.test(said)) return false;
  // Without a word it is what `res.sendStatus(403)` answers after a token that it could not verify.
  return (status === 403 && body === undefined) || /token|grant|session|expired|jwt/i.test(said);
}

const isPage = (response: Response): boolean => /html/i.test(response.headers.get("Content-Type") ?? "");

/** The server's own code and its sentence for people, in the shapes of the usual frameworks. */
function readRefusal(body: unknown): { serverCode?: string | undefined; reason?: string | undefined } {
  const fields = asFields(body);
  const list = fields["errors"];
  const first = asFields(Array.isArray(list) ? list[0] : undefined);
  const inner = asFields(fields["error"]);
  const codes = [fields["code"], asFields(first["extensions"])["code"], inner["name"], inner["code"], fields["error"]];
  const reasons = [
    fields["detail"],
    fields["error_description"],
    fields["message"],
    first["message"],
    inner["message"],
    fields["title"],
    Array.isArray(fields["non_field_errors"]) ? fields["non_field_errors"][0] : undefined,
  ];
  const text = (value: unknown): value is string => typeof value === "string" && value !== "";
  return { serverCode: codes.find(text), reason: reasons.find(text) };
}

const asFields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
