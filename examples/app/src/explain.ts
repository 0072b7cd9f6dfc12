import { isAuthError } from "stay-signed-in";

/** What went wrong, for the person in front of the screen. */
export function explain(error: unknown): string {
  if (!isAuthError(error)) return "That did not work. Please try again.";
  switch (error.code) {
    case "credentialsRejected":
      return "The e-mail or the password is wrong.";
    case "registrationRejected":
      return error.reason ?? "There is an account with this address already.";
    case "invalidInput":
      return "Please check the e-mail address and the password.";
    case "rateLimited":
      return "Too many attempts. Please wait a moment.";
    case "unavailable":
      return "The server cannot be reached. Check your connection and try again.";
    case "sessionExists":
      return "Somebody is signed in already. Reload the page to see who.";
    default:
      return "That did not work. Please try again.";
  }
}
