import { AuthError } from "./authError.ts";
import type { Identity } from "./authState.ts";
import type { TokenAnswer } from "./backend.ts";
import type { Parts, SignInHow, SignInPost, WaysIn } from "./parts.ts";
import { underRefreshLock } from "./refreshLock.ts";
import { requireMethod } from "./requireMethod.ts";
import { refusedOriginError } from "./responses.ts";
import type { RegisteredCredentials, RegisteredUser } from "./register.ts";
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
        return await (backend.signInBy?.(method, call) ?? method(call));
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
    if (typeof way === "function") return signInWith(way, { subject });
    return signIn((call) => backend.signIn(way, call), { subject });
  }

  const adopt = (answer?: TokenAnswer): Promise<Identity> =>
    signIn(async (call) => {
      if (answer !== undefined) return answer;
      const outcome = await backend.refresh(call);
      if (outcome.kind === "token") return outcome.answer;
      if (outcome.kind === "transient") throw outcome.error;
      throw outcome.kind === "originNotAllowed" ? refusedOriginError(outcome.reason) : new AuthError("sessionEnded");
    });

  /** A sibling that refreshes meanwhile would be told that its session is over before it hears why. */
  async function withoutRefreshes<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = await parts.tokens.getAccessToken();
    const never = new AbortController().signal;
    return (await underRefreshLock(parts, never, () => work(token))) as T;
  }

  async function changePassword(change: { currentPassword: string; password: string }): Promise<Identity> {
    const post = requireMethod(backend, "changePassword");
    return withoutRefreshes((token) => signIn((call) => post(change, token, call)));
  }

  async function changeEmail(change: { currentPassword: string; email: string }): Promise<RegisteredUser> {
    const post = requireMethod(backend, "changeEmail");
    const token = await parts.tokens.getAccessToken();
    return parts.call((call) => post(change, token, call)) as Promise<RegisteredUser>;
  }

  async function deleteAccount(proof: { currentPassword: string }): Promise<void> {
    const post = requireMethod(backend, "deleteAccount");
    await withoutRefreshes(async (token) => {
      await parts.call((call) => post(proof, token, call));
      await parts.signing.signOut();
    });
  }

  return {
    signInWith: (method) => signInWith(method),
    continueSignIn,
    stepUp,
    adopt,
    changePassword,
    changeEmail,
    deleteAccount,
  };
}
