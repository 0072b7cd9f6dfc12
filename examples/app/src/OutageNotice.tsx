import { useAuth } from "stay-signed-in";

/** An outage ends no session; the page says so and goes on. */
export function OutageNotice() {
  const isWaiting = useAuth((auth) => auth.activity.kind === "waiting");
  return (
    <div role="status">
      {isWaiting && <p className="outage">The server cannot be reached. You are still signed in; trying again soon.</p>}
    </div>
  );
}
