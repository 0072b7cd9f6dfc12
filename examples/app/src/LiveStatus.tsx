import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { socket } from "./socket.ts";

/** Whether a change made in another browser arrives here by itself. */
export function LiveStatus() {
  const isConnected = useSyncExternalStore(subscribeToSocket, readSocket);
  return (
    <section className="panel" aria-labelledby="live-title">
      <h2 id="live-title">Live connection</h2>
      <p className="live" data-connected={isConnected} role="status">
        {isConnected ? "Connected as you" : "Not connected; it comes back by itself"}
      </p>
      <p className="hint">
        A note that you change in another browser appears here at once. The connection outlives its tokens, and ends
        with your session.
      </p>
    </section>
  );
}

function subscribeToSocket(listener: () => void): () => void {
  socket.on("connect", listener).on("disconnect", listener);
  const stopWatching = onlineManager.subscribe(listener);
  return () => {
    socket.off("connect", listener).off("disconnect", listener);
    stopWatching();
  };
}

/** Without a network a socket goes on being connected until a ping has been missed. */
const readSocket = (): boolean => socket.connected && onlineManager.isOnline();
