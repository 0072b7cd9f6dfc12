import { useState } from "react";
import { useAuthEvent } from "stay-signed-in";
import { useTokenLife } from "./useTokenLife.ts";

/** A line below the header that runs out with the token, and is full again with the next one. */
export function TokenLine() {
  const life = useTokenLife();
  if (life === null) return <div className="token-line" />;
  return (
    <div className="token-line" aria-hidden="true">
      <svg viewBox={`0 0 ${life.lifetimeSeconds} 1`} preserveAspectRatio="none">
        <rect width={life.secondsLeft} height="1" />
      </svg>
    </div>
  );
}

/** The same in words. Not announced: a screen reader would speak once a second. */
export function TokenStatus() {
  const life = useTokenLife();
  const [renewals, setRenewals] = useState(0);
  useAuthEvent("refreshed", () => setRenewals((count) => count + 1));

  return (
    <section className="panel" aria-labelledby="token-title">
      <h2 id="token-title">Access token</h2>
      <p className="countdown" role="timer" aria-live="off">
        {life === null || life.secondsLeft === 0 ? (
          "None that is good now"
        ) : (
          <>
            <span className="countdown-number">{life.secondsLeft}</span> s left of {life.lifetimeSeconds}
          </>
        )}
      </p>
      <p className="hint">
        {renewals === 0 ? "Not renewed yet" : renewals === 1 ? "Renewed once" : `Renewed ${renewals} times`} since this
        page was opened. It is in this page's memory only.
      </p>
    </section>
  );
}
