import type { SessionRecord } from "./authStore.ts";
import { sessionStatus } from "./sessionStatus.ts";

export type RotationDecision =
  | { readonly kind: "revoked" | "expired" | "reused" }
  /** Nothing rotates: the current refresh token once more. `toPrevious`: it may be news to whoever asks. */
  | { readonly kind: "repeat"; readonly toPrevious: boolean }
  /**
   * Nothing rotates and no refresh token is handed out: whoever asks keeps the one that was presented. `elsewhere`: it
   * is not the caller who rotated.
   */
  | { readonly kind: "hold"; readonly elsewhere: boolean }
  | {
      readonly kind: "rotate";
      readonly because: "current" | "lateRepeat" | "restored";
      readonly nextCounter: number;
      readonly nextPrevious: number;
      readonly graceMs: number;
    };

/**
 * What becomes of a session whose refresh token with counter `presented` and a right MAC was presented: PROTOCOL's
 * rotation table, row by row. Decides only; the store then changes the row if it still stands as `record` says.
 *
 * The previous token within the grace time is an answer that got lost, or somebody who follows the owner's rotations
 * with a copy. So the current token is handed out again only to the caller that rotated, and another one gets an access
 * token alone: an honest client that changed networks presents the same token later, as "previous, later", and a copy is
 * two steps behind after the owner's next rotation, which ends the session.
 *
 * One thing is finer than the table. Whoever presents the previous token within the grace time is handed the current
 * one, at its very end, too. Were that token skipped or left behind in the next moment, its answer, still under way,
 * would make an honest client hold a dead one (an exhaustive search found it). So the moment of such an answer is noted
 * (`repeatedAt`), and for one more grace time from then on nothing rotates. That cannot be drawn out: only the first
 * grace time has such answers.
 */
export function decideRotation(
  record: SessionRecord,
  presented: number,
  caller: string,
  graceMs: number,
): RotationDecision {
  const status = sessionStatus(record);
  if (status !== "live") return { kind: status };
  const { counter, previous, rotatedAt, rotatedBy, repeatedAt } = record.session;
  if (presented > counter) {
    return { kind: "rotate", because: "restored", nextCounter: presented + 1, nextPrevious: presented, graceMs: 0 };
  }
  if (presented !== counter && presented !== previous) return { kind: "reused" };
  const isCurrent = presented === counter;
  const graceStart = record.now - graceMs;
  // A row that an earlier version rotated says nothing about who did.
  const elsewhere = rotatedBy !== "" && rotatedBy !== caller;
  if (graceStart < Math.max(rotatedAt, repeatedAt)) {
    if (isCurrent) return { kind: "repeat", toPrevious: false };
    return graceStart < rotatedAt && !elsewhere ? { kind: "repeat", toPrevious: true } : { kind: "hold", elsewhere };
  }
  if (isCurrent)
    return { kind: "rotate", because: "current", nextCounter: counter + 1, nextPrevious: presented, graceMs };
  // The answer that carried the current counter never arrived. It is skipped and dead from now on: should anybody
  // present it, two parties hold this session.
  return { kind: "rotate", because: "lateRepeat", nextCounter: counter + 1, nextPrevious: previous, graceMs };
}
