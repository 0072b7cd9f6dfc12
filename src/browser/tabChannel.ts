import type { OpenTabChannel } from "../core/ports.ts";

/**
 * The channel between tabs on BroadcastChannel; undefined where there is none. In a frame with an opaque origin
 * (sandboxed, third-party with blocked storage) some browsers' constructor throws a SecurityError, and posting to a
 * closed channel throws everywhere: the caller guards each.
 */
export function createOpenTabChannel(): OpenTabChannel | undefined {
  if (typeof BroadcastChannel === "undefined") return undefined;
  return (name, onMessage) => {
    const channel = new BroadcastChannel(name);
    channel.onmessage = (event: MessageEvent<unknown>) => onMessage(event.data);
    return {
      post: (message) => channel.postMessage(message),
      close: () => channel.close(),
    };
  };
}
