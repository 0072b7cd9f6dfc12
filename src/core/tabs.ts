import { parseClaims } from "./claims.ts";
import { type Fields, isFields, parseNumber, parseText } from "./parse.ts";
import type { Parts, Tabs } from "./parts.ts";
import type { Clock, TabChannel } from "./ports.ts";
import { isBelow, parseSession, sessionKey, toSession, toWritten } from "./record.ts";
import { isOpen, isSameSession, type Session, type SessionRecord } from "./session.ts";
import { readIdentity } from "./token.ts";
import { shareWork } from "./wait.ts";

/** The version of the messages between tabs: one that this code does not know is ignored. */
const VERSION = 1;
const ANSWER_WITHIN_MS = 300;

/** What each tab announces itself as, to be counted. */
export const presenceName = (namespace: string): string => `${namespace}:tab`;

/**
 * The session in a message, or null when it makes no sense (T1). Where a token has claims they must not contradict the message;
 * one without them is of the subject that the sender names.
 */
function parseTold(message: Fields, clock: Clock): Session | null {
  const written = parseSession(message);
  if (written === null) return null;
  const bare = toSession(written);
  const { token, lifetimeMs, sentAt, count, refusals } = message;
  const subject = parseText(message["subject"]);
  if (written.end !== "open" || typeof token !== "string" || typeof sentAt !== "number" || typeof count !== "number")
    return bare;
  const claims = parseClaims(token);
  const sessionId = written.id || null;
  const identity = readIdentity(claims, { subject, sessionId, isGuest: written.isGuest });
  if (identity === null || identity.subject !== subject) return bare;
  if (claims?.sessionId != null && sessionId !== null && claims.sessionId !== sessionId) return bare;
  const ageMs = Math.max(0, clock.now() - sentAt);
  return {
    ...bare,
    isGuest: identity.isGuest,
    identity,
    token: {
      value: token,
      claims,
      lifetime: {
        sentAt: clock.now() - ageMs,
        sentAtMonotonic: clock.monotonicNow() - ageMs,
        lifetimeMs: typeof lifetimeMs === "number" && lifetimeMs > 0 ? lifetimeMs : null,
      },
      count,
      rejected: false,
      // Else each tab in turn would replace what another has just got, for a server that refuses them all.
      refusals: typeof refusals === "number" ? refusals : 0,
      endsWithSession: message["endsWithSession"] === true,
      sessionEndsAt: parseNumber(message["sessionEndsAt"]),
    },
  };
}

/** What a message says of the token besides; the counterpart of {@link parseTold}. */
function toShared({ token, identity }: Session): Fields | null {
  if (token === null || token.rejected || identity === null) return null;
  const { value, lifetime, count, refusals, endsWithSession, sessionEndsAt } = token;
  const { lifetimeMs, sentAt } = lifetime;
  return {
    token: value,
    lifetimeMs,
    sentAt,
    count,
    refusals,
    endsWithSession,
    sessionEndsAt,
    subject: identity.subject,
  };
}

export function createTabs(parts: Parts): Tabs {
  const { platform } = parts;
  const { namespace, shareTokens } = parts.options;
  const { getState, dispatch } = parts.store;
  let channel: TabChannel | null = null;
  let cleanups: (() => void)[] = [];
  let answered: (() => void) | null = null;
  let isOpened = false;

  function guarded<T>(work: () => T): T | null {
    try {
      return work();
    } catch {
      parts.warn("The channel between tabs cannot be used: each tab keeps its own token.");
      return null;
    }
  }

  function post(message: Fields): void {
    guarded(() => channel?.post({ version: VERSION, ...message }));
  }

  function tellSession(): void {
    const { session } = getState();
    if (session !== null) post({ kind: "told", ...toWritten(session), ...(shareTokens && toShared(session)) });
  }

  function tell(): void {
    const { session, unverified } = getState();
    tellSession();
    // What somebody signed out of here; while a session is open, a record of it is hearsay, and is not passed on.
    if (session?.end === "signedOut" && unverified?.pendingSignOut) post({ kind: "told", ...toWritten(unverified) });
  }

  function hear(message: unknown): void {
    if (!isFields(message) || message["version"] !== VERSION) return;
    if (message["kind"] === "asked") return tell();
    const told = message["kind"] === "told" ? parseTold(message, platform.clock) : null;
    if (told === null) return;
    receive(told);
    // An open session without its token answers nobody who needs one, an end answers everybody.
    if (told.token !== null || told.end !== "open") answered?.();
  }

  function receive(heard: Session): void {
    const { session } = getState();
    // K6: two tabs that found one session on a server without numbers have each given it one.
    const told = heard.id && heard.id === session?.id ? { ...heard, number: session.number } : heard;
    // A sibling that has not been refused yet tells of the very token that was refused here.
    if (isOpen(session) && session.token.rejected && told.token?.value === session.token.value) return;
    dispatch({ type: "received", told, isConfirmed: isConfirmed(told) });
    const { session: now } = getState();
    // N4: with the session alone, which outranks what was told. Two tabs that answered with all they have heard would never end.
    if (now !== null && isBelow(told, now)) tellSession();
  }

  /** T2: whether the shared record says the same as a message. */
  function isConfirmed(told: SessionRecord): boolean {
    const written = parts.record.isShared ? parts.record.readSession() : null;
    return isSameSession(written, told) && (written?.end === "open") === (told.end === "open");
  }

  function readRecord(): void {
    const written = parts.record.readSession();
    if (written !== null) dispatch({ type: "received", told: toSession(written), isConfirmed: false });
    parts.record.keepUp();
  }

  const asking = shareWork(async () => {
    if (channel === null) return;
    const siblings = await platform.lock?.countSiblings(presenceName(namespace)).catch(() => 1);
    if (siblings === 0 || channel === null) return;
    await new Promise<void>((resolve) => {
      const cancel = platform.clock.setTimer(resolve, ANSWER_WITHIN_MS);
      answered = () => {
        cancel();
        resolve();
      };
      post({ kind: "asked" });
    });
    answered = null;
  });

  return {
    open() {
      if (isOpened) return;
      isOpened = true;
      channel = guarded(() => platform.openChannel?.(namespace, hear) ?? null);
      const withdraw = guarded(() => platform.lock?.announce(presenceName(namespace)));
      // A record that is watched stands in for the channel, also where one cannot be opened.
      const unwatch =
        channel === null
          ? guarded(() => platform.storage?.onChange?.(sessionKey(namespace), readRecord))
          : () => channel?.close();
      cleanups = [withdraw, unwatch].filter((cleanup) => cleanup != null);
    },
    close() {
      answered?.();
      for (const cleanup of cleanups.splice(0)) guarded(cleanup);
      channel = null;
      isOpened = false;
    },
    tell,
    ask: asking.run,
    readRecord,
  };
}
