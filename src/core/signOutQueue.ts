import type { Backend } from "./backend.ts";
import { isSameSession, type SessionName } from "./knowledge.ts";
import type { Platform } from "./ports.ts";
import { withinTime } from "./timers.ts";

interface Owed {
  readonly session: SessionName | null;
  readonly token: string | null;
  failures: number;
  sending: Promise<boolean> | null;
}

export interface SignOutQueue {
  /** Tells the server now, and again later until it has heard. Resolves to whether it has heard this time. */
  add(session: SessionName | null, token: string | null): Promise<boolean>;
  /** Tries what is owed at once: the server may be within reach again. */
  payNow(): Promise<boolean>;
  isOwing(): boolean;
  dispose(): void;
}

/** Sign-outs that the server has not confirmed: owed until it has, so that dead Wi-Fi undoes none of them. */
export function createSignOutQueue({
  platform,
  backend,
  requestTimeoutMs,
  isSuperseded,
  onConfirmed,
}: {
  readonly platform: Platform;
  readonly backend: Backend;
  readonly requestTimeoutMs: number;
  /** A sign-out that names no session may end none that began since. */
  readonly isSuperseded: (session: SessionName | null) => boolean;
  readonly onConfirmed: (session: SessionName | null) => void;
}): SignOutQueue {
  const { clock } = platform;
  const queue: Owed[] = [];
  let cancelRetry: (() => void) | null = null;
  let isDisposed = false;

  function settle(owed: Owed): true {
    queue.splice(queue.indexOf(owed), 1);
    onConfirmed(owed.session);
    return true;
  }

  function send(owed: Owed): Promise<boolean> {
    if (owed.failures > 0 && isSuperseded(owed.session)) return Promise.resolve(settle(owed));
    owed.sending ??= withinTime(clock, requestTimeoutMs, async (signal) =>
      backend.signOut?.(owed.session, owed.token, { fetch: platform.fetch, signal }),
    )
      .then(
        () => settle(owed),
        () => {
          owed.failures += 1;
          armRetry();
          return false;
        },
      )
      .finally(() => {
        owed.sending = null;
      });
    return owed.sending;
  }

  function armRetry(): void {
    if (cancelRetry !== null || isDisposed) return;
    const failures = Math.min(...queue.map((owed) => owed.failures));
    const delayMs = Math.min(60_000, 1_000 * 2 ** Math.min(failures, 6)) * (1 + platform.random() * 0.5);
    cancelRetry = clock.setTimer(() => {
      cancelRetry = null;
      void payNow();
    }, delayMs);
  }

  async function payNow(): Promise<boolean> {
    if (isDisposed) return false;
    const paid = await Promise.all(queue.map(send));
    return paid.every(Boolean);
  }

  return {
    add(session, token) {
      const same = queue.find((owed) => owed.session === session || isSameSession(owed.session, session));
      if (same !== undefined) return send(same);
      const owed: Owed = { session, token, failures: 0, sending: null };
      queue.push(owed);
      return send(owed);
    },
    payNow,
    isOwing: () => queue.length > 0,
    dispose() {
      isDisposed = true;
      cancelRetry?.();
      cancelRetry = null;
    },
  };
}
