import { type ReactElement, useState } from "react";
import type { AuthClient } from "../core/authClient.ts";
import { useAuth } from "../react/useAuth.ts";
import { useAuthClient } from "../react/useAuthClient.ts";
import type { Simulation } from "./useSimulation.ts";

/** What can be tried by hand. */
export function ActionsSection({ simulation }: { simulation: Simulation }): ReactElement {
  const client = useAuthClient();
  const isIn = useAuth((auth) => auth.status === "authenticated");
  const [outcome, setOutcome] = useState("");

  const run = (label: string, action: () => Promise<string | void>) => (): void => {
    setOutcome(`${label}…`);
    action().then(
      (said) => setOutcome(`${label}: ${said ?? "done"}`),
      (error: unknown) => setOutcome(`${label}: ${error instanceof Error ? error.message : "failed"}`),
    );
  };
  const toggleNetwork = async (): Promise<string | void> => {
    if (simulation.isOffline) return simulation.goOnline();
    simulation.goOffline();
    return "what this client sends fails from now on, in this tab";
  };

  const actions: readonly [label: string, title: string, action: () => Promise<string | void>, isAlways?: true][] = [
    ["Refresh now", "Asks the server for a new token", () => client.refresh()],
    ["Expire token", "As if the server refused it from now on, and a request came", () => expireToken(client)],
    [
      simulation.isOffline ? "Go online" : "Go offline",
      "Cuts this client's own requests off, in this tab alone",
      toggleNetwork,
      true,
    ],
    ["Expire session", "A refresh is answered as when a session has expired", () => simulation.endSession("expired")],
    ["Revoke session", "A refresh is answered as when a session was revoked", () => simulation.endSession("revoked")],
    ["Sign out here", "Ends this session, in all tabs", () => client.signOut()],
    ["Sign out everywhere", "Ends this user's other sessions as well", () => client.signOut({ everywhere: true })],
  ];

  return (
    <>
      <p className="stay-row">
        {actions.map(([label, title, action, isAlways = false]) => (
          <button key={label} type="button" title={title} disabled={!isIn && !isAlways} onClick={run(label, action)}>
            {label}
          </button>
        ))}
      </p>
      <p role="status" className="stay-quiet">
        {outcome}
      </p>
    </>
  );
}

async function expireToken(client: AuthClient): Promise<string> {
  const rejectedToken = client.accessToken.getState();
  const token = await client.getAccessToken(rejectedToken === null ? {} : { rejectedToken });
  return token === rejectedToken
    ? "left alone, since it has just come to replace another one"
    : "done, and a new one came";
}
