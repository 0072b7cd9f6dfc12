import { onlineManager } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { useAuth } from "stay-signed-in";

/** An outage ends no session; the page says so and goes on. */
export function OutageNotice() {
  const kind = useAuth((auth) => auth.activity.kind);
  const isOnline = useSyncExternalStore(subscribeToNetwork, readNetwork);
  const [isOut, setIsOut] = useState(false);
  // An attempt in between changes nothing; only one that succeeds does.
  if (kind === "waiting" && !isOut) setIsOut(true);
  if (kind === "idle" && isOut) setIsOut(false);

  return (
    <div role="status">
      {!isOnline ? (
        <p className="outage">You are offline, and still signed in. What you save is sent when the network is back.</p>
      ) : (
        isOut && <p className="outage">The server cannot be reached. You are still signed in; trying again soon.</p>
      )}
    </div>
  );
}

const subscribeToNetwork = (listener: () => void): (() => void) => onlineManager.subscribe(listener);
const readNetwork = (): boolean => onlineManager.isOnline();
