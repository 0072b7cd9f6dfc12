import { AuthError } from "./authError.ts";
import type { Identity } from "./authState.ts";
import type { BackendCall, TokenAnswer } from "./backend.ts";
import type { Parts, WaysIn } from "./parts.ts";
import { underRefreshLock } from "./refreshLock.ts";
import { requireMethod } from "./requireMethod.ts";
import { refusedOriginError } from "./responses.ts";

export function createWaysIn(parts: Parts): WaysIn {
  const { backend } = parts;
  const { signIn } = parts.signing;

  /** What the app's own method throws is the app's, and reaches its caller as it is. */
  async function signInWith(method: (given: BackendCall) => Promise<TokenAnswer>): Promise<Identity> {
    let thrown: { readonly error: unknown } | null = null;
    const post = async (call: BackendCall): Promise<TokenAnswer> => {
      try {
        return await method(call);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    return signIn(post).catch((error: unknown) => {
      throw thrown === null ? error : thrown.error;
    });
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

  return { signInWith, adopt, changePassword };
}
