import { isSignInChallenge, type SignInChallenge } from "../../src/core/signInChallenge.ts";

/** Who has come in, or the token of it. @throws where the server asks for more: a test that expects that says so itself. */
export function unchallenged<Entered extends object>(entered: Entered): Exclude<Entered, SignInChallenge> {
  if (isSignInChallenge(entered)) throw new Error("The server has answered with a challenge.");
  return entered as Exclude<Entered, SignInChallenge>;
}
