import { useMemo, useSyncExternalStore } from "react";
import { useAccessToken } from "stay-signed-in";

export interface TokenLife {
  secondsLeft: number;
  lifetimeSeconds: number;
}

/** How long the access token in use is good for, once a second. Only a demonstration needs this. */
export function useTokenLife(): TokenLife | null {
  const token = useAccessToken();
  const times = useMemo(() => (token === null ? null : readTimes(token)), [token]);
  const now = useSyncExternalStore(subscribeToSeconds, readSeconds);

  if (times === null) return null;
  const lifetimeSeconds = times.exp - times.iat;
  const secondsLeft = times.exp - now;
  return { secondsLeft: Math.min(Math.max(secondsLeft, 0), lifetimeSeconds), lifetimeSeconds };
}

function subscribeToSeconds(listener: () => void): () => void {
  const timer = setInterval(listener, 250);
  return () => clearInterval(timer);
}

function readSeconds(): number {
  return Math.round(Date.now() / 1_000);
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
