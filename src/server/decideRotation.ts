import type { SessionRecord } from "./authStore.ts";
import { sessionStatus } from "./sessionStatus.ts";

export type RotationDecision =
  | { readonly kind: "revoked" | "expired" | "reused" }
  /** Nothing rotates: the current refresh token once more. */
  | { readonly kind: "repeat" }
  | {
      readonly kind: "rotate";
      readonly because: "current" | "lateRepeat" | "restored";
      readonly nextCounter: number;
      readonly nextPrevious: number;
      readonly graceMs: number;
    };

/**
 * What becomes of a session whose refresh token with counter `presented` and a right MAC was presented: PROTOCOL's rotation
 * table, row by row. Decides only; the store then changes the row if it still stands as `record` says.
 */
export function decideRotation(record: SessionRecord, presented: number, graceMs: number): RotationDecision {
  const status = sessionStatus(record);
  if (status !== "live") return { kind: status };
  const { counter, previous, rotatedAt } = record.session;
  if (presented > counter) {
    return { kind: "rotate", because: "restored", nextCounter: presented + 1, nextPrevious: presented, graceMs: 0 };
  }
  if (presented !== counter && presented !== previous) return { kind: "reused" };
  if (record.now - graceMs < rotatedAt) return { kind: "repeat" };
  if (presented === counter) {
    return { kind: "rotate", because: "current", nextCounter: counter + 1, nextPrevious: presented, graceMs };
  }
  // The answer that carried the current counter never arrived. It is skipped and dead from now on: should anybody present
  // it, two parties hold this session.
  return { kind: "rotate", because: "lateRepeat", nextCounter: counter + 1, nextPrevious: previous, graceMs };
}
