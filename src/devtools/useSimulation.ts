import { useEffect, useState, useSyncExternalStore } from "react";
import type { AuthClient } from "../core/authClient.ts";
import { answerAsSomebodyElse, somebodyElse } from "./somebodyElse.ts";
import type { Conditions, Instrument } from "./createInstrument.ts";

export interface Simulation {
  readonly conditions: Conditions;
  readonly isSomebodyElse: boolean;
  /** What the client and the app's authorized requests send fails as it does without a network, in this tab. */
  goOffline(): void;
  /** Lets them send again, and makes up for what the client missed. */
  goOnline(): Promise<void>;
  /** Each answer takes so much longer; 0 for as long as it takes. */
  slowDown(delayMs: number): void;
  /** The next authorized request goes out with a token that the server refuses. */
  refuseNext(): void;
  /** Lets a refresh be answered as by a server that has ended the session. The session at the server lives on. */
  endSession(reason: "expired" | "revoked"): Promise<void>;
  /** Somebody whom no server knows is signed in, until {@link becomeYourself}. */
  becomeSomebodyElse(): Promise<void>;
  /** Asks the server who is signed in. */
  becomeYourself(): Promise<void>;
}

/** What cannot be waited for while developing, made to happen; undone when the devtools go. */
export function useSimulation(client: AuthClient, { conditions }: Instrument): Simulation {
  const current = useSyncExternalStore(conditions.subscribe, conditions.getState, conditions.getState);
  const [isSomebodyElse, setIsSomebodyElse] = useState(false);
  useEffect(
    () => client.on("identityChanged", ({ identity }) => setIsSomebodyElse(identity?.subject === somebodyElse)),
    [client],
  );
  const set = (change: Partial<Conditions>): void => conditions.assign({ ...conditions.getState(), ...change })();

  return {
    conditions: current,
    isSomebodyElse,
    goOffline: () => set({ isOffline: true }),
    async goOnline() {
      set({ isOffline: false });
      const isWaiting = client.activity.getState().kind === "waiting" || client.getState().status === "loading";
      if (isWaiting) await client.refresh();
    },
    slowDown: (delayMs) => set({ delayMs }),
    refuseNext: () => set({ isNextRefused: true }),
    async endSession(reason) {
      const answer = (_: unknown, init: RequestInit | undefined): Response | undefined => {
        // A refresh alone posts nothing; a sign-out that is still owed must not be taken for done.
        if (init?.method !== "POST" || init.body != null) return undefined;
        const body = JSON.stringify({ detail: `REFRESH_TOKEN_${reason.toUpperCase()}` });
        return new Response(body, { status: 401, headers: { "content-type": "application/json" } });
      };
      set({ answer });
      try {
        await client.refresh();
      } catch (error) {
        if (client.getState().status === "authenticated") throw error;
      } finally {
        set({ answer: null });
      }
    },
    async becomeSomebodyElse() {
      const answer = answerAsSomebodyElse(client.internals.platform.clock);
      set({ answer: answer.respond });
      await client.signInWith(() => Promise.resolve(answer.tokenAnswer()));
    },
    async becomeYourself() {
      set({ answer: null });
      await client.adopt();
    },
  };
}
