import type { AuthEventName, AuthEvents } from "./authClient.ts";
import type { AuthState } from "./authState.ts";
import { type ClientState, toAuthState } from "./transition.ts";

/** An event with its detail, as one value. */
export type Happening = { [E in AuthEventName]: { readonly event: E; readonly detail: AuthEvents[E] } }[AuthEventName];

const subjectOf = (state: AuthState): string | null =>
  state.status === "authenticated" ? state.identity.subject : null;

/** What happened between two states, in the order in which it is to be told. */
export function happeningsBetween(before: ClientState, after: ClientState): Happening[] {
  const [was, is] = [toAuthState(before), toAuthState(after)];
  const happenings: Happening[] = [];
  const previousIdentity = before.lastIdentity;
  if (is.status === "authenticated") {
    const { identity } = is;
    const isOther = previousIdentity !== null && previousIdentity.subject !== identity.subject;
    // While a guest follows another one, nobody is shown; at the start of a page nobody was here before.
    const isAfterSomebody = was.status === "unauthenticated" || before.session?.identity != null;
    const isAfresh = previousIdentity === null && isAfterSomebody;
    if (isOther || isAfresh) happenings.push({ event: "identityChanged", detail: { identity, previousIdentity } });
    if (subjectOf(was) !== identity.subject || was.status !== "authenticated") {
      happenings.push({ event: "signedIn", detail: { identity } });
    } else if (
      before.session?.token !== after.session?.token &&
      after.session?.token != null &&
      !after.session.token.rejected
    ) {
      happenings.push({ event: "refreshed", detail: { identity } });
    }
  }
  if (is.status === "unauthenticated" && was.status !== "unauthenticated") {
    if (is.reason === "signedOut") happenings.push({ event: "signedOut", detail: { previousIdentity } });
    if (is.reason === "expired" || is.reason === "revoked") {
      happenings.push({ event: "sessionEnded", detail: { reason: is.reason, previousIdentity } });
    }
  }
  if (is.status !== "authenticated" && previousIdentity !== null && after.lastIdentity === null) {
    happenings.push({ event: "identityChanged", detail: { identity: null, previousIdentity } });
    if (was.status === "unauthenticated" && is.status === "unauthenticated" && is.reason === "signedOut") {
      happenings.push({ event: "signedOut", detail: { previousIdentity } });
    }
  }
  return happenings;
}
