import { AuthError } from "./authError.ts";
import type { Identity } from "./authState.ts";
import type { BackendCall, TokenAnswer } from "./backend.ts";
import { parseClaims } from "./claims.ts";
import { type Lifetime, readLifetimeMs } from "./lifetime.ts";
import type { Parts } from "./parts.ts";
import { isOpen, isSameSession, type OpenSession, type SessionName } from "./session.ts";
import type { Snapshot } from "./transition.ts";
import { type HeldToken, nextRefusals, readIdentity } from "./token.ts";
import { readUserId } from "./responses.ts";

/** When a request left, by both clocks. */
export type Sent = Omit<Lifetime, "lifetimeMs">;

/** When the answer was really asked for: one that was kept is as old as the request that brought it. */
function anchorOf({ sentAt: keptSince }: TokenAnswer, { sentAt, sentAtMonotonic }: Sent): Sent {
  const ageMs = keptSince === undefined ? 0 : Math.max(0, sentAt - keptSince);
  return { sentAt: sentAt - ageMs, sentAtMonotonic: sentAtMonotonic - ageMs };
}

const SOON_MS = 2_000;

/** Whether a renewal moved the end by much less than the time that went by: then the session ends there, not the token. */
function isLastOf(former: HeldToken, token: HeldToken): boolean {
  const passedMs = token.lifetime.sentAt - former.lifetime.sentAt;
  const movedMs = passedMs + (token.lifetime.lifetimeMs ?? 0) - (former.lifetime.lifetimeMs ?? 0);
  return former.value !== token.value && passedMs > SOON_MS && movedMs < passedMs / 2;
}

/** What an answer is to be read with. */
interface Given {
  /** What the tab had when the request left. */
  readonly snapshot: Pick<Snapshot, "session" | "unverified">;
  readonly sent: Sent;
  readonly isRefresh: boolean;
  readonly call: BackendCall;
}

/**
 * A token answer as a session.
 *
 * @throws AuthError `badResponse` when not even the server can say whose token it is.
 */
export async function toSession(parts: Parts, answer: TokenAnswer, given: Given): Promise<OpenSession> {
  const { clock } = parts.platform;
  const { sent, isRefresh, call } = given;
  const held = given.snapshot.session;
  const claims = parseClaims(answer.accessToken);
  const sessionId = answer.session?.id ?? claims?.sessionId ?? null;
  let subject = claims?.subject ?? answer.subject ?? null;
  let isGuest = claims?.isGuest ?? null;
  if (subject === null) ({ subject, isGuest } = await askForSubject(parts, answer, call));
  const identity = readIdentity(claims, { subject, sessionId, isGuest });
  if (identity === null) throw new AuthError("badResponse");
  const number = parts.store.getState().session?.number ?? 0;
  const name = nameSession(answer, identity, sessionId, given, Math.max(clock.now(), number + 1));
  const anchor = anchorOf(answer, sent);
  const former = isSameSession(held, name) ? (held?.token ?? null) : null;
  const token: HeldToken = {
    value: answer.accessToken,
    claims,
    lifetime: {
      ...anchor,
      lifetimeMs: readLifetimeMs(answer.expiresInSeconds ?? null, claims, answer.serverNow ?? null, clock.now()),
    },
    count: (former?.count ?? 0) + 1,
    rejected: false,
    refusals: isRefresh ? nextRefusals(held?.token ?? null, clock) : 0,
    endsWithSession: false,
    sessionEndsAt: answer.sessionEndsInSeconds ? anchor.sentAt + answer.sessionEndsInSeconds * 1000 : null,
  };
  const endsWithSession = isRefresh && former !== null && isLastOf(former, token);
  return {
    ...name,
    end: "open",
    pendingSignOut: false,
    isGuest: identity.isGuest,
    identity,
    token: { ...token, endsWithSession },
  };
}

/** An identity that is not known cannot be pinned. */
async function askForSubject(
  { backend }: Parts,
  answer: TokenAnswer,
  call: BackendCall,
): Promise<{ subject: string; isGuest: boolean }> {
  if (backend.fetchUser === undefined) {
    throw new AuthError(
      "badResponse",
      "Neither the token nor the answer names a subject: give the answer's `subject`, or the backend a `fetchUser`.",
    );
  }
  const user = await backend.fetchUser(answer.accessToken, call);
  if (user === null) throw new AuthError("badResponse", "The server refuses a token that it has just issued.");
  return { subject: readUserId(user), isGuest: user.is_guest === true };
}

/**
 * K6, for a server that numbers no sessions: an answer to a refresh is the session that was there, by its id (also one that has
 * ended, or of which only a record tells) or else by its subject; anything else was found when the request was sent. A sign-in is
 * `later` than what the tab has by now: a clock that was set back does not make it an earlier one.
 */
function nameSession(
  answer: TokenAnswer,
  identity: Identity,
  sessionId: string | null,
  { snapshot: { session, unverified }, sent, isRefresh }: Given,
  later: number,
): SessionName {
  const isHeldSubject = session?.identity == null || session.identity.subject === identity.subject;
  const isThere = (known: SessionName | null): boolean =>
    sessionId === null
      ? known === session && isOpen(session) && isHeldSubject
      : known !== null && known.id === sessionId;
  const known = isRefresh ? [session, unverified].find(isThere) : null;
  const stamped = isRefresh ? Math.max(sent.sentAt, (session?.number ?? 0) + 1) : later;
  return { number: answer.session?.number ?? known?.number ?? stamped, id: sessionId ?? known?.id ?? "" };
}
