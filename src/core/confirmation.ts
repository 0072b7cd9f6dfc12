import type { Backend, BackendCall } from "./backend.ts";
import { type HeldToken, isSameSession, join, type Knowledge } from "./knowledge.ts";
import type { Clock } from "./ports.ts";

const ASK_AGAIN_MS = 5_000;

export interface Confirmation {
  /** Asks the server whose token this is, and passes the knowledge on when it is who it says. */
  confirm(told: Knowledge): Promise<void>;
  stop(): void;
}

/** A token from a message signs nobody in before the server has said whose it is. */
export function createConfirmation({
  clock,
  backend,
  call,
  getKnown,
  isSpent,
  isListening,
  ask,
  onConfirmed,
}: {
  readonly clock: Clock;
  readonly backend: Backend;
  readonly call: <T>(work: (given: BackendCall) => Promise<T>) => Promise<T>;
  readonly getKnown: () => Knowledge | null;
  readonly isSpent: (token: HeldToken) => boolean;
  readonly isListening: () => boolean;
  readonly ask: () => void;
  readonly onConfirmed: (knowledge: Knowledge) => void;
}): Confirmation {
  let isConfirming = false;
  let unconfirmed: Knowledge | null = null;
  let askAgain: (() => void) | null = null;

  async function confirm(told: Knowledge): Promise<void> {
    // Every sibling answers: one answer is looked into at a time, the latest session first.
    unconfirmed = unconfirmed === null ? told : join(unconfirmed, told, isSpent);
    if (isConfirming) return;
    isConfirming = true;
    while (unconfirmed !== null) {
      const candidate: Knowledge = unconfirmed;
      unconfirmed = null;
      const known = getKnown();
      // Of a session that only a hint told of, the same hand may have made up both.
      if (isSameSession(known, candidate) && known?.hinted === false) {
        onConfirmed(candidate);
        continue;
      }
      try {
        const user = await call(async (given) => backend.fetchUser?.(candidate.token?.value ?? "", given));
        if (user?.id === candidate.identity?.subject) onConfirmed(candidate);
      } catch {
        // Out of reach. The siblings are asked again, not the server: by then they may know better.
        if (isListening()) {
          askAgain ??= clock.setTimer(() => {
            askAgain = null;
            ask();
          }, ASK_AGAIN_MS);
        }
      }
    }
    isConfirming = false;
  }

  return {
    confirm,
    stop() {
      askAgain?.();
      askAgain = null;
    },
  };
}
