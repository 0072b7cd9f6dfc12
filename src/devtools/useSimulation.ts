import { useEffect, useMemo, useState } from "react";
import type { AuthClient } from "../core/authClient.ts";

type Fetch = typeof globalThis.fetch;

export interface Simulation {
  readonly isOffline: boolean;
  /** From now on what the client sends fails as it does without a network. What the app itself sends is not touched. */
  goOffline(): void;
  /** Lets the client send again, and makes up for what it missed. */
  goOnline(): Promise<void>;
  /** Lets a refresh be answered as by a server that has ended the session. The session at the server lives on. */
  endSession(reason: "expired" | "revoked"): Promise<void>;
}

/** What cannot be waited for while developing, made to happen; undone when the devtools go. */
export function useSimulation(client: AuthClient): Simulation {
  const [isOffline, setIsOffline] = useState(false);
  const outage = useMemo(() => createOutage(client), [client]);
  useEffect(() => {
    return () => {
      outage.end();
      setIsOffline(false);
    };
  }, [outage]);

  return {
    isOffline,
    goOffline() {
      outage.begin();
      setIsOffline(true);
    },
    async goOnline() {
      outage.end();
      setIsOffline(false);
      const isWaiting = client.activity.getState().kind === "waiting" || client.getState().status === "loading";
      if (isWaiting) await client.refresh();
    },
    endSession: (reason) => answerOneRefresh(client, reason),
  };
}

function createOutage(client: AuthClient) {
  const { platform } = client.internals;
  let former: Fetch | null = null;
  return {
    begin() {
      former ??= platform.fetch;
      platform.fetch = () => Promise.reject(new TypeError("Offline, by the session devtools"));
    },
    end() {
      if (former !== null) platform.fetch = former;
      former = null;
    },
  };
}

async function answerOneRefresh(client: AuthClient, reason: "expired" | "revoked"): Promise<void> {
  const { platform } = client.internals;
  const former = platform.fetch;
  const answering: Fetch = async (input, init) => {
    // A refresh alone posts nothing; a sign-out that is still owed must not be taken for done.
    if (init?.method !== "POST" || init.body != null) return former(input, init);
    const body = JSON.stringify({ detail: `REFRESH_TOKEN_${reason.toUpperCase()}` });
    return new Response(body, { status: 401, headers: { "content-type": "application/json" } });
  };
  platform.fetch = answering;
  try {
    await client.refresh();
  } catch (error) {
    if (client.getState().status === "authenticated") throw error;
  } finally {
    if (platform.fetch === answering) platform.fetch = former;
  }
}
