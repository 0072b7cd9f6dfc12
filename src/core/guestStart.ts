import { isAuthError } from "./authError.ts";
import type { Parts } from "./parts.ts";
import { isOpen } from "./session.ts";
import { shareWork } from "./wait.ts";

/** How often it begins anew for people who sign out while it is under way. */
const MOST_ROUNDS = 6;

export interface GuestStart {
  run(): Promise<void>;
  isRunning(): boolean;
  /** One got no answer: it is made up for when the page wakes up. */
  isDue(): boolean;
  /** Somebody is in: nothing is made up for, since nobody becomes a guest by the end of a user's session. */
  forget(): void;
}

/** Makes a guest of a visitor who has no session, unasked. Gives way to whoever signs in by hand. */
export function createGuestStart({ signing, store, waits }: Parts): GuestStart {
  let isDue = false;

  const starting = shareWork(async () => {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      await signing.settled();
      if (isOpen(store.getState().session) || waits.isDisposed()) return;
      const error = await signing.signInAsGuest().then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error === null) return;
      if (!isAuthError(error, "superseded")) break;
    }
    isDue = true;
    store.dispatch({ type: "guestUnanswered" });
  });

  return {
    run: starting.run,
    isRunning: starting.isRunning,
    isDue: () => isDue,
    forget() {
      isDue = false;
    },
  };
}
