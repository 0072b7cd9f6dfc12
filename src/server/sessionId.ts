import { decodeBase64url, encodeBase64url, randomBytes } from "./encoding.ts";

const SESSION_ID_BYTES = 16;

export function createSessionId(): string {
  return encodeBase64url(randomBytes(SESSION_ID_BYTES));
}

/** Whether `text` has the form of a session id: only such a text may reach the database or name a cookie. */
export function isSessionId(text: string): boolean {
  return text.length === 22 && decodeBase64url(text)?.length === SESSION_ID_BYTES;
}

/** The end of the session's cookie name: enough to tell the sessions of one browser apart. */
export function shortSessionId(sessionId: string): string {
  return sessionId.slice(0, 8);
}
