import type { Context } from "hono";
import type { AuthServerContext } from "./authServerContext.ts";
import type { Subject } from "./authStore.ts";
import { createChallengeId, type PendingSignIn } from "./challengeTokens.ts";
import type { HonoEnvironment, RequestFacts } from "./requestFacts.ts";
import { ServiceUnavailableError } from "./serviceUnavailableError.ts";
import { withoutBody } from "./withoutBody.ts";

/** What a client is told to ask the person for. */
export interface SecondFactorChallenge {
  /** The ways in which it may be answered, in your own words: `["totp", "recoveryCode"]`. */
  readonly methods: readonly string[];
  /** Whatever else your page needs, such as the options of a passkey. The client is shown it. */
  readonly [detail: string]: unknown;
}

/** What {@link SecondFactorOptions.verify} finds, beyond yes and no. */
export interface SecondFactorProof {
  /** With what it was proved, in the values of RFC 8176 (`otp`); `mfa` is added by the server. Default: not told. */
  readonly amr?: readonly string[] | undefined;
  /** One more factor that is to come. Default: that was all. */
  readonly further?: SecondFactorChallenge | undefined;
}

/** One challenge, as both functions of {@link SecondFactorOptions} are told of it. */
export interface SecondFactorStep {
  /** The same for the challenge and each answer to it: under it you find again what you sent, a code for instance. */
  readonly id: string;
  /** What was proved so far: `["pwd"]`. */
  readonly amr: readonly string[];
}

/** A second factor after the password, of whatever kind: the server keeps no secret of it. */
export interface SecondFactorOptions {
  /**
   * Called once the password was right; null for whoever has no second factor. The request comes without its body. Where it
   * throws, the answer is 503.
   */
  challenge(
    subject: Subject,
    request: Request,
    step: SecondFactorStep,
  ): SecondFactorChallenge | null | Promise<SecondFactorChallenge | null>;
  /**
   * Whether `response`, whatever JSON the page sent, answers the challenge. Refuse a code that was used before (RFC 6238
   * §5.2). Where it throws, the answer is 503.
   */
  verify(
    subject: Subject,
    response: unknown,
    request: Request,
    step: SecondFactorStep,
  ): boolean | SecondFactorProof | Promise<boolean | SecondFactorProof>;
  /** How long a challenge may be answered, in seconds. Default 300. */
  readonly lifetimeSeconds?: number | undefined;
}

/** The challenge for who has just given the right password; null where there is none, or none is asked for. */
export async function challengeFor(
  { options }: AuthServerContext,
  context: Context<HonoEnvironment>,
  subject: Subject,
  step: SecondFactorStep,
): Promise<SecondFactorChallenge | null> {
  const { secondFactor } = options;
  if (secondFactor === undefined) return null;
  return guarded("challenge", () => secondFactor.challenge(subject, withoutBody(context), step));
}

/** What the app makes of an answer; null for a wrong one. */
export async function proofOf(
  { options }: AuthServerContext,
  context: Context<HonoEnvironment>,
  subject: Subject,
  response: unknown,
  step: SecondFactorStep,
): Promise<SecondFactorProof | null> {
  const { secondFactor } = options;
  if (secondFactor === undefined) return null;
  const verdict = await guarded("verify", () => secondFactor.verify(subject, response, withoutBody(context), step));
  if (verdict === true) return {};
  // Nothing but a proof is one: what forgot to return a value must let nobody in.
  return typeof verdict === "object" ? verdict : null;
}

/** Answers 202: no session, no cookie, nothing that anything but the answer to the challenge could be made of. */
export async function answerWithChallenge(
  server: AuthServerContext,
  context: Context<HonoEnvironment>,
  facts: RequestFacts,
  signIn: Omit<PendingSignIn, "id">,
  { id, challenge }: { readonly id: string; readonly challenge: SecondFactorChallenge },
): Promise<Response> {
  if (!Array.isArray(challenge.methods))
    throw new TypeError("`secondFactor`: a challenge needs its `methods`, a list.");
  const token = await server.challengeTokens.issue(signIn, id);
  server.audit("challenged", facts, { subject: signIn.subjectId });
  const expiresInSeconds = Math.floor(server.options.challengeMs / 1000);
  return context.json({ challenge: { ...challenge, token, expires_in: expiresInSeconds } }, 202);
}

export const newStep = (amr: readonly string[]): SecondFactorStep => ({ id: createChallengeId(), amr });

async function guarded<T>(name: string, hook: () => T | Promise<T>): Promise<T> {
  try {
    return await hook();
  } catch (cause) {
    throw new ServiceUnavailableError(`\`secondFactor.${name}\` failed.`, { cause });
  }
}
