import { z } from "zod";
import { aFunction, aNumber, aText, checkOptions, trueOrFalse } from "./checkOptions.ts";
import type { AuthServer } from "./createAuthServer.ts";
import { OptionsError } from "./optionsError.ts";
import { isLoopback } from "./refreshCookie.ts";
import { makeServerSession, type ServerSession, type VisitorRequest } from "./serverSession.ts";
import { ServerSessionError } from "./serverSessionError.ts";
import { tokenAnswer } from "./wireSchemas.ts";

/** An auth server that runs elsewhere. */
export interface RemoteAuthServer {
  /** Where its endpoints are, as seen from here: `https://auth.internal/v1/auth`. Https, or http to this machine. */
  readonly url: string;
  /** Its option `peekKey`. */
  readonly key: string;
  /** How long it may take, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Lets the key and the visitor's cookie travel in the clear over plain http to another machine. Default: false. */
  readonly dangerouslyAllowHttp?: boolean | undefined;
  /** Default: the runtime's. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * Who sends this request, by the refresh cookie that came with it, for a server that renders pages: nothing rotates, no cookie
 * is set, and the browser's own session goes on undisturbed. Ask once per request (React's `cache`), since each call is a
 * question to the auth server.
 *
 * Null means that nobody is known, and not that nobody is signed in: the cookie is `SameSite=Strict`, so the first request of
 * a visitor who follows a link from another site comes without it, and on plain http it has the path of the endpoints unless
 * `cookie: { path: "/" }` says otherwise. Render what you render while the session is loading.
 *
 * @param from the auth server itself where it runs in this process, else its address and `peekKey`.
 * @throws ServerSessionError `unavailable` in an outage, `refused` where the key or the address is wrong. OptionsError.
 * @example
 * const session = await getServerSession(request, { url: "https://auth.internal/v1/auth", key: process.env.PEEK_KEY });
 * const notes = session && (await fetch(api, { headers: { Authorization: `Bearer ${session.accessToken}` } }));
 */
export async function getServerSession(
  request: VisitorRequest,
  from: Pick<AuthServer, "peekSession"> | RemoteAuthServer,
): Promise<ServerSession | null> {
  if ("peekSession" in from) return from.peekSession(request);
  const address = checkRemote(from);
  const cookie = request.headers.get("cookie");
  if (cookie === null || cookie === "") return null;
  const response = await ask(address, from, cookie, request.headers.get("user-agent"));
  return readAnswer(response);
}

async function ask(
  address: string,
  { key, timeoutMs = 5_000, fetch = globalThis.fetch }: RemoteAuthServer,
  cookie: string,
  userAgent: string | null,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(`${address}/jwt/peek`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        cookie,
        ...(userAgent !== null && { "user-agent": userAgent }),
      },
      redirect: "error",
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error("unknown");
    throw new ServerSessionError("unavailable", "The auth server was not reached, so it is not known who asks.", {
      cause: new Error(`${name}: ${message}`),
    });
  }
}

const refusal = z.object({ detail: z.string(), reason: z.string().optional() });

function readAnswer({ status, body }: { readonly status: number; readonly body: unknown }): ServerSession | null {
  const token = status === 200 ? tokenAnswer.safeParse(body) : undefined;
  if (token?.success === true) return makeServerSession(token.data);
  const { detail = "", reason = "" } = refusal.safeParse(body).data ?? {};
  if (status === 401 && detail.startsWith("REFRESH_TOKEN_")) return null;
  if (status === 401) {
    throw new ServerSessionError("refused", "The auth server has another `peekKey` than the `key` that it was shown.");
  }
  if (status === 404 || status === 405) {
    throw new ServerSessionError(
      "refused",
      "There is no `/jwt/peek` at this address: set the server's `peekKey`, and end `url` with its prefix (`/v1/auth`).",
    );
  }
  if (status === 403) throw new ServerSessionError("refused", `The auth server refused the question. ${reason}`.trim());
  throw new ServerSessionError("unavailable", `The auth server answered ${status}, so it is not known who asks.`);
}

/** @throws OptionsError */
function checkRemote(from: RemoteAuthServer): string {
  checkOptions<RemoteAuthServer>("getServerSession", from, {
    url: aText,
    key: aText,
    timeoutMs: aNumber,
    dangerouslyAllowHttp: trueOrFalse,
    fetch: aFunction,
  });
  const { url, key, dangerouslyAllowHttp = false } = from;
  if (url === undefined || key === undefined)
    throw new OptionsError("`getServerSession` needs `url` and `key`, or the auth server itself.");
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address === null || !/^https?:$/.test(address.protocol) || address.search !== "" || address.hash !== "") {
    throw new OptionsError('`url` is where the auth endpoints are, such as "https://auth.internal/v1/auth".');
  }
  if (address.protocol === "http:" && !isLoopback(address.hostname) && !dangerouslyAllowHttp) {
    throw new OptionsError(
      "`url` is plain http on another machine: the key and the cookie would travel in the clear. Use https, or `dangerouslyAllowHttp` on a network that you trust.",
    );
  }
  return `${address.origin}${address.pathname.replace(/\/+$/, "")}`;
}
