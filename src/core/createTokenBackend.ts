import { AuthError, type AuthErrorCode } from "./authError.ts";
import type { BackendCall, RefreshOutcome, TokenAnswer } from "./backend.ts";
import { parseClaims } from "./claims.ts";
import { createEndpointCaller, type EndpointAnswer } from "./tokenBackend/endpointCaller.ts";
import { requireKnownNames } from "./tokenBackend/knownNames.ts";
import { openRefreshTokens } from "./tokenBackend/openRefreshTokens.ts";
import { type ReadTokens, readTokens } from "./tokenBackend/readAnswer.ts";
import { readUser, toUser } from "./tokenBackend/readUser.ts";
import { isRefreshRefused, toError } from "./tokenBackend/refusals.ts";
import type { HeldSession } from "./tokenBackend/refreshTokenKeeper.ts";
import type { TokenBackend, TokenBackendOptions, TokenBackendPlatform } from "./tokenBackend/tokenBackendOptions.ts";

const OPTION_NAMES: ReadonlyArray<keyof TokenBackendOptions | "platform"> = [
  "baseUrl",
  "headers",
  "credentials",
  "signIn",
  "refresh",
  "signOut",
  "register",
  "guest",
  "tokens",
  "subject",
  "user",
  "refreshToken",
  "adoptRefreshToken",
  "refused",
  "namespace",
  "platform",
];
const MOST_ROUNDS = 4;

type Outcome = RefreshOutcome | "lookAgain";
type Flight = {
  readonly refreshToken: string;
  readonly result: Promise<Outcome>;
  readonly controller: AbortController;
};

/** {@link TokenBackendOptions} as a backend, on the ports that it is given. @throws AuthError `invalidOptions`. */
export function createTokenBackend<Credentials>(
  options: TokenBackendOptions<Credentials> & { readonly platform: TokenBackendPlatform },
): TokenBackend {
  requireKnownNames(options, OPTION_NAMES, "`createTokenBackend`");
  const { baseUrl, tokens, user, platform, refused = {} } = options;
  for (const name of ["baseUrl", "signIn", "tokens"] as const) {
    if (!options[name]) throw new AuthError("invalidOptions", `\`createTokenBackend\` needs \`${name}\`.`);
  }
  const now = (): number => platform.clock.now();
  const sendsBearer = typeof tokens === "function";
  const refreshTokens = openRefreshTokens(options);
  const keeper = refreshTokens?.keeper ?? null;
  const { send } = createEndpointCaller({
    baseUrl,
    headers: options.headers,
    credentials: options.credentials ?? (keeper === null || !sendsBearer ? "include" : "same-origin"),
  });

  // The user of the last sign-in, where the refresh token is out of reach and nothing can be kept beside it.
  let lastUser: unknown;
  let flight: Flight | null = null;
  // Whose token was issued last, for servers that say so to nobody but who asks them.
  let issued: { readonly accessToken: string; readonly held: HeldSession } | null = null;

  function toAnswer(read: ReadTokens, held: HeldSession | null): TokenAnswer {
    const id = held?.id ?? read.sessionId;
    if (held !== null) issued = { accessToken: read.accessToken, held };
    return {
      accessToken: read.accessToken,
      expiresInSeconds: read.expiresInSeconds,
      session: id === null ? null : { id, number: held?.number ?? null },
      subject: read.subject ?? held?.subject ?? null,
      serverNow: read.serverNow,
    };
  }

  async function enter(answer: EndpointAnswer, codes: Readonly<Record<number, AuthErrorCode>>): Promise<TokenAnswer> {
    if (!answer.response.ok) throw toError(answer, codes, now());
    const read = readTokens(answer, { tokens, subject: options.subject, platform });
    lastUser = read.user;
    if (keeper === null) {
      if (read.refreshToken !== null && options.refreshToken === undefined)
        throw new AuthError(
          "invalidOptions",
          '`tokens` found a `refreshToken`: say with `refreshToken` where to keep it, such as "localStorage".',
        );
      return toAnswer(read, null);
    }
    if (read.refreshToken === null)
      throw new AuthError(
        "badResponse",
        `\`tokens\` found no \`refreshToken\` in the answer of ${answer.place}, and \`refreshToken\` says to keep one.`,
      );
    const { sessionId: id, refreshToken, subject } = read;
    const held = await keeper.begin({ id, refreshToken, subject, ...(user === "signIn" && { user: read.user }) });
    return toAnswer(read, held);
  }

  async function exchange(held: HeldSession | null, given: BackendCall): Promise<Outcome> {
    if (options.refresh === undefined) return { kind: "absent" };
    const answer = await send("refresh", options.refresh(held?.refreshToken ?? null), given);
    const { response, body } = answer;
    if (response.ok) return keepRenewed(answer, held, given);
    if (refused.refresh?.(response.status, body ?? null) ?? isRefreshRefused(answer)) {
      if (held === null || keeper === null) return { kind: "ended", reason: "expired", coded: true };
      // Another tab may have had it renewed meanwhile: only the one that was refused is worth nothing.
      const current = await keeper.current();
      if (current !== null && current.refreshToken !== held.refreshToken) return "lookAgain";
      await keeper.drop(held);
      return { kind: "ended", reason: "expired", coded: true };
    }
    const error = toError(answer, {}, now());
    return { kind: "transient", error, retryAfterMs: error.retryAfterMs ?? null };
  }

  async function keepRenewed(answer: EndpointAnswer, held: HeldSession | null, given: BackendCall): Promise<Outcome> {
    let read: ReadTokens;
    try {
      read = readTokens(answer, { tokens, subject: options.subject, platform });
    } catch (error) {
      return { kind: "transient", error: error as AuthError, retryAfterMs: null };
    }
    if (read.user !== undefined) lastUser = read.user;
    if (held === null || keeper === null) return { kind: "token", answer: toAnswer(read, null) };
    const kept = await keeper.renew(held, {
      refreshToken: read.refreshToken ?? held.refreshToken,
      subject: read.subject ?? held.subject,
      ...(user === "signIn" && read.user !== undefined && { user: read.user }),
    });
    if (kept !== null) return { kind: "token", answer: toAnswer(read, kept) };
    // Signed out, or in anew, since it left: what it brought is worth something to the server alone, which is told.
    void tellOwed(held.id, read.accessToken, given).catch(() => {});
    return "lookAgain";
  }

  /**
   * Goes on when its caller gives up: with rotation its answer may hold the one refresh token that still counts. Whoever asks next
   * waits for the same answer, and ends it when they give up as well.
   */
  function fly(held: HeldSession, { fetch, signal }: BackendCall): Promise<Outcome> {
    const joined = flight?.refreshToken === held.refreshToken ? flight : null;
    const controller = joined?.controller ?? new AbortController();
    const result =
      joined?.result ??
      exchange(held, { fetch, signal: controller.signal }).finally(() => {
        if (flight?.result === result) flight = null;
      });
    flight = { refreshToken: held.refreshToken, result, controller };
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (joined !== null) controller.abort();
        reject(new AuthError("unavailable", "The server has not answered a refresh yet."));
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  async function tellOwed(id: string | null, accessToken: string | null, given: BackendCall): Promise<boolean> {
    const owed = (await keeper?.owed(id)) ?? [];
    for (const one of owed) {
      await tellSignOut({ refreshToken: one.refreshToken, accessToken }, given);
      await keeper?.told(one);
    }
    return owed.length > 0;
  }

  async function tellSignOut(
    held: { refreshToken: string | null; accessToken: string | null },
    given: BackendCall,
  ): Promise<void> {
    if (options.signOut === undefined) return;
    const call = options.signOut(held);
    const authorization =
      sendsBearer && call.bearer !== false && held.accessToken !== null
        ? { Authorization: `Bearer ${held.accessToken}` }
        : {};
    const answer = await send("signOut", { ...call, headers: { ...authorization, ...call.headers } }, given, {
      keepalive: true,
    });
    // These say that there was nothing (any more) to end; anything else may be mended later.
    const isOver = answer.response.ok || [400, 401, 404, 405, 410].includes(answer.response.status);
    if (!isOver) throw toError(answer, {}, now());
  }

  const backend: TokenBackend = {
    baseUrl,
    tokens: sendsBearer ? "bearer" : "cookie",
    ...(refreshTokens !== null && { start: refreshTokens.start }),
    async signIn(credentials, given) {
      const answer = await send("signIn", options.signIn(credentials as Credentials), given);
      const { signIn: means = [400, 401, 403] } = refused;
      const { status } = answer.response;
      const isRefused = typeof means === "function" ? means(status, answer.body ?? null) : means.includes(status);
      return enter(answer, isRefused ? { [status]: "credentialsRejected" } : {});
    },
    async refresh(given) {
      if (keeper === null) {
        const outcome = await exchange(null, given);
        if (outcome !== "lookAgain") return outcome;
      } else {
        for (let round = 0; round < MOST_ROUNDS; round += 1) {
          const held = await keeper.current();
          if (held === null) return { kind: "ended", reason: "none", coded: true };
          const outcome = await fly(held, given);
          if (outcome !== "lookAgain") return outcome;
        }
      }
      const error = new AuthError("unavailable", "Other tabs keep changing the refresh token; this is tried again.");
      return { kind: "transient", error, retryAfterMs: null };
    },
    async signOut(session, accessToken, given) {
      lastUser = undefined;
      // At once, whether or not the server can be reached: from now on no answer brings the session back.
      const id = session === null || session.id === "" ? null : session.id;
      await keeper?.end(id);
      const isTold = await tellOwed(id, accessToken, given);
      if (!isTold && (keeper === null || accessToken !== null))
        await tellSignOut({ refreshToken: null, accessToken }, given);
    },
  };

  const { register, guest } = options;
  if (register !== undefined) {
    backend.register = async (account, given) => {
      const answer = await send("register", register(account), given);
      if (!answer.response.ok)
        throw toError(answer, { 400: "registrationRejected", 409: "registrationRejected" }, now());
    };
  }
  if (guest !== undefined) {
    backend.signInAsGuest = async (given) =>
      enter(await send("guest", guest(), given), {
        403: "guestsDisabled",
        404: "guestsDisabled",
        405: "guestsDisabled",
      });
  }
  if (user !== undefined) {
    backend.fetchUser = async (accessToken, given) => {
      if (user === "claims") {
        const { subject = null, shown } = parseClaims(accessToken) ?? {};
        const id = subject ?? shown?.[options.subject ?? ""];
        return needUser(toUser({ ...shown, id }), "The access token's claims name no subject: see `subject`.");
      }
      if (user === "signIn") {
        const kept = (await keeper?.current())?.user ?? lastUser;
        return needUser(
          toUser(kept),
          "No answer has brought a user with an `id` since this page was loaded: let `tokens` return `user`, or name `user.path`.",
        );
      }
      const authorization = sendsBearer ? { Authorization: `Bearer ${accessToken}` } : {};
      const answer = await send("user", { path: user.path, method: "GET", headers: authorization }, given);
      if (answer.response.status === 401) return null;
      if (!answer.response.ok) throw toError(answer, {}, now());
      const found = readUser(answer, user.map);
      if (issued?.accessToken === accessToken) await keeper?.identify(issued.held, found.id);
      return found;
    };
  }
  return backend;
}

function needUser<T>(user: T | null, problem: string): T {
  if (user === null) throw new AuthError("badResponse", problem);
  return user;
}
