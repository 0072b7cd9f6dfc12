import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { AuthClient, Readable } from "../core/authClient.ts";
import { useAuthClient } from "../react/useAuthClient.ts";
import { type AuthHistory, createAuthHistory } from "./authHistory.ts";
import { createInstrument } from "./createInstrument.ts";
import type { RequestEntry } from "./requestLog.ts";
import { type Board, createTabBoard } from "./tabBoard.ts";
import { type Simulation, useSimulation } from "./useSimulation.ts";

/** All that the devtools know and can do, for as long as they are on the page, open or not. */
export interface Devtools {
  readonly client: AuthClient;
  readonly history: AuthHistory;
  readonly board: Board;
  readonly requests: readonly RequestEntry[];
  readonly simulation: Simulation;
  clear(): void;
}

export function useDevtools(): Devtools {
  const client = useAuthClient();
  const { instrument, history, board } = useMemo(() => {
    const instrument = createInstrument(client);
    const history = createAuthHistory(client, instrument.waitsSince);
    return { instrument, history, board: createTabBoard(client, history) };
  }, [client]);
  useEffect(() => {
    const undo = [instrument.attach(), board.attach()];
    return () => undo.forEach((step) => step());
  }, [instrument, board]);

  return {
    client,
    history: useSyncExternalStore(history.subscribe, history.getHistory, history.getHistory),
    board: useReadable(board),
    requests: useReadable(instrument.requests),
    simulation: useSimulation(client, instrument),
    clear() {
      history.clear();
      board.clear();
      instrument.requests.clear();
    },
  };
}

function useReadable<T>({ subscribe, getState }: Readable<T>): T {
  return useSyncExternalStore(subscribe, getState, getState);
}
