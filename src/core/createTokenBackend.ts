import { AuthError } from "./authError.ts";
import { checkOptions, type OptionRules } from "./checkOptions.ts";
import { describedEndpoints } from "./tokenBackend/describedEndpoints.ts";
import { createEndpointCaller, type EndpointAnswer } from "./tokenBackend/endpointCaller.ts";
import { openRefreshTokens } from "./tokenBackend/openRefreshTokens.ts";
import { toError } from "./tokenBackend/refusals.ts";
import { createSignInChallenge, readChallengeToken, type SignInChallenge } from "./signInChallenge.ts";
import type { TokenAnswer } from "./backend.ts";
import { isFields } from "./parse.ts";
import { createSessionExchange } from "./tokenBackend/sessionExchange.ts";
import { createTokenAnswers } from "./tokenBackend/tokenAnswers.ts";
import type {
  StatusChoice,
  TokenBackend,
  TokenBackendOptions,
  TokenBackendPlatform,
} from "./tokenBackend/tokenBackendOptions.ts";
import { createUserRequest } from "./tokenBackend/userRequest.ts";

const RULES: OptionRules<TokenBackendOptions & { readonly platform: unknown }> = {
  baseUrl: true,
  headers: true,
  credentials: true,
  signIn: true,
  challenge: true,
  continueSignIn: true,
  refresh: true,
  signOut: true,
  register: true,
  guest: true,
  tokens: true,
  subject: true,
  user: true,
  refreshToken: true,
  adoptRefreshToken: true,
  refused: true,
  namespace: true,
  platform: true,
};

/** {@link TokenBackendOptions} as a backend, on the ports that it is given. @throws AuthError `invalidOptions`. */
export function createTokenBackend<Credentials>(
  options: TokenBackendOptions<Credentials> & { readonly platform: TokenBackendPlatform },
): TokenBackend {
  checkOptions(options, RULES, "`createTokenBackend`");
  const { baseUrl, user, platform, refused = {}, register, guest } = options;
  for (const name of ["baseUrl", "signIn", "tokens"] as const) {
    if (!options[name]) throw new AuthError("invalidOptions", `\`createTokenBackend\` needs \`${name}\`.`);
  }
  const now = (): number => platform.clock.now();
  const sendsBearer = typeof options.tokens === "function";
  const refreshTokens = openRefreshTokens(options);
  const keeper = refreshTokens?.keeper ?? null;
  const { send, addressOf, seenAddresses } = createEndpointCaller({
    baseUrl,
    headers: options.headers,
    credentials: options.credentials ?? (keeper === null || !sendsBearer ? "include" : "same-origin"),
  });
  const answers = createTokenAnswers(options, keeper);
  const { read, toAnswer, enter } = answers;
  const { refresh, signOut } = createSessionExchange({ options, keeper, send, now, read, toAnswer });

  const { signIn: refusals = [400, 401, 403], challenge: ends = [410] } = refused;
  const isMeant = (means: StatusChoice, { response: { status }, body }: EndpointAnswer): boolean =>
    typeof means === "function" ? means(status, body ?? null) : means.includes(status);

  /** What a sign-in, or what was said to its challenge, is answered with. */
  async function begin(answer: EndpointAnswer): Promise<TokenAnswer | SignInChallenge> {
    const { body, response } = answer;
    const posed = isFields(body) ? options.challenge?.(body, response.status) : null;
    if (posed != null) return createSignInChallenge(posed, body);
    return enter(answer, isMeant(refusals, answer) ? { [response.status]: "credentialsRejected" } : {});
  }

  const backend: TokenBackend = {
    address: baseUrl,
    get sessionEndpoints() {
      return [...new Set([...describedEndpoints(options, addressOf), ...seenAddresses()])];
    },
    tokens: sendsBearer ? "bearer" : "cookie",
    ...(refreshTokens !== null && { start: refreshTokens.start }),
    refresh,
    async signOut(session, accessToken, given) {
      answers.forgetUser();
      await signOut(session, accessToken, given);
    },
    async signIn(credentials, given) {
      return begin(await send("signIn", options.signIn(credentials as Credentials), given));
    },
  };
  const { continueSignIn } = options;
  if (continueSignIn !== undefined) {
    backend.continueSignIn = async (challenge, response, given) => {
      const body = readChallengeToken(challenge) ?? challenge.challenge;
      const answer = await send("continueSignIn", continueSignIn(body, response), given);
      if (isMeant(ends, answer)) throw toError(answer, { [answer.response.status]: "challengeExpired" }, now());
      return begin(answer);
    };
  }
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
  if (user !== undefined) backend.fetchUser = createUserRequest({ options, user, answers, send });
  return backend;
}
