import { useState } from "react";
import { useAuth } from "stay-signed-in";

/** An outage ends no session; the page says so and goes on. */
export function OutageNotice() {
  const kind = useAuth((auth) => auth.activity.kind);
  const [isOut, setIsOut] = useState(false);
  // An attempt in between changes nothing; only one that succeeds does.
  if (kind === "waiting" && !isOut) setIsOut(true);
  if (kind === "idle" && isOut) setIsOut(false);

  return (
    <div role="status">
      {isOut && <p className="outage">The server cannot be reached. You are still signed in; trying again soon.</p>}
    </div>
  );
}
