import { type ReactElement, useState } from "react";
import type { AuthClient } from "../core/authClient.ts";
import { useAuth } from "../react/useAuth.ts";
import type { Devtools } from "./useDevtools.ts";
import type { Simulation } from "./useSimulation.ts";

interface Action {
  readonly label: string;
  readonly title: string;
  readonly run: () => Promise<string | void>;
  /** Whether it is there with nobody signed in, too. */
  readonly isAlways?: true;
}

/** What can be tried by hand. */
export function TrySection({ client, simulation }: Devtools): ReactElement {
  const isIn = useAuth((auth) => auth.status === "authenticated");
  const [outcome, setOutcome] = useState("");

  const press =
    ({ label, run }: Action) =>
    (): void => {
      setOutcome(`${label}…`);
      run().then(
        (said) => setOutcome(`${label}: ${said ?? "done"}`),
        (error: unknown) => setOutcome(`${label}: ${error instanceof Error ? error.message : "failed"}`),
      );
    };
  return (
    <>
      {[networkActions(simulation), sessionActions(client, simulation)].map((actions, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- two rows that stay where they are
        <p key={index} className="stay-row">
          {actions.map((action) => (
            <button
              key={action.label}
              type="button"
              title={action.title}
              disabled={!isIn && action.isAlways !== true}
              onClick={press(action)}
            >
              {action.label}
            </button>
          ))}
        </p>
      ))}
      <p role="status" className="stay-quiet">
        {outcome}
      </p>
    </>
  );
}

const slowMs = 3_000;

function networkActions(simulation: Simulation): readonly Action[] {
  const { isOffline, delayMs } = simulation.conditions;
  return [
    {
      label: isOffline ? "Go online" : "Go offline",
      title: "Cuts off the client and the app's authorized requests, in this tab alone",
      isAlways: true,
      async run() {
        if (isOffline) return simulation.goOnline();
        simulation.goOffline();
        return "what this client and the app's authorized requests send fails from now on, in this tab";
      },
    },
    {
      label: delayMs > 0 ? "Usual server" : "Slow server",
      title: "Each answer to the client and to the app's authorized requests takes 3 s more, in this tab alone",
      isAlways: true,
      async run() {
        simulation.slowDown(delayMs > 0 ? 0 : slowMs);
        return delayMs > 0 ? "answers take what they take" : "each answer takes 3 s more from now on, in this tab";
      },
    },
    {
      label: "Refuse next request",
      title:
        "The next authorized request goes out with a token that the server refuses: watch it being renewed and resent",
      async run() {
        simulation.refuseNext();
        return "the app's next authorized request is refused by the server once";
      },
    },
  ];
}

function sessionActions(client: AuthClient, simulation: Simulation): readonly Action[] {
  return [
    { label: "Refresh now", title: "Asks the server for a new token", run: () => client.refresh() },
    {
      label: "Expire token",
      title: "As if the server refused it from now on, and a request came",
      run: () => expireToken(client),
    },
    {
      label: "Expire session",
      title: "A refresh is answered as when a session has expired",
      run: () => simulation.endSession("expired"),
    },
    {
      label: "Revoke session",
      title: "A refresh is answered as when a session was revoked; the server's lives on, and a reload brings it back",
      run: () => simulation.endSession("revoked"),
    },
    simulation.isSomebodyElse
      ? {
          label: "Be yourself again",
          title: "Asks the server who is signed in",
          run: () => simulation.becomeYourself(),
        }
      : {
          label: "Somebody else",
          title: "Another subject is signed in, whom no server knows: what does the page still show of the former one?",
          run: () => simulation.becomeSomebodyElse(),
        },
    { label: "Sign out here", title: "Ends this session, in all tabs", run: () => client.signOut() },
    {
      label: "Sign out everywhere",
      title: "Ends this user's other sessions as well",
      run: () => client.signOut({ everywhere: true }),
    },
  ];
}

async function expireToken(client: AuthClient): Promise<string> {
  const rejectedToken = client.accessToken.getState();
  const token = await client.getAccessToken(rejectedToken === null ? {} : { rejectedToken });
  return token === rejectedToken
    ? "left alone, since it has just come to replace another one"
    : "done, and a new one came";
}
