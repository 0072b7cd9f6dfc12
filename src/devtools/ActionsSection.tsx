import { type ReactElement, useState } from "react";
import { useAuth } from "../react/useAuth.ts";
import { useAuthClient } from "../react/useAuthClient.ts";

/** What can be tried by hand. */
export function ActionsSection(): ReactElement {
  const client = useAuthClient();
  const isIn = useAuth((auth) => auth.status === "authenticated");
  const [outcome, setOutcome] = useState("");

  const run = (label: string, action: () => Promise<unknown>) => (): void => {
    setOutcome(`${label}…`);
    action().then(
      () => setOutcome(`${label}: done`),
      (error: unknown) => setOutcome(`${label}: ${error instanceof Error ? error.message : "failed"}`),
    );
  };
  const refuseToken = async (): Promise<void> => {
    const rejectedToken = client.accessToken.getState();
    await client.getAccessToken(rejectedToken === null ? {} : { rejectedToken });
  };

  return (
    <>
      <p className="row">
        <button type="button" disabled={!isIn} onClick={run("Refresh", () => client.refresh())}>
          Refresh now
        </button>
        <button
          type="button"
          disabled={!isIn}
          onClick={run("Refuse token", refuseToken)}
          title="As a server's 401 would"
        >
          Refuse token
        </button>
        <button type="button" disabled={!isIn} onClick={run("Sign out", () => client.signOut())}>
          Sign out here
        </button>
        <button type="button" disabled={!isIn} onClick={run("Sign out", () => client.signOut({ everywhere: true }))}>
          Sign out everywhere
        </button>
      </p>
      <p role="status" className="quiet">
        {outcome}
      </p>
    </>
  );
}
