import { useQuery } from "@tanstack/react-query";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { type ReactElement, useMemo, useState } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { authorizeFetch } from "../src/adapters/authorizeFetch.ts";
import { isAuthError } from "../src/core/authError.ts";
import { useAuth } from "../src/react/useAuth.ts";
import { useAuthClient } from "../src/react/useAuthClient.ts";
import { useAuthEvent } from "../src/react/useAuthEvent.ts";
import { StoryApp } from "./StoryApp.tsx";
import { origin, password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Session/User switch" };
export default meta;

const people = ["Ada", "Grace"] as const;
type Person = (typeof people)[number];
type Names = Readonly<Record<string, Person>>;

const addressOf = (person: Person): string => `${person.toLowerCase()}@example.org`;

/** What one person sees and types. Keyed by the subject, as an app would: the next one gets a desk of their own. */
function Desk({ name, api }: { name: Person; api: typeof globalThis.fetch }): ReactElement {
  // Its key names nobody: bindQueryClient has emptied the cache before anybody else looks into it.
  const letters = useQuery({
    queryKey: ["letters"],
    queryFn: async () => (await (await api(`${origin}/api/letters`)).json()) as string[],
  });
  return (
    <section className="sheet" aria-label={`The desk of ${name}`}>
      <h2>The desk of {name}</h2>
      <dl className="facts">
        <dt>Letters</dt>
        <dd data-testid="letters">{letters.data?.join(", ") ?? "asking the server…"}</dd>
      </dl>
      <label>
        A draft
        <textarea className="draft" rows={2} />
      </label>
    </section>
  );
}

/** Answers come when the next person has sat down. */
function slowly(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const answer = await fetch(input, init);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return answer;
  };
}

function SharedComputer({ world, names }: { world: StoryWorld; names: Names }): ReactElement {
  const auth = useAuth();
  const client = useAuthClient();
  const api = useMemo(() => authorizeFetch(client, { fetch: world.fetch }), [client, world]);
  const slowApi = useMemo(() => authorizeFetch(client, { fetch: slowly(world.fetch) }), [client, world]);
  const [log, setLog] = useState<readonly string[]>([]);
  const note = (line: string): void => setLog((former) => [...former, line]);
  const nameOf = (subject: string | undefined): string => (subject === undefined ? "nobody" : (names[subject] ?? "?"));
  useAuthEvent("identityChanged", ({ identity, previousIdentity }) =>
    note(`identityChanged: ${nameOf(previousIdentity?.subject)} → ${nameOf(identity?.subject)}`),
  );
  const sitDown = (person: Person) => (): void => {
    const from = auth.status === "authenticated" ? nameOf(auth.identity.subject) : "nobody";
    // What one person has asked for, and the other must not see.
    void slowApi(`${origin}/api/letters`).then(
      () => note(`${person} sees the letters of ${from}`),
      (error: unknown) =>
        note(isAuthError(error, "identityChanged") ? `${from}’s letters were withheld from ${person}` : "It failed"),
    );
    void auth.signIn({ username: addressOf(person), password });
  };
  const name = auth.status === "authenticated" ? names[auth.identity.subject] : undefined;
  return (
    <div className="pair">
      <div>
        {auth.status === "authenticated" && name !== undefined && (
          <Desk key={auth.identity.subject} name={name} api={api} />
        )}
        <div className="buttons">
          {people.map((person) => (
            <button key={person} className="plain" type="button" disabled={person === name} onClick={sitDown(person)}>
              {person} sits down
            </button>
          ))}
        </div>
      </div>
      <section className="sheet" aria-label="What happened">
        <h2>What happened</h2>
        {log.length === 0 && <p className="quiet">Nothing yet.</p>}
        <ol className="list">
          {log.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ol>
      </section>
    </div>
  );
}

export const UserSwitch: StoryObj = {
  parameters: {
    watch:
      "Grace sat down while Ada’s letters were on their way. Her desk has letters of her own and an empty draft, and the answer to Ada was withheld from her.",
  },
  render: () => <SwitchStory />,
  play: async ({ canvas, step }) => {
    await step("Ada writes a draft", async () => {
      await userEvent.type(await canvas.findByLabelText("A draft"), "Dear Charles,");
      await waitFor(() => expect(canvas.getByTestId("letters")).toHaveTextContent("A letter to"));
    });
    const hers = canvas.getByTestId("letters").textContent;
    await step("Grace sits down", async () => {
      await userEvent.click(canvas.getByRole("button", { name: "Grace sits down" }));
      await expect(await canvas.findByText("The desk of Grace")).toBeVisible();
      await expect(canvas.getByLabelText("A draft")).toHaveValue("");
      await waitFor(() => expect(canvas.getByTestId("letters")).toHaveTextContent("A letter to"));
      await expect(canvas.getByTestId("letters").textContent).not.toBe(hers);
      await expect(await canvas.findByText("Ada’s letters were withheld from Grace")).toBeVisible();
      await expect(canvas.getByText("identityChanged: Ada → Grace")).toBeVisible();
    });
  },
};

function SwitchStory(): ReactElement {
  const [names, setNames] = useState<Names>({});
  return (
    <StoryApp
      prepare={async (world, auth) => {
        const known: Record<string, Person> = {};
        for (const person of [...people].reverse()) {
          await world.addAccount(addressOf(person));
          const entered = await auth.signIn({ username: addressOf(person), password });
          if ("subject" in entered) known[entered.subject] = person;
        }
        setNames(known);
      }}
    >
      {(world) => <SharedComputer world={world} names={names} />}
    </StoryApp>
  );
}
