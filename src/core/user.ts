import type { GetAccessTokenOptions } from "./authClient.ts";
import { AuthError } from "./authError.ts";
import type { Parts } from "./parts.ts";
import type { RegisteredUser, User } from "./register.ts";
import { requireMethod } from "./requireMethod.ts";
import { readUserId } from "./responses.ts";
import { isOpen } from "./session.ts";

type WaitOptions = Pick<GetAccessTokenOptions, "signal">;

export function createFetchUser(parts: Parts): (options?: WaitOptions) => Promise<RegisteredUser> {
  const { backend, store, tokens, waits } = parts;
  const { getAccessToken } = tokens;
  const { getState } = store;
  const { waitFor } = waits;

  async function fetchUser({ signal }: WaitOptions = {}): Promise<RegisteredUser> {
    let token = await getAccessToken({ signal });
    const { session } = getState();
    const subject = isOpen(session) ? session.identity.subject : undefined;
    for (const isLast of [false, true]) {
      const value = token;
      const user = await waitFor(
        parts.call((call) => requireMethod(backend, "fetchUser")(value, call)),
        signal,
      );
      if (user !== null) return checkUser(user, subject);
      if (isLast) break;
      token = await getAccessToken({ rejectedToken: value, subject, signal });
      if (token === value) break;
    }
    throw new AuthError("badResponse", "The server refuses a token that it has just issued.", { status: 401 });
  }

  /** One rule for who somebody is: the token's `sub`. */
  function checkUser(user: User, subject: string | undefined): RegisteredUser {
    const id = readUserId(user);
    if (subject !== undefined && id !== subject) {
      parts.warn(
        "The user's `id` is not the subject of the token (`sub`): let the server issue both alike, or map `id` to it.",
      );
    }
    return user.id === id ? user : { ...user, id };
  }

  return fetchUser;
}
