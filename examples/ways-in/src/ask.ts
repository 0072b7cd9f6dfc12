import type { TokenAnswer } from "stay-signed-in/client";

/** An answer that says no, in the server's own word. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** Posts JSON; an answer that says no becomes an error with the server's word. */
export async function post(
  path: string,
  body: unknown = {},
  { fetch: send = fetch, ...init }: RequestInit & { readonly fetch?: typeof fetch } = {},
): Promise<Response> {
  const headers = { "Content-Type": "application/json", ...(init.headers as Record<string, string> | undefined) };
  const response = await send(path, { ...init, method: "POST", headers, body: JSON.stringify(body) });
  if (response.ok) return response;
  const { detail } = (await response.json().catch(() => ({}))) as { detail?: unknown };
  throw new RefusedError(typeof detail === "string" ? detail : `The server answered ${response.status}.`);
}

/** What `signInWith` and `adopt` take of the server's token answer. */
export async function tokenOf(response: Response): Promise<TokenAnswer> {
  const answer = (await response.json()) as {
    readonly access_token: string;
    readonly expires_in: number;
    readonly session: { readonly id: string; readonly number: number };
    readonly subject: string;
  };
  const { access_token: accessToken, expires_in: expiresInSeconds, session, subject } = answer;
  return { accessToken, expiresInSeconds, session, subject };
}
