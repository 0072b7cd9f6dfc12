import { AuthError, type AuthErrorCode } from "./authError.ts";
import type { Backend, BackendCall, TokenAnswer } from "./backend.ts";
import { aText, checkOptions } from "./checkOptions.ts";
import { createSignInChallenge, readChallengeToken, type SignInChallenge } from "./signInChallenge.ts";
import { type Fields, isFields } from "./parse.ts";
import {
  parseRefreshAnswer,
  parseTokenAnswer,
  parseUser,
  readErrorDetail,
  readFields,
  readRetryAfterMs,
  refusedOriginError,
} from "./responses.ts";

/** Where the endpoints are, each relative to `baseUrl`, or absolute. */
export interface HttpBackendPaths {
  /** Takes the credentials as a form. Default: `jwt/login`. */
  readonly signIn: string;
  /** Takes the answer to a challenge. Default: `jwt/challenge`. */
  readonly challenge: string;
  /** Makes an account. Default: `register`. */
  readonly register: string;
  /** Starts a guest session. Default: `guest`. */
  readonly guest: string;
  /** Renews the token by the cookie. Default: `jwt/refresh`. */
  readonly refresh: string;
  /** Ends one session. Default: `jwt/logout`. */
  readonly signOut: string;
  /** Says who one is. Default: `users/me`. */
  readonly user: string;
  /** Ends the other sessions. Default: `sessions`. */
  readonly sessions: string;
}

/** Where the endpoints of {@link createHttpBackend} are. */
export interface HttpBackendOptions {
  /** Address of the auth endpoints; a path counts from the page's origin. */
  readonly baseUrl: string;
  /** Moves endpoints; one that starts with `/` or a scheme stands for itself. Default: {@link HttpBackendPaths}. */
  readonly paths?: Partial<HttpBackendPaths> | undefined;
  /** Wall clock in milliseconds, for `Retry-After` dates. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
}

const DEFAULT_PATHS: HttpBackendPaths = {
  signIn: "jwt/login",
  challenge: "jwt/challenge",
  register: "register",
  guest: "guest",
  refresh: "jwt/refresh",
  signOut: "jwt/logout",
  user: "users/me",
  sessions: "sessions",
};

const SESSION_ENDPOINTS = ["signIn", "challenge", "register", "guest", "refresh", "signOut"] as const;

/** The server's endpoints over HTTP, as a fastapi-users app spells them. */
export function createHttpBackend({
  baseUrl,
  paths = {},
  now = Date.now,
}: HttpBackendOptions): Required<Omit<Backend, "tokens" | "start">> {
  const rules = Object.fromEntries(Object.keys(DEFAULT_PATHS).map((name) => [name, aText]));
  checkOptions(paths, rules, "`paths`");
  const endpoints = { ...DEFAULT_PATHS, ...paths };
  const prefix = baseUrl.replace(/\/+$/, "");
  const addressOf = (endpoint: keyof HttpBackendPaths): string => {
    const path = endpoints[endpoint];
    if (!/^(\/|[a-z][a-z0-9+.-]*:)/i.test(path)) return `${prefix}/${path}`;
    return path.startsWith("/") && /^[a-z]+:/i.test(prefix) ? new URL(path, prefix).href : path;
  };

  // A redirect would hand a credential to an address that nobody named, and turns a POST into a GET.
  const send = (address: string, { fetch, signal }: BackendCall, init: RequestInit): Promise<Response> =>
    fetch(address, {
      credentials: "include",
      redirect: "error",
      cache: "no-store",
      signal,
      ...init,
    });

  const bearer = (accessToken: string): Record<string, string> => ({ Authorization: `Bearer ${accessToken}` });
  const asJson = (value: unknown): RequestInit => ({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });

  const sendChange: SendChange = (method, { currentPassword, ...change }, accessToken, call) => {
    const init = asJson({ ...change, current_password: currentPassword });
    const headers = { ...(init.headers as Record<string, string>), ...bearer(accessToken) };
    return send(addressOf("user"), call, { ...init, method, headers });
  };

  return {
    address: baseUrl,
    get sessionEndpoints() {
      return [...SESSION_ENDPOINTS.map(addressOf), `${prefix}/device/code`, `${prefix}/device/token`];
    },
    async signIn(credentials, call) {
      for (const field of ["username", "password"] as const) {
        if (typeof credentials?.[field] === "string") continue;
        throw new AuthError("invalidInput", `\`signIn\` takes { username, password }; \`${field}\` is missing.`);
      }
      const body = new URLSearchParams({ grant_type: "password" });
      for (const [field, value] of Object.entries(credentials)) if (value !== undefined) body.set(field, String(value));
      const response = await send(addressOf("signIn"), call, { method: "POST", body });
      return expectEntry(response, now);
    },
    async continueSignIn(challenge, answer, call) {
      // A way of the app's own may hand on the server's answer as it is.
      const { challenge: said } = challenge as SignInChallenge<Fields>;
      const token = readChallengeToken(challenge) ?? said["token"];
      return expectEntry(await send(addressOf("challenge"), call, asJson({ token, response: answer })), now);
    },
    async register(account, call) {
      const response = await send(addressOf("register"), call, asJson(account));
      if (!response.ok) throw await explain(response, { 400: "registrationRejected" }, now);
    },
    async signInAsGuest(call) {
      const response = await send(addressOf("guest"), call, { method: "POST" });
      return expectToken(
        response,
        {
          SESSION_EXISTS: "sessionExists",
          409: "sessionExists",
          403: "guestsDisabled",
          404: "guestsDisabled",
          405: "guestsDisabled",
          501: "guestsDisabled",
        },
        now,
      );
    },
    async refresh(call) {
      return parseRefreshAnswer(
        await send(withQuery(addressOf("refresh"), "optional=1"), call, { method: "POST" }),
        now(),
      );
    },
    async signOut(session, accessToken, call) {
      const init = asJson(session === null || session.id === "" ? {} : { session_id: session.id });
      const headers = {
        ...(init.headers as Record<string, string>),
        ...(accessToken === null ? {} : bearer(accessToken)),
      };
      const response = await send(addressOf("signOut"), call, { ...init, headers, keepalive: true });
      if (!response.ok && ![401, 404, 405].includes(response.status)) throw await explain(response, {}, now);
    },
    async discardSession({ id }, accessToken, call) {
      const address = `${addressOf("sessions")}/${encodeURIComponent(id)}`;
      const response = await send(address, call, { method: "DELETE", headers: bearer(accessToken) });
      if (!response.ok) throw await explain(response, {}, now);
    },
    async signOutOthers(accessToken, call) {
      const response = await send(addressOf("sessions"), call, { method: "DELETE", headers: bearer(accessToken) });
      if (!response.ok) throw await explain(response, {}, now);
    },
    async fetchUser(accessToken, call) {
      const response = await send(addressOf("user"), call, { headers: bearer(accessToken) });
      if (response.status === 401) return null;
      if (!response.ok) throw await explain(response, {}, now);
      return parseUser(await readFields(response));
    },
    ...accountChanges(sendChange, now),
  };
}

type SendChange = (
  method: "PATCH" | "DELETE",
  change: { readonly currentPassword: string },
  accessToken: string,
  call: BackendCall,
) => Promise<Response>;

/** What somebody does to their own account, each by its password. */
function accountChanges(
  send: SendChange,
  now: () => number,
): Required<Pick<Backend, "changePassword" | "changeEmail" | "deleteAccount">> {
  const codes: Codes = { CURRENT_PASSWORD_INVALID: "credentialsRejected", 400: "registrationRejected" };
  return {
    async changePassword(change, accessToken, call) {
      return expectToken(await send("PATCH", change, accessToken, call), codes, now);
    },
    async changeEmail(change, accessToken, call) {
      const response = await send("PATCH", change, accessToken, call);
      if (!response.ok) throw await explain(response, codes, now);
      return parseUser(await readFields(response));
    },
    async deleteAccount(proof, accessToken, call) {
      const response = await send("DELETE", proof, accessToken, call);
      if (!response.ok) throw await explain(response, codes, now);
    },
  };
}

/** An address of the app's own may have a query already. */
const withQuery = (address: string, query: string): string => `${address}${address.includes("?") ? "&" : "?"}${query}`;

type Codes = Partial<Record<number | string, AuthErrorCode>>;

/** What an answer that is no success means: by the server's own code first, then by its status. */
async function explain(response: Response, codes: Codes, now: () => number): Promise<AuthError> {
  const { status } = response;
  const detail = readErrorDetail(await readFields(response));
  if (detail.code === "ORIGIN_NOT_ALLOWED") return refusedOriginError(detail.reason);
  const code =
    codes[detail.code ?? ""] ??
    codes[status] ??
    (status === 422 ? "invalidInput" : status === 429 ? "rateLimited" : "unavailable");
  return new AuthError(
    code,
    code === "unavailable" ? `The server answered with status ${status}; try again later.` : undefined,
    {
      status,
      serverCode: detail.code,
      reason: detail.reason,
      retryAfterMs: readRetryAfterMs(response, now()) ?? undefined,
    },
  );
}

/** What a sign-in was answered with: the first of its answers, or one to a challenge. */
async function expectEntry(response: Response, now: () => number): Promise<TokenAnswer | SignInChallenge> {
  if (response.status === 202) {
    const said = (await readFields(response.clone()))?.["challenge"];
    if (isFields(said) && typeof said["token"] === "string") {
      const { token, ...body } = said;
      return createSignInChallenge(body, token);
    }
  }
  const codes: Codes = {
    CHALLENGE_EXPIRED: "challengeExpired",
    400: "credentialsRejected",
    401: "credentialsRejected",
  };
  return expectToken(response, codes, now);
}

async function expectToken(response: Response, codes: Codes, now: () => number): Promise<TokenAnswer> {
  if (!response.ok) throw await explain(response, codes, now);
  const answer = parseTokenAnswer(await readFields(response), response);
  if (answer !== null) return answer;
  throw new AuthError("badResponse", "The server answered a sign-in without an access token; check `baseUrl`.", {
    status: response.status,
  });
}
