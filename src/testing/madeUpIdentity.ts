import type { AuthState, Identity } from "../core/authState.ts";
import type { User } from "../core/register.ts";

/** Who is signed in, or null. */
export function identityOf(state: AuthState): Identity | null {
  return state.status === "authenticated" ? state.identity : null;
}

/** Somebody, of whom what is left out is made up. */
export function completeIdentity(identity: Partial<Identity> & Pick<Identity, "subject">): Identity {
  const { subject, isGuest = false, sessionId = `session-of-${subject}` } = identity;
  return { isGuest, sessionId, claims: { sub: subject, sid: sessionId, is_guest: isGuest }, ...identity };
}

/** What a server would say of somebody. */
export function makeUser(identity: Identity, user: Partial<User> = {}): User {
  return {
    id: identity.subject,
    email: identity.isGuest ? null : `${identity.subject.split("@")[0]}@example.org`,
    is_active: true,
    is_superuser: false,
    is_verified: true,
    is_guest: identity.isGuest,
    ...user,
  };
}
