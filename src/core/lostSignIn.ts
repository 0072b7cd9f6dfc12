import type { Parts } from "./parts.ts";
import type { SignOutQueue } from "./signOutQueue.ts";

/** S4: a sign-in whose answer got lost may have left its session in the jar, under a name that nobody knows. */
export interface LostSignIn {
  /** The answer to the sign-in of `epoch` did not come. */
  noticed(epoch: number): void;
  /** A later sign-in has taken its place. */
  replaced(): void;
  signedOut(): void;
}

export function createLostSignIn({ store }: Parts, queue: SignOutQueue): LostSignIn {
  let isThere = false;
  return {
    noticed(epoch) {
      const { leftAt, epoch: now } = store.getState();
      // What somebody has signed out of meanwhile is made up for at once.
      if (leftAt > epoch && leftAt === now) void queue.add(null, null, 1);
      else isThere = true;
    },
    replaced() {
      isThere = false;
    },
    signedOut() {
      if (isThere) void queue.add(null, null);
      isThere = false;
    },
  };
}
