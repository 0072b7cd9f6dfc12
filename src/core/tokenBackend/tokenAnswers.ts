import { AuthError, type AuthErrorCode } from "../authError.ts";
import type { TokenAnswer } from "../backend.ts";
import type { EndpointAnswer } from "./endpointCaller.ts";
import { type ReadTokens, readTokens } from "./readAnswer.ts";
import type { HeldSession, RefreshTokenKeeper } from "./refreshTokenKeeper.ts";
import { toError } from "./refusals.ts";
import type { TokenBackendOptions, TokenBackendPlatform } from "./tokenBackendOptions.ts";

/** What the answers with tokens say, and what is remembered of the last one. */
export interface TokenAnswers {
  read(answer: EndpointAnswer): ReadTokens;
  toAnswer(found: ReadTokens, held: HeldSession | null): TokenAnswer;
  /** The answer that begins a session; `codes` says what each status means. */
  enter(answer: EndpointAnswer, codes: Readonly<Record<number, AuthErrorCode>>): Promise<TokenAnswer>;
  /** The user that an answer has brought: the one that is kept, or the last one. */
  broughtUser(): Promise<unknown>;
  forgetUser(): void;
  /** Remembers whose token it is, for servers that say so to nobody but who asks them. */
  identify(accessToken: string, subject: string): Promise<void>;
}

export function createTokenAnswers<Credentials>(
  options: TokenBackendOptions<Credentials> & { readonly platform: TokenBackendPlatform },
  keeper: RefreshTokenKeeper | null,
): TokenAnswers {
  const { tokens, user, platform } = options;
  // The user of the last sign-in, where the refresh token is out of reach and nothing can be kept beside it.
  let lastUser: unknown;
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
      sessionEndsInSeconds: found.sessionEndsInSeconds,
      session: id === null ? null : { id, number: held?.number ?? null },
      subject: found.subject ?? held?.subject ?? null,
      serverNow: found.serverNow,
    };
  }

  return {
    read,
    toAnswer,
    async enter(answer, codes) {
      if (!answer.response.ok) throw toError(answer, codes, platform.clock.now());
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
    },
    broughtUser: async () => (await keeper?.current())?.user ?? lastUser,
    forgetUser() {
      lastUser = undefined;
    },
    async identify(accessToken, subject) {
      if (issued?.accessToken === accessToken) await keeper?.identify(issued.held, subject);
    },
  };
}
