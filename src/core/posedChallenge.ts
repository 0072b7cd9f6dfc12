import type { Parts } from "./parts.ts";
import { requireMethod } from "./requireMethod.ts";
import { compareSessions, isOpen, type OpenSession } from "./session.ts";
import type { SignInResult } from "./signInChallenge.ts";
import type { ClientState } from "./transition.ts";

/** What a client knows of a challenge that stands, beside what the server says of it. */
export interface PosedChallenge {
  /** What was so when its sign-in left. */
  before: ClientState;
  epoch: number;
  /** Whose sign-in alone it may become: in a step-up. */
  readonly subject: string | undefined;
  /** The answer that is under way. */
  answering: Promise<SignInResult> | null;
}

/** Whether somebody has signed in or out since, here or in another tab: what was begun before counts no more. */
export function isOvertaken({ before, epoch }: PosedChallenge, { session, epoch: now }: ClientState): boolean {
  if (now !== epoch) return true;
  // What the start-up finds has been there before.
  if (session === null || !before.initialized) return false;
  const isLeft = session.end === "signedOut" && before.session?.end !== "signedOut";
  return isLeft || compareSessions(session, before.session ?? { number: 0, id: "" }) > 0;
}

/** Whether `answer`, or whoever is in by now, is somebody else than the one whom a step-up is for. */
export function isSomebodyElse(subject: string | undefined, answer: OpenSession, { session }: ClientState): boolean {
  const present = isOpen(session) ? [session, answer] : [answer];
  return subject !== undefined && present.some(({ identity }) => identity.subject !== subject);
}

/** Waited for: a refresh of this tab would find that session in the jar. */
export async function discardSession(parts: Parts, { number, id, token }: OpenSession): Promise<void> {
  const session = { number, id };
  try {
    const post = requireMethod(parts.backend, "discardSession");
    await parts.call((call) => post(session, token.value, call));
  } catch {
    void parts.signing.sendSignOut(session, token.value);
  }
}
