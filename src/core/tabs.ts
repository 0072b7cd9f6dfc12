import type { Identity } from "./authState.ts";
import { parseClaims } from "./claims.ts";
import type { HeldToken, Knowledge } from "./knowledge.ts";
import { isOpen } from "./knowledge.ts";
import { parseSession, toHint, toSessionNote } from "./note.ts";
import type { Platform, TabChannel } from "./ports.ts";
import { readIdentity } from "./identity.ts";

/** The version of the messages between tabs: one that this code does not know is ignored. */
const VERSION = 1;
const ANSWER_WITHIN_MS = 300;

/** What each tab announces itself as, to be counted. */
export const presenceName = (namespace: string): string => `${namespace}:tab`;

export interface TabsOptions {
  readonly platform: Platform;
  readonly namespace: string;
  readonly shareTokens: boolean;
  readonly warn: (message: string) => void;
  readonly getKnown: () => Knowledge | null;
  /** What a sibling says; `wasAsked` when this tab is waiting for an answer. */
  readonly onTold: (knowledge: Knowledge, wasAsked: boolean) => void;
}

export interface Tabs {
  open(): void;
  close(): void;
  /** Tells what this tab knows. */
  tell(): void;
  /** Asks the siblings, where there are any; resolves after the first answer or 300 ms. */
  ask(): Promise<void>;
  /** Closes, and ends the wait for an answer. */
  dispose(): void;
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The knowledge in a message, or null when it makes no sense. A token counts only when its own claims agree with it. */
function parseTold(message: Readonly<Record<string, unknown>>, platform: Platform): Knowledge | null {
  const session = parseSession(message);
  if (session === null) return null;
  const hint = toHint(session);
  const { token, lifetimeMs, sentAt, count } = message;
  if (session.end !== "open" || typeof token !== "string" || typeof sentAt !== "number" || typeof count !== "number")
    return hint;
  const claims = parseClaims(token);
  const identity: Identity | null = readIdentity(claims, {
    subject: null,
    sessionId: session.id || null,
    isGuest: session.isGuest,
  });
  if (identity === null || identity.subject !== message["subject"]) return hint;
  if (claims?.sessionId != null && session.id !== "" && claims.sessionId !== session.id) return hint;
  const { clock } = platform;
  const ageMs = Math.max(0, clock.now() - sentAt);
  const held: HeldToken = {
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
    afterRejection: message["afterRejection"] === true,
  };
  return { ...hint, hinted: false, isGuest: identity.isGuest, token: held, identity };
}

/** The channel to the other tabs. Without one, or when it fails, the tab is by itself. */
export function createTabs({ platform, namespace, shareTokens, warn, getKnown, onTold }: TabsOptions): Tabs {
  let channel: TabChannel | null = null;
  let withdraw: (() => void) | null = null;
  let isOpenToOthers = false;
  let answered: (() => void) | null = null;
  let asking: Promise<void> | null = null;

  const guarded = (work: () => void): void => {
    try {
      work();
    } catch {
      warn("The channel between tabs cannot be used: each tab keeps its own token.");
    }
  };

  function post(message: Readonly<Record<string, unknown>>): void {
    guarded(() => channel?.post({ version: VERSION, ...message }));
  }

  function tell(): void {
    const known = getKnown();
    if (known === null) return;
    const { token, identity } = known;
    const shared =
      shareTokens && token !== null && !token.rejected && identity !== null && token.claims?.subject != null
        ? {
            token: token.value,
            lifetimeMs: token.lifetime.lifetimeMs,
            sentAt: token.lifetime.sentAt,
            count: token.count,
            afterRejection: token.afterRejection,
            subject: identity.subject,
          }
        : {};
    post({ kind: "told", ...toSessionNote(known), ...shared });
  }

  function hear(message: unknown): void {
    if (!isFields(message) || message["version"] !== VERSION) return;
    if (message["kind"] === "asked") return tell();
    const told = message["kind"] === "told" ? parseTold(message, platform) : null;
    if (told === null) return;
    onTold(told, asking !== null);
    // A hint without a token answers nobody who needs one, an end answers everybody.
    if (told.token !== null || !isOpen(told)) answered?.();
  }

  function close(): void {
    guarded(() => channel?.close());
    guarded(() => withdraw?.());
    channel = null;
    withdraw = null;
    isOpenToOthers = false;
  }

  return {
    open() {
      if (isOpenToOthers) return;
      isOpenToOthers = true;
      guarded(() => {
        channel = platform.openChannel?.(namespace, hear) ?? null;
      });
      guarded(() => {
        withdraw = platform.lock?.announce(presenceName(namespace)) ?? null;
      });
    },
    close,
    tell,
    ask() {
      asking ??= (async () => {
        if (channel === null) return;
        const isAlone =
          platform.lock !== undefined &&
          (await platform.lock.countSiblings(presenceName(namespace)).catch(() => 1)) === 0;
        if (isAlone || channel === null) return;
        await new Promise<void>((resolve) => {
          const cancel = platform.clock.setTimer(resolve, ANSWER_WITHIN_MS);
          answered = () => {
            cancel();
            resolve();
          };
          post({ kind: "asked" });
        });
      })().finally(() => {
        answered = null;
        asking = null;
      });
      return asking;
    },
    dispose() {
      close();
      answered?.();
    },
  };
}
