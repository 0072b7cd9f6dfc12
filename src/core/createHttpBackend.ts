import { AuthError, type AuthErrorCode } from "./authError.ts";
import type { Backend, BackendCall, TokenAnswer } from "./backend.ts";
import { aText, checkOptions } from "./checkOptions.ts";
import { createSignInChallenge, readChallengeToken, type SignInChallenge } from "./signInChallenge.ts";
import { type Fields, isFields } from "./parse.ts";
import {
  parseRefreshAnswer,
  parseTokenAnswer,
  parseUser,
  readEndedSession,
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
}: HttpBackendOptions): Required<Omit<Backend, "tokens" | "start" | "signInBy">> {
  const rules = Object.fromEntries(Object.keys(DEFAULT_PATHS).map((name) => [name, aText]));
  checkOptions(paths, rules, "`paths`");
  const endpoints = { ...DEFAULT_PATHS, ...paths };
  const prefix = baseUrl.replace(/\/+$/, "");
  const addressOf = (endpoint: keyof HttpBackendPaths): string => {
    const path = endpoints[endpoint];
    const [isAbsolute, hasOrigin] = [path, prefix].map((address) => /^[a-z][a-z0-9+.-]*:/i.test(address));
    if (isAbsolute) return path;
    if (!path.startsWith("/")) return `${prefix}/${path}`;
    return hasOrigin ? new URL(path, prefix).href : path;
  };

  // A redirect would hand a credential to an address that nobody named, and turns a POST into a GET.
  const send = (address: string, { fetch, signal }: BackendCall, { json, token, ...init }: Sent): Promise<Response> =>
    fetch(address, {
      method: "POST",
      body: JSON.stringify(json),
      credentials: "include",
      redirect: "error",
      cache: "no-store",
      signal,
      ...init,
      headers: {
        ...(json === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token == null ? {} : { Authorization: `Bearer ${token}` }),
      },
    });

  /** The answer to a request that is to succeed, or to come to one of `accepted`. @throws AuthError as {@link explain} has it. */
  async function ask(
    endpoint: keyof HttpBackendPaths,
    call: BackendCall,
    { codes = {}, accepted = [], below = "", ...sent }: Asked,
  ): Promise<Response> {
    const response = await send(addressOf(endpoint) + below, call, sent);
    if (response.ok || accepted.includes(response.status)) return response;
    throw await explain(response, codes, now());
  }

  // What somebody does to their own account, each by its password.
  const askForChange = (
    method: "PATCH" | "DELETE",
    { currentPassword, ...change }: { readonly currentPassword: string },
    token: string,
    call: BackendCall,
  ): Promise<Response> =>
    ask("user", call, { method, token, json: { ...change, current_password: currentPassword }, codes: CHANGE_CODES });

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
      return readEntry(await ask("signIn", call, { body, codes: SIGN_IN_CODES }));
    },
    async continueSignIn(challenge, response, call) {
      // A way of the app's own may hand on the server's answer as it is.
      const { challenge: said } = challenge as SignInChallenge<Fields>;
      const json = { token: readChallengeToken(challenge) ?? said["token"], response };
      return readEntry(await ask("challenge", call, { json, codes: SIGN_IN_CODES }));
    },
    async register(json, call) {
      await ask("register", call, { json, codes: { 400: "registrationRejected" } });
    },
    async signInAsGuest(call) {
      return readToken(await ask("guest", call, { codes: GUEST_CODES }));
    },
    async refresh(call) {
      const address = addressOf("refresh");
      // An address of the app's own may have a query already.
      const response = await send(`${address}${address.includes("?") ? "&" : "?"}optional=1`, call, {});
      return parseRefreshAnswer(response, now());
    },
    async signOut(session, token, call) {
      const json = session === null || session.id === "" ? {} : { session_id: session.id };
      const response = await ask("signOut", call, { json, token, keepalive: true, accepted: [401, 404, 405] });
      return readEndedSession(response);
    },
    async discardSession({ id }, token, call) {
      await ask("sessions", call, { method: "DELETE", token, below: `/${encodeURIComponent(id)}` });
    },
    async signOutOthers(token, call) {
      await ask("sessions", call, { method: "DELETE", token });
    },
    async fetchUser(token, call) {
      const response = await ask("user", call, { method: "GET", token, accepted: [401] });
      return response.status === 401 ? null : parseUser(await readFields(response));
    },
    async changePassword(change, token, call) {
      return readToken(await askForChange("PATCH", change, token, call));
    },
    async changeEmail(change, token, call) {
      return parseUser(await readFields(await askForChange("PATCH", change, token, call)));
    },
    async deleteAccount(proof, token, call) {
      await askForChange("DELETE", proof, token, call);
    },
  };
}

/** What is sent: as JSON, and with a token, where there is one. */
interface Sent extends RequestInit {
  readonly json?: unknown;
  readonly token?: string | null;
}

interface Asked extends Sent {
  /** What an answer means that is no success: by the server's own code first, then by its status. */
  readonly codes?: Codes;
  /** Statuses that are as good as a success. */
  readonly accepted?: readonly number[];
  /** What follows on the endpoint's own address. */
  readonly below?: string;
}

type Codes = Readonly<Record<number | string, AuthErrorCode>>;

const SIGN_IN_CODES: Codes = {
  CHALLENGE_EXPIRED: "challengeExpired",
  400: "credentialsRejected",
  401: "credentialsRejected",
};
const CHANGE_CODES: Codes = { CURRENT_PASSWORD_INVALID: "credentialsRejected", 400: "registrationRejected" };
const GUEST_CODES: Codes = {
  SESSION_EXISTS: "sessionExists",
  409: "sessionExists",
  403: "guestsDisabled",
  404: "guestsDisabled",
  405: "guestsDisabled",
  501: "guestsDisabled",
};
// Whatever was asked for.
const COMMON_CODES: Codes = { 422: "invalidInput", 429: "rateLimited" };

async function explain(response: Response, codes: Codes, now: number): Promise<AuthError> {
  const { status } = response;
  const { code: serverCode, reason } = readErrorDetail(await readFields(response));
  if (serverCode === "ORIGIN_NOT_ALLOWED") return refusedOriginError(reason);
  const code = codes[serverCode ?? ""] ?? codes[status] ?? COMMON_CODES[status] ?? "unavailable";
  const message = code === "unavailable" ? `The server answered with status ${status}.` : undefined;
  return new AuthError(code, message, {
    status,
    serverCode,
    reason,
    retryAfterMs: readRetryAfterMs(response, now) ?? undefined,
  });
}

/** What a sign-in was answered with: the first of its answers, or one to a challenge. */
async function readEntry(response: Response): Promise<TokenAnswer | SignInChallenge> {
  const said = response.status === 202 && (await readFields(response.clone()))?.["challenge"];
  if (isFields(said) && typeof said["token"] === "string") {
    const { token, ...body } = said;
    return createSignInChallenge(body, token);
  }
  return readToken(response);
}

async function readToken(response: Response): Promise<TokenAnswer> {
  const answer = parseTokenAnswer(await readFields(response), response);
  if (answer === null) throw new AuthError("badResponse", undefined, { status: response.status });
  return answer;
}
