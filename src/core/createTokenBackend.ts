import { AuthError, type AuthErrorCode } from "./authError.ts";
import type { TokenAnswer } from "./backend.ts";
import { parseClaims } from "./claims.ts";
import { checkNames } from "./checkOptions.ts";
import { createEndpointCaller, type EndpointAnswer } from "./tokenBackend/endpointCaller.ts";
import { openRefreshTokens } from "./tokenBackend/openRefreshTokens.ts";
import { type ReadTokens, readTokens } from "./tokenBackend/readAnswer.ts";
import { readUser, toUser } from "./tokenBackend/readUser.ts";
import { toError } from "./tokenBackend/refusals.ts";
import type { HeldSession } from "./tokenBackend/refreshTokenKeeper.ts";
import { createSessionExchange } from "./tokenBackend/sessionExchange.ts";
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
/** {@link TokenBackendOptions} as a backend, on the ports that it is given. @throws AuthError `invalidOptions`. */
export function createTokenBackend<Credentials>(
  options: TokenBackendOptions<Credentials> & { readonly platform: TokenBackendPlatform },
): TokenBackend {
  checkNames(options, OPTION_NAMES, "`createTokenBackend`");
  const { baseUrl, tokens, user, platform, refused = {} } = options;
  for (const name of ["baseUrl", "signIn", "tokens"] as const) {
    if (!options[name]) throw new AuthError("invalidOptions", `\`createTokenBackend\` needs \`${name}\`.`);
  }
  const now = (): number => platform.clock.now();
  const sendsBearer = typeof tokens === "function";
  const refreshTokens = openRefreshTokens(options);
  const keeper = refreshTokens?.keeper ?? null;
  const { send, addressOf, seenAddresses } = createEndpointCaller({
    baseUrl,
    headers: options.headers,
    credentials: options.credentials ?? (keeper === null || !sendsBearer ? "include" : "same-origin"),
  });

  // The user of the last sign-in, where the refresh token is out of reach and nothing can be kept beside it.
  let lastUser: unknown;
  const { refresh, signOut } = createSessionExchange({ options, keeper, send, now, read, toAnswer });
  // Whose token was issued last, for servers that say so to nobody but who asks them.
  let issued: { readonly accessToken: string; readonly held: HeldSession } | null = null;

  function read(answer: EndpointAnswer): ReadTokens {
    const found = readTokens(answer, { tokens, subject: options.subject, platform });
    if (found.user !== undefined) lastUser = found.user;
    return found;
  }

  function toAnswer(found: ReadTokens, held: HeldSession | null): TokenAnswer {
    const id = held?.id ?? found.sessionId;
    if (held !== null) issued = { accessToken: found.accessToken, held };
    return {
      accessToken: found.accessToken,
      expiresInSeconds: found.expiresInSeconds,
      session: id === null ? null : { id, number: held?.number ?? null },
      subject: found.subject ?? held?.subject ?? null,
      serverNow: found.serverNow,
    };
  }

  async function enter(answer: EndpointAnswer, codes: Readonly<Record<number, AuthErrorCode>>): Promise<TokenAnswer> {
    if (!answer.response.ok) throw toError(answer, codes, now());
    lastUser = undefined;
    const found = read(answer);
    if (keeper === null) {
      if (found.refreshToken !== null && options.refreshToken === undefined)
        throw new AuthError(
          "invalidOptions",
          '`tokens` found a `refreshToken`: say with `refreshToken` where to keep it, such as "localStorage".',
        );
      return toAnswer(found, null);
    }
    if (found.refreshToken === null)
      throw new AuthError(
        "badResponse",
        `\`tokens\` found no \`refreshToken\` in the answer of ${answer.place}, and \`refreshToken\` says to keep one.`,
      );
    const { sessionId: id, refreshToken, subject } = found;
    const held = await keeper.begin({ id, refreshToken, subject, ...(user === "signIn" && { user: found.user }) });
    return toAnswer(found, held);
  }

  /** Whatever the credentials are, the places are the same: what they are made of is left empty. */
  function sessionEndpoints(): string[] {
    const empty = new Proxy({}, { get: () => "" });
    const calls = [
      () => options.signIn(empty as Credentials),
      () => options.refresh?.(null),
      () => options.signOut?.({ refreshToken: null, accessToken: null }),
      () => options.register?.({ email: "", password: "" }),
      () => options.guest?.(),
    ];
    return calls.flatMap((make) => {
      try {
        const call = make();
        return call === undefined ? [] : [addressOf({ path: call.path })];
      } catch {
        // One that takes its credentials apart: it is known once it has been called.
        return [];
      }
    });
  }

  const backend: TokenBackend = {
    address: baseUrl,
    get sessionEndpoints() {
      return [...new Set([...sessionEndpoints(), ...seenAddresses()])];
    },
    tokens: sendsBearer ? "bearer" : "cookie",
    ...(refreshTokens !== null && { start: refreshTokens.start }),
    refresh,
    async signOut(session, accessToken, given) {
      lastUser = undefined;
      await signOut(session, accessToken, given);
    },
    async signIn(credentials, given) {
      const answer = await send("signIn", options.signIn(credentials as Credentials), given);
      const { signIn: means = [400, 401, 403] } = refused;
      const { status } = answer.response;
      const isRefused = typeof means === "function" ? means(status, answer.body ?? null) : means.includes(status);
      return enter(answer, isRefused ? { [status]: "credentialsRejected" } : {});
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
