import { AuthError } from "./authError.ts";
import type { Backend, BackendCall, TokenAnswer } from "./backend.ts";
import { parseClaims } from "./claims.ts";
import { readIdentity } from "./identity.ts";
import { isOpen, isSameSession, type Knowledge } from "./knowledge.ts";
import { readLifetimeMs } from "./lifetime.ts";
import type { Clock } from "./ports.ts";

export interface Sent {
  readonly sentAt: number;
  readonly sentAtMonotonic: number;
}

/** When the answer was really asked for: one that was kept is as old as the request that brought it. */
function anchorOf({ sentAt: keptSince }: TokenAnswer, { sentAt, sentAtMonotonic }: Sent): Sent {
  const ageMs = keptSince === undefined ? 0 : Math.max(0, sentAt - keptSince);
  return { sentAt: sentAt - ageMs, sentAtMonotonic: sentAtMonotonic - ageMs };
}

/**
 * A token answer as knowledge. `held` is what the tab knew when the request left; for a refresh by a server that numbers no
 * sessions, the answer for the same subject is the same session, anything else one found at `numberAt`.
 *
 * @throws AuthError `badResponse` when not even the server can say whose token it is.
 */
export async function toKnowledge(
  answer: TokenAnswer,
  {
    held,
    sent,
    isRefresh,
    backend,
    call,
    clock,
  }: {
    readonly held: Knowledge | null;
    readonly sent: Sent;
    readonly isRefresh: boolean;
    readonly backend: Backend;
    readonly call: BackendCall;
    readonly clock: Clock;
  },
): Promise<Knowledge> {
  const claims = parseClaims(answer.accessToken);
  let subject = claims?.subject ?? answer.subject ?? null;
  let isGuest = claims?.isGuest ?? null;
  if (subject === null) {
    // An identity that is not known cannot be pinned.
    if (backend.fetchUser === undefined) {
      throw new AuthError(
        "badResponse",
        "Neither the token nor the answer names a subject: let the `backend` give `subject`, or a `fetchUser` to ask.",
      );
    }
    const user = await backend.fetchUser(answer.accessToken, call);
    if (user === null) throw new AuthError("badResponse", "The server refuses the very token that it has just issued.");
    subject = user.id;
    isGuest = user.is_guest;
  }
  const sessionId = answer.session?.id ?? claims?.sessionId ?? null;
  const identity = readIdentity(claims, { subject, sessionId, isGuest });
  if (identity === null) throw new AuthError("badResponse", "The token names no subject.");
  // A session that a hint told of has no identity yet: taking its answer for another one, tabs would outbid each other for ever.
  const isHeldSubject = held?.identity == null || held.identity.subject === subject;
  // One that has ended goes on as little as any other: by its id it is known again, under whatever number.
  const isHeldSession = sessionId === null ? isOpen(held) : held !== null && held.id === sessionId;
  const continues = isRefresh && held !== null && isHeldSubject && isHeldSession;
  const number =
    answer.session?.number ??
    (continues ? held.number : Math.max(isRefresh ? sent.sentAt : clock.now(), (held?.number ?? 0) + 1));
  const id = sessionId ?? (continues ? held.id : "");
  return {
    number,
    id,
    end: "open",
    owed: false,
    isGuest: identity.isGuest,
    hinted: false,
    identity,
    token: {
      value: answer.accessToken,
      claims,
      lifetime: {
        ...anchorOf(answer, sent),
        lifetimeMs: readLifetimeMs(answer.expiresInSeconds ?? null, claims, answer.serverNow ?? null, clock.now()),
      },
      count: isSameSession(held, { number, id }) ? (held?.token?.count ?? 0) + 1 : 1,
      rejected: false,
      afterRejection: isRefresh && held?.token?.rejected === true,
    },
  };
}
