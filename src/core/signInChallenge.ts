import type { Identity } from "./authState.ts";
import type { RegisteredChallenge } from "./register.ts";

/**
 * A sign-in that wants one thing more: a code, a passkey, a confirmation. No failure and no session; nothing has changed yet.
 * Answered by `continueSignIn`, with this very object.
 *
 * @example
 * const entered = await auth.signIn(credentials);
 * if ("challenge" in entered) return askForCode(entered); // and then auth.continueSignIn(entered, { code })
 */
export interface SignInChallenge<Body = RegisteredChallenge> {
  /** What the server says of it, as `Register` has its type: how it can be answered, and for how long (`expires_in`, seconds). */
  readonly challenge: Body;
}

/** What a sign-in comes to: somebody is signed in, or the server asks for more. Told apart by `"challenge" in entered`. */
export type SignInResult = Identity | SignInChallenge;

/** Whether a sign-in has come to a challenge. */
export const isSignInChallenge = (entered: object): entered is SignInChallenge => "challenge" in entered;

/** A challenge that shows `body`, and has for its backend what stands for it: out of sight, since it is half of a sign-in. */
export const createSignInChallenge = (body: unknown, token: unknown): SignInChallenge =>
  Object.defineProperty({ challenge: body as RegisteredChallenge }, "token", { value: token });

/** What {@link createSignInChallenge} has put out of sight; undefined in a challenge that was copied or made elsewhere. */
export const readChallengeToken = (challenge: SignInChallenge): unknown => (challenge as { token?: unknown }).token;
