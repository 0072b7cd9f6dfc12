import { useMemo, useSyncExternalStore } from "react";
import { useAccessToken } from "stay-signed-in";

export interface TokenLife {
  secondsLeft: number;
  lifetimeSeconds: number;
}

/** How long the access token in use is good for, to the second. Only a demonstration needs this. */
export function useTokenLife(): TokenLife | null {
  const token = useAccessToken();
  const times = useMemo(() => (token === null ? null : readTimes(token)), [token]);
  const now = useSyncExternalStore(subscribeToTicks, readTicks);

  if (times === null) return null;
  const lifetimeSeconds = times.exp - times.iat;
  const secondsLeft = Math.ceil(times.exp - now / 1_000);
  return { secondsLeft: Math.min(Math.max(secondsLeft, 0), lifetimeSeconds), lifetimeSeconds };
}

// Often enough that no second is shown much too long, or skipped.
const TICK_MS = 100;

function subscribeToTicks(listener: () => void): () => void {
  const timer = setInterval(listener, TICK_MS);
  return () => clearInterval(timer);
}

function readTicks(): number {
  return Math.floor(Date.now() / TICK_MS) * TICK_MS;
}

function readTimes(token: string): { exp: number; iat: number } | null {
  try {
    const payload: unknown = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    if (typeof payload !== "object" || payload === null || !("exp" in payload) || !("iat" in payload)) return null;
    const { exp, iat } = payload;
    return typeof exp === "number" && typeof iat === "number" ? { exp, iat } : null;
  } catch {
    return null;
  }
}
