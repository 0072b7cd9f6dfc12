import type { AuthState } from "../core/authState.ts";
import type { HeldToken } from "../core/token.ts";
import { type ClientState, initialState } from "../core/transition.ts";

/** The access token of a test client: its count is all that tells it from the one before. */
export function makeTestToken(count: number): HeldToken {
  return {
    value: `test-access-token-${count}`,
    claims: null,
    lifetime: { sentAt: 0, sentAtMonotonic: 0, lifetimeMs: null },
    count,
    rejected: false,
    refusals: 0,
    endsWithSession: false,
    sessionEndsAt: null,
  };
}

/** What a real client would have where it shows `shown`: the core says what happens between two of these. */
export function toClientState(shown: AuthState, token: HeldToken | null): ClientState {
  if (shown.status === "loading") return initialState;
  const initialized = true;
  const session = { number: 1, pendingSignOut: false };
  if (shown.status === "authenticated") {
    const { identity } = shown;
    const { sessionId, isGuest } = identity;
    const open = { ...session, id: sessionId ?? "", end: "open" as const, isGuest, token, identity };
    return { ...initialState, initialized, session: open, lastIdentity: identity };
  }
  const { reason: end, previousIdentity: identity } = shown;
  if (end === "none") return { ...initialState, initialized, lastIdentity: identity };
  // Whoever comes back after an expiry finds the page as it was.
  const lastIdentity = end === "expired" ? identity : null;
  const over = { ...session, id: identity?.sessionId ?? "", end, isGuest: false, token: null, identity };
  return { ...initialState, initialized, session: over, lastIdentity };
}
