import type { AuditEvent } from "./auditEvent.ts";
import type { AuthStore } from "./authStore.ts";
import { describeUserAgent } from "./describeUserAgent.ts";
import { coarseAddress } from "./networkAddress.ts";

/**
 * What the owner of an account should hear of, by e-mail for instance.
 *
 * - `newDevice`: somebody signed in from where, or with what, nobody had signed in to the account before
 * - `passwordChanged`: by its owner, or by a reset
 * - `reuseDetected`: two parties held one session, which has ended: somebody may have copied it
 * - `graceRepeatElsewhere`: a session's former token was used again at another address within seconds. Mostly a phone that
 *   changed networks; several of them may be somebody who copied it
 */
export type AccountNoticeType = "newDevice" | "passwordChanged" | "reuseDetected" | "graceRepeatElsewhere";

/** All that a message to the owner needs. Holds no token, password, code or cookie, and no exact address. */
export interface AccountNotice {
  /** What happened. */
  readonly type: AccountNoticeType;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whose account it is. */
  readonly subject: string;
  /** Where to write to. */
  readonly email: string;
  /** The session that it is about; null where there is none. */
  readonly sessionId: string | null;
  /** Like "Firefox on Windows", or the name of a program; null for what your own program did. */
  readonly device: string | null;
  /** The /24 network of an IPv4 address, the /48 network of an IPv6 one; null where it is not known. */
  readonly address: string | null;
}

/** Hears of what the owner of an account should be told. What it throws or rejects is ignored. */
export type OnAccountNotice = (notice: AccountNotice) => void | Promise<void>;

const TYPES: ReadonlySet<string> = new Set<AccountNoticeType>([
  "newDevice",
  "passwordChanged",
  "reuseDetected",
  "graceRepeatElsewhere",
]);

/** Tells the hook of those audit events that concern an account's owner. Guests have nowhere to be written to. */
export function createNoticeSender(
  store: AuthStore,
  onAccountNotice: OnAccountNotice,
): (event: AuditEvent) => Promise<void> {
  return async ({ type, at, subject: subjectId, sessionId, userAgent, address }) => {
    if (!isNoticeType(type) || subjectId === null) return;
    const subject = await store.findSubject(subjectId);
    if (subject === null || subject.email === null) return;
    await onAccountNotice({
      type,
      at,
      subject: subjectId,
      email: subject.email,
      sessionId,
      device: userAgent === null ? null : describeUserAgent(userAgent),
      address: address === null ? null : coarseAddress(address),
    });
  };
}

function isNoticeType(type: string): type is AccountNoticeType {
  return TYPES.has(type);
}
