import { useEffect, useState } from "react";
import { useAuthClient } from "../react/useAuthClient.ts";

/** The wall clock of the client in milliseconds, told again every `everyMs` while mounted. */
export function useNow(everyMs: number): number {
  const { clock } = useAuthClient().internals.platform;
  const [now, setNow] = useState(() => clock.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), everyMs);
    return () => clearInterval(timer);
  }, [clock, everyMs]);
  return now;
}
