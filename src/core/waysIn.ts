import { AuthError } from "./authError.ts";
import type { Identity } from "./authState.ts";
import type { TokenAnswer } from "./backend.ts";
import type { Parts, SignInHow, SignInPost, WaysIn } from "./parts.ts";
import { underRefreshLock } from "./refreshLock.ts";
import { requireMethod } from "./requireMethod.ts";
import { refusedOriginError } from "./responses.ts";
import type { RegisteredCredentials } from "./register.ts";
import { isOpen } from "./session.ts";
import type { SignInChallenge, SignInResult } from "./signInChallenge.ts";

export function createWaysIn(parts: Parts): WaysIn {
  const { backend } = parts;
  const { signIn } = parts.signing;

  /** What the app's own method throws is the app's, and reaches its caller as it is. */
  async function signInWith(method: SignInPost, how?: SignInHow): Promise<SignInResult> {
    let thrown: { readonly error: unknown } | null = null;
    const post: SignInPost = async (call) => {
      try {
        return await method(call);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    return signIn(post, how).catch((error: unknown) => {
      throw thrown === null ? error : thrown.error;
    });
  }

  async function continueSignIn(challenge: SignInChallenge, response: unknown): Promise<SignInResult> {
    const post = requireMethod(backend, "continueSignIn");
    return signIn((call) => post(challenge, response, call), { challenge });
  }

  /** Pinned to whoever is signed in. */
  async function stepUp(way: RegisteredCredentials | SignInPost): Promise<SignInResult> {
    const { session } = parts.store.getState();
    if (!isOpen(session)) throw new AuthError("sessionEnded");
    const { subject } = session.identity;
    return signInWith(typeof way === "function" ? way : (call) => backend.signIn(way, call), { subject });
  }

  const adopt = (answer?: TokenAnswer): Promise<Identity> =>
    signIn(async (call) => {
      if (answer !== undefined) return answer;
      const outcome = await backend.refresh(call);
      if (outcome.kind === "token") return outcome.answer;
      if (outcome.kind === "transient") throw outcome.error;
      throw outcome.kind === "originNotAllowed" ? refusedOriginError(outcome.reason) : new AuthError("sessionEnded");
    });

  /** Under the lock: a sibling that refreshes meanwhile would be told that its session is over before it hears of the new one. */
  async function changePassword(change: { currentPassword: string; password: string }): Promise<Identity> {
    const token = await parts.tokens.getAccessToken();
    const post = requireMethod(backend, "changePassword");
    const never = new AbortController().signal;
    const work = (): Promise<Identity> => signIn((call) => post(change, token, call));
    return (await underRefreshLock(parts, never, work)) as Identity;
  }

  return { signInWith: (method) => signInWith(method), continueSignIn, stepUp, adopt, changePassword };
}
