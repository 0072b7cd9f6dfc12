import type { AuthServerContext } from "./authServerContext.ts";
import type { SessionRecord, Subject } from "./authStore.ts";
import { rememberClient } from "./familiarClients.ts";
import { guestOf } from "./guestOf.ts";
import type { PresentedSession } from "./presentedSessions.ts";
import type { RequestFacts } from "./requestFacts.ts";
import { RequestRefusedError } from "./requestRefusedError.ts";
import { type ChosenTransport, startSession } from "./startSession.ts";

/** How somebody proved who they are. */
export interface Proof {
  readonly method: string | null;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

export const PASSWORD_PROOF: Proof = { method: "password", amr: ["pwd"] };

export interface SignIn extends Proof {
  readonly subject: Subject;
  readonly isNewDevice: boolean;
  readonly persistent: boolean;
  readonly chosen: ChosenTransport;
  readonly presented: readonly PresentedSession[];
  readonly boundKey: string | null;
  /** For the app's own hook. */
  readonly request: Request;
}

/**
 * The end of every way in: makes the session, and tells whoever wants to know.
 * @throws RequestRefusedError 400 when the subject changed meanwhile.
 */
export async function beginSession(
  server: AuthServerContext,
  facts: RequestFacts,
  { chosen: { transport }, isNewDevice, request, ...signIn }: SignIn,
): Promise<SessionRecord> {
  const { subject, method } = signIn;
  const authenticated = !subject.isGuest;
  const record = await startSession(server, facts, { ...signIn, transport, authenticated });
  if (record === null) throw new RequestRefusedError(400, "LOGIN_BAD_CREDENTIALS");
  const fields = { subject: subject.id, sessionId: record.session.id };
  if (subject.isGuest) {
    server.audit("guestStarted", facts, fields);
    return record;
  }
  // Only now: a password alone, without the second factor, makes no stranger known.
  await rememberClient(server, facts, subject.id);
  server.audit("signedIn", facts, { ...fields, method });
  if (isNewDevice) server.audit("newDevice", facts, fields);
  await mergeGuests(server, signIn, request);
  return record;
}

async function mergeGuests(
  { options, reportError }: AuthServerContext,
  { subject: account, presented, boundKey }: Pick<SignIn, "subject" | "presented" | "boundKey">,
  request: Request,
): Promise<void> {
  if (options.mergeGuest === undefined) return;
  const guests = new Map(presented.flatMap((each) => guestOf(each, boundKey) ?? []).map((guest) => [guest.id, guest]));
  for (const guest of guests.values()) {
    try {
      await options.mergeGuest({ guest, account }, request);
    } catch (error) {
      reportError(new Error("`mergeGuest` failed.", { cause: error }));
    }
  }
}
