import { useEffect, useState } from "react";
import type { AttemptRecord, AuthClient, PlannedRefresh } from "../core/authClient.ts";
import { refreshLockName } from "../core/refreshLock.ts";
import { presenceName } from "../core/tabs.ts";

export interface Inspection {
  /** Wall clock, milliseconds: when this was looked at. */
  readonly at: number;
  readonly planned: PlannedRefresh | null;
  readonly waitingCount: number;
  readonly backoff: AttemptRecord;
  /** How many other tabs there are; null where nobody can count them. */
  readonly siblings: number | null;
  /** Null where nobody can tell. */
  readonly isLockHeld: boolean | null;
}

/** What can only be asked for, asked again every `everyMs` while mounted. */
export function useInspection(client: AuthClient, everyMs: number): Inspection {
  const [inspection, setInspection] = useState(() => inspect(client, { siblings: null, isLockHeld: null }));
  useEffect(() => {
    let isGone = false;
    const look = async (): Promise<void> => {
      const { platform, namespace } = client.internals;
      const [siblings = null, isLockHeld = null] = await Promise.all([
        platform.lock?.countSiblings(presenceName(namespace)),
        platform.lock?.isHeld?.(refreshLockName(namespace)),
      ]);
      if (!isGone) setInspection(inspect(client, { siblings, isLockHeld }));
    };
    // A port may throw; what it last said then stays.
    const lookAgain = (): void => void look().catch(() => {});
    if (client.internals.platform.lock !== undefined) lookAgain();
    const timer = setInterval(lookAgain, everyMs);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [client, everyMs]);
  return inspection;
}

function inspect(client: AuthClient, shared: Pick<Inspection, "siblings" | "isLockHeld">): Inspection {
  const { internals } = client;
  return {
    at: internals.platform.clock.now(),
    planned: internals.planned(),
    waitingCount: internals.waitingCount(),
    backoff: internals.readBackoff(),
    ...shared,
  };
}
