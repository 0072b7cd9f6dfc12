import { decodeJwt } from "jose";
import type { TokenBody } from "./tokenAnswer.ts";

/** Whatever carries the visitor's headers: a `Request`, or `{ headers: await headers() }` in a server component of Next. */
export interface VisitorRequest {
  /** The visitor's headers, as they came. */
  readonly headers: { get(name: string): string | null };
  /** Where it was sent. Default: http at the header `Host`; counts only without `publicUrl`. */
  readonly url?: string | undefined;
}

/** Who sends the request, for as long as the page is rendered. */
export interface ServerSession {
  /** The claim `sub`: whose session it is. */
  readonly subject: string;
  /** The claim `sid`. */
  readonly sessionId: string;
  /** Whether the subject is a guest. */
  readonly isGuest: boolean;
  /** When {@link accessToken} ends, by this machine's clock, in milliseconds since 1970: a minute from now. */
  readonly expiresAt: number;
  /**
   * For requests to your API while the page is rendered. It is not enumerable: a session that is handed to a client component
   * as a whole leaves it behind.
   */
  readonly accessToken: string;
}

export function makeServerSession({
  access_token,
  expires_in,
  session,
  subject,
}: Omit<TokenBody, "refresh_token">): ServerSession {
  const known = {
    subject,
    sessionId: session.id,
    isGuest: readIsGuest(access_token),
    expiresAt: Date.now() + expires_in * 1000,
  };
  return Object.defineProperty(known, "accessToken", { value: access_token }) as ServerSession;
}

/** Not verified here: it comes straight from who signed it. */
function readIsGuest(token: string): boolean {
  try {
    return decodeJwt(token)["is_guest"] === true;
  } catch {
    return false;
  }
}
