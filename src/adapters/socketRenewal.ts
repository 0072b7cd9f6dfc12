import type { Socket } from "socket.io-client";
import type { Clock } from "../core/ports.ts";

interface Answer {
  readonly ok?: unknown;
  readonly code?: unknown;
}

/**
 * Hands renewed tokens to the server over the open connection (`auth:renew`), one at a time. `onAccepted` when it takes one,
 * `onRefused` when it wants a new handshake: another session, say. A server that has no time now is asked once more; one that
 * does not answer within `timeoutMs` has no such event, and the connection simply goes on.
 */
export function createSocketRenewal(
  socket: Socket,
  clock: Pick<Clock, "setTimer">,
  timeoutMs: number,
  { onAccepted, onRefused }: { onAccepted: (token: string) => void; onRefused: () => void },
) {
  let latest = 0;
  let cancelTimer = () => {};
  const cancel = () => {
    latest++;
    cancelTimer();
  };

  const send = (token: string, isRepeated = false): void => {
    cancel();
    const mine = latest;
    cancelTimer = clock.setTimer(cancel, timeoutMs);
    // Past the queue of the option `retries`, which a server without this event would otherwise hold up.
    Object.assign((socket as unknown as { flags: object }).flags, { fromQueue: true });
    socket.emit("auth:renew", { token }, (...answers: (Answer | null | undefined)[]) => {
      if (mine !== latest) return;
      cancel();
      // With the option `ackTimeout` an error, or null, stands before the answer.
      const { ok, code } = answers.at(-1) ?? {};
      if (ok === true) onAccepted(token);
      else if (ok !== false) return;
      else if (!String(code).startsWith("TOKEN_") && !isRepeated)
        cancelTimer = clock.setTimer(() => send(token, true), timeoutMs);
      else onRefused();
    });
  };
  return { send: (token: string) => send(token), cancel };
}
