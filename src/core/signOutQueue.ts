import type { Parts } from "./parts.ts";
import { isOpen, isSameSession, type SessionName } from "./session.ts";
import { withinTime } from "./wait.ts";

interface PendingSignOut {
  readonly session: SessionName | null;
  readonly token: string | null;
  failures: number;
  sending: Promise<boolean> | null;
}

export interface SignOutQueue {
  /**
   * Tells the server now, and again later until it has heard. Resolves to whether it has heard this time. `failures`: 1 for one
   * that makes up for a sign-out of before.
   */
  add(session: SessionName | null, token: string | null, failures?: number): Promise<boolean>;
  /** Tries all that is pending at once, since the server may be within reach again; resolves to whether none is left. */
  flush(): Promise<boolean>;
  /** Waits for what is being sent already. */
  settled(): Promise<boolean>;
  dispose(): void;
}

/** Sign-outs that the server has not confirmed: pending until it has, so that dead Wi-Fi undoes none of them (S5). */
export function createSignOutQueue(parts: Parts): SignOutQueue {
  const { clock, random } = parts.platform;
  const queue = new Set<PendingSignOut>();
  let cancelRetry: (() => void) | null = null;
  let isDisposed = false;

  function settle(pending: PendingSignOut, ended: SessionName | null = null): true {
    // A second answer to the same one settles nothing that came after it.
    if (queue.delete(pending)) {
      const session = pending.session ?? { number: 0, id: "" };
      parts.store.dispatch({ type: "signOutConfirmed", session, ended });
      parts.record.signOutConfirmed(session);
    }
    return true;
  }

  /** A sign-out that names no session may end none that began since; a record that is in question itself tells of none. */
  function isSuperseded({ session: named, failures }: PendingSignOut): boolean {
    if (failures === 0 || named !== null) return false;
    const { session, unverified } = parts.store.getState();
    const written = parts.record.readSession();
    return isOpen(session) || (written?.end === "open" && !isSameSession(written, unverified));
  }

  function send(pending: PendingSignOut): Promise<boolean> {
    if (isSuperseded(pending)) return Promise.resolve(settle(pending));
    pending.sending ??= withinTime(clock, parts.options.requestTimeoutMs, async (signal) =>
      parts.backend.signOut?.(pending.session, pending.token, { fetch: parts.platform.fetch, signal }),
    )
      .then(
        (ended) => settle(pending, pending.session === null && ended && ended.number > 0 ? ended : null),
        () => {
          pending.failures += 1;
          armRetry();
          return false;
        },
      )
      .finally(() => {
        pending.sending = null;
      });
    return pending.sending;
  }

  function armRetry(): void {
    if (cancelRetry !== null || isDisposed) return;
    const failures = Math.min(...[...queue].map((pending) => pending.failures));
    const delayMs = Math.min(60_000, 1_000 * 2 ** Math.min(failures, 6)) * (1 + random() * 0.5);
    cancelRetry = clock.setTimer(() => {
      cancelRetry = null;
      void flush();
    }, delayMs);
  }

  async function flush(): Promise<boolean> {
    if (isDisposed) return false;
    await Promise.all([...queue].map(send));
    return queue.size === 0;
  }

  return {
    add(session, token, failures = 0) {
      const same = [...queue].find(
        (pending) =>
          (pending.session === session || isSameSession(pending.session, session)) &&
          // What is under way may have arrived too early for what another one makes up for.
          (failures === 0 || pending.sending === null),
      );
      const pending = same ?? { session, token, failures, sending: null };
      queue.add(pending);
      return send(pending);
    },
    flush,
    async settled() {
      await Promise.all([...queue].map(async ({ sending }) => sending));
      return queue.size === 0;
    },
    dispose() {
      isDisposed = true;
      cancelRetry?.();
      cancelRetry = null;
    },
  };
}
