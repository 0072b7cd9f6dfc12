import type { Socket } from "socket.io-client";

type Ack = ((error: Error) => void) & { withError?: boolean };

/** What Socket.IO keeps of a socket besides its public buffers; read with care, since any version may rename it. */
interface SocketInternals {
  acks?: Record<string, Ack>;
  _queue?: { tryCount: number; args: unknown[] }[];
  _pid?: string | undefined;
  _lastOffset?: string | undefined;
}

/**
 * Forgets what a disconnected socket would send or deliver after its next connect, so that it does not happen as somebody else:
 * buffered packets, queued retries, and the ticket of connection state recovery. Whoever awaits one of them gets `error`.
 */
export function dropBuffered(socket: Socket, error: Error): void {
  const internals = socket as unknown as SocketInternals;
  internals._pid = undefined;
  internals._lastOffset = undefined;
  socket.receiveBuffer.splice(0);
  for (const { id } of socket.sendBuffer.splice(0)) {
    const ack = id === undefined ? undefined : internals.acks?.[id];
    if (ack && internals.acks) {
      delete internals.acks[String(id)];
      if (ack.withError) ack.call(socket, error);
    }
  }
  const queue = internals._queue ?? [];
  while (queue[0]) {
    const [packet] = queue;
    const settle = packet.args.at(-1);
    packet.tryCount = Number.POSITIVE_INFINITY;
    if (typeof settle === "function") settle(error);
    if (queue[0] === packet) queue.shift();
  }
}
