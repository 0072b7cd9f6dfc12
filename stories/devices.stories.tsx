import { useMutation, useQuery } from "@tanstack/react-query";
import type { Meta, StoryObj } from "@storybook/react-vite";
import type { ReactElement } from "react";
import { expect, userEvent, waitFor } from "storybook/test";
import { RequireAuth } from "../src/react/RequireAuth.tsx";
import { useAuth } from "../src/react/useAuth.ts";
import { SessionCard } from "./SessionCard.tsx";
import { StoryApp } from "./StoryApp.tsx";
import { password, type StoryWorld } from "./storyWorld.ts";

const meta: Meta = { title: "Session/Devices" };
export default meta;

const ada = { username: "ada@example.org", password };

interface SessionRow {
  id: string;
  created_at: string;
  current: boolean;
}

function Devices({ world }: { world: StoryWorld }): ReactElement {
  const { getAccessToken } = useAuth();
  const call = async (path: string, method = "GET"): Promise<Response> =>
    world.fetch(`/v1/auth/sessions${path}`, { method, headers: { authorization: `Bearer ${await getAccessToken()}` } });
  const { data = [], refetch } = useQuery({
    queryKey: ["sessions"],
    queryFn: async () => (await (await call("")).json()) as SessionRow[],
  });
  const end = useMutation({ mutationFn: (id: string) => call(`/${id}`, "DELETE"), onSettled: () => refetch() });
  return (
    <section className="sheet" aria-label="Your devices">
      <h2>Your devices</h2>
      <ul className="list">
        {data.map((session) => (
          <li key={session.id}>
            <span>
              {session.current ? "This browser" : "Another browser"}
              <br />
              <span className="quiet">since {new Date(session.created_at).toLocaleTimeString("en-GB")}</span>
            </span>
            {!session.current && (
              <button className="plain" type="button" disabled={end.isPending} onClick={() => end.mutate(session.id)}>
                Sign out there
              </button>
            )}
          </li>
        ))}
      </ul>
      {data.length === 1 && <p className="quiet">You are signed in nowhere else.</p>}
    </section>
  );
}

const render = (others: number) => (): ReactElement => (
  <StoryApp
    prepare={async (world, auth) => {
      await world.addAccount(ada.username);
      for (let count = 0; count < others; count += 1) await world.openOtherBrowser().signIn(ada);
      await auth.signIn(ada);
    }}
  >
    {(world) => (
      <RequireAuth>
        <SessionCard title="Account" />
        <Devices world={world} />
      </RequireAuth>
    )}
  </StoryApp>
);

export const Several: StoryObj = {
  parameters: { watch: "One account in three browsers, and this one knows which it is." },
  render: render(2),
  play: async ({ canvas }) => {
    await expect(await canvas.findAllByRole("button", { name: /Sign out there/ })).toHaveLength(2);
    await expect(canvas.getByText("This browser")).toBeVisible();
  },
};

export const SignOutElsewhere: StoryObj = {
  parameters: { watch: "The other browser was signed out from here: it is gone from the list, and this one goes on." },
  render: render(1),
  play: async ({ canvas, step }) => {
    await canvas.findByText("Another browser");
    await step("sign the other browser out", async () =>
      userEvent.click(await canvas.findByRole("button", { name: /Sign out there/ })),
    );
    await waitFor(() => expect(canvas.queryByText("Another browser")).toBeNull());
    await expect(canvas.getByText("This browser")).toBeVisible();
    await expect(canvas.getByText("You are signed in nowhere else.")).toBeVisible();
  },
};
