import type { User } from "../register.ts";
import { AuthError } from "../authError.ts";
import type { Backend } from "../backend.ts";
import { parseClaims } from "../claims.ts";
import type { EndpointCaller } from "./endpointCaller.ts";
import { readUser, toUser } from "./readUser.ts";
import { toError } from "./refusals.ts";
import type { TokenAnswers } from "./tokenAnswers.ts";
import type { TokenBackendOptions, TokenBackendPlatform } from "./tokenBackendOptions.ts";

/** Who is signed in: by the token's claims, by the sign-in's answer or by an endpoint of its own, as the description says. */
export function createUserRequest<Credentials>({
  options,
  user,
  answers,
  send,
}: {
  readonly options: TokenBackendOptions<Credentials> & { readonly platform: TokenBackendPlatform };
  readonly user: NonNullable<TokenBackendOptions["user"]>;
  readonly answers: TokenAnswers;
  readonly send: EndpointCaller["send"];
}): NonNullable<Backend["fetchUser"]> {
  if (user === "claims") {
    return async (accessToken) => {
      const { subject = null, shown } = parseClaims(accessToken) ?? {};
      const id = subject ?? shown?.[options.subject ?? ""];
      return needUser(toUser({ ...shown, id }), "The access token's claims name no subject: see `subject`.");
    };
  }
  if (user === "signIn") {
    return async () =>
      needUser(
        toUser(await answers.broughtUser()),
        "No answer has brought a user with an `id` since this page was loaded: let `tokens` return `user`, or name `user.path`.",
      );
  }
  return async (accessToken, given) => {
    const headers = typeof options.tokens === "function" ? { Authorization: `Bearer ${accessToken}` } : {};
    const answer = await send("user", { path: user.path, method: "GET", headers }, given);
    if (answer.response.status === 401) return null;
    if (!answer.response.ok) throw toError(answer, {}, options.platform.clock.now());
    const found = readUser(answer, user.map);
    await answers.identify(accessToken, found.id);
    return found;
  };
}

function needUser(user: User | null, problem: string): User {
  if (user === null) throw new AuthError("badResponse", problem);
  return user;
}
