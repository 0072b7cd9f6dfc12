import { isAuthError } from "stay-signed-in";

/** What went wrong, for the person in front of the screen, who may have had no choice of the address. */
export function explain(error: unknown, isAddressFixed = false): string {
  if (!isAuthError(error)) return "That did not work. Please try again.";
  switch (error.code) {
    case "credentialsRejected":
      return isAddressFixed ? "The password is wrong." : "The e-mail or the password is wrong.";
    case "registrationRejected":
      return error.reason ?? "There is an account with this address already.";
    case "invalidInput":
      return "Please check the e-mail address and the password.";
    case "rateLimited":
      return `Too many attempts. Please wait ${waitOf(error.retryAfterMs)}.`;
    case "unavailable":
      return "The server cannot be reached. Check your connection and try again.";
    case "sessionExists":
      return "Somebody is signed in already. Reload the page to see who.";
    default:
      return "That did not work. Please try again.";
  }
}

function waitOf(ms: number | undefined): string {
  if (ms === undefined) return "a moment";
  const minutes = Math.ceil(ms / 60_000);
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}
